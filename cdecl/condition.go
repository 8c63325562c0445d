package cdecl

import (
	"bytes"
	"fmt"
	"math/rand/v2"
)

// probedPragma stands between a probe and its #if.
const probedPragma = "wasmffi_probed"

// A probeName is the word before and, with "_end", after a condition that is
// text. It is chosen at random for each parse, so that the text cannot have it.
type probeName string

func newProbeName() probeName { return probeName(fmt.Sprintf("wasmffi_probe_%x", rand.Uint64())) }

func (n probeName) end() string { return string(n) + "_end" }

// probe puts the condition of an #if before it as text. The preprocessor
// evaluates conditions recursively, which macros that expand to enough
// parentheses turn into a fatal overflow of the stack; as text it only expands
// them, and whoever reads the text can stop it in time.
func (p *preparer) probe(cond lexer) {
	if !expands(cond) {
		return
	}
	var b bytes.Buffer
	b.WriteString(string(p.probeName))
	operand := false
	for t := cond.next(); t.kind != lexEOF; t = cond.next() {
		word := cond.text(t)
		if t.kind != lexIdent || !operand {
			b.WriteString(" " + word)
		}
		operand = word == "defined" || operand && t.kind != lexIdent
	}
	b.WriteString(" " + p.end())
	p.add(b.String())
	p.add("#pragma " + probedPragma)
}

// expands reports whether a condition has macros but for operands of defined.
func expands(cond lexer) bool {
	operand := false
	for t := cond.next(); t.kind != lexEOF; t = cond.next() {
		switch {
		case t.kind == lexIdent && cond.text(t) == "defined":
			operand = true
		case t.kind == lexIdent && !operand:
			return true
		case t.kind == lexIdent:
			operand = false
		}
	}
	return false
}

// A prober follows the probes through the preprocessor's output.
type prober struct {
	tokens int  // of the probe so far, 0 outside of one
	depth  int  // of its parentheses
	passed bool // the probe of the next #if has ended
}

// probe drops the tokens of a condition that is about to be evaluated.
func (e *expansion) probe(token string) {
	e.tokens++
	switch token {
	case string(e.files.probe):
		e.depth = 0
	case e.files.probe.end():
		e.tokens, e.passed = 0, true
	case "(":
		e.depth++
	case ")":
		e.depth--
	}
	if e.depth > maxNesting || e.tokens > maxRun {
		e.stop("condition expands too far")
	}
}

// probed is called before an #if is evaluated. If its probe did not come by,
// it is part of a macro's arguments, where C has no meaning for directives.
func (e *expansion) probed() {
	if !e.passed {
		e.stop("#if among the arguments of a macro")
	}
	e.passed = false
}

// stop ends the run at the line that was read last.
func (e *expansion) stop(msg string) {
	err := &Error{Msg: msg, Err: ErrLimit}
	if n := len(e.marks); n > 0 {
		m := e.marks[n-1]
		err.File, err.Line, err.Text = m.file.path, m.line, window(m.file.lineText(m.line), 0)
	}
	panic(stop{err})
}
