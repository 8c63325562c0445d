package cdecl

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// structPragma reports whether a #pragma of this name changes how structs are
// laid out.
func structPragma(name string) bool {
	return name == "pack" || name == "ms_struct" || name == "scalar_storage_order"
}

// A pragmaState is what pragmas have set from pos on.
type pragmaState struct {
	pos     int
	pack    uint64
	dialect dtype.Dialect
	endian  dtype.Endian
}

// pragmas are the state and the stack of #pragma pack(push).
type pragmas struct {
	pragmaState
	stack []packed
}

type packed struct {
	name string
	pack uint64
}

// state is what pragmas have set at a place.
func (l *lifted) state(pos int) pragmaState {
	i := sort.Search(len(l.states), func(i int) bool { return l.states[i].pos > pos })
	if i == 0 {
		return pragmaState{}
	}
	return l.states[i-1]
}

// pragmaOperator obeys the operator whose operand is the tokens from i to end:
// a string for _Pragma, plain tokens for __pragma. A directive has become plain
// tokens, in which macros are replaced, and a string of it as it was.
func (l *lifter) pragmaOperator(i, end int) error {
	if i == end {
		return nil
	}
	pos := l.all[i].pos
	last := end - 1
	var written []string
	if l.all[last].kind == lexString {
		s, err := unquote(l.text[l.all[last].pos:l.all[last].end])
		if err != nil {
			return l.errorAt(pos, nil, "%v", err)
		}
		lex := lexer{src: []byte(s)}
		for t := lex.next(); t.kind != lexEOF; t = lex.next() {
			written = append(written, lex.text(t))
		}
		end = last
	}
	var words []string
	for _, t := range l.all[i:end] {
		words = append(words, string(l.text[t.pos:t.end]))
	}
	if len(words) == 0 {
		words = written
	}
	if len(words) == 0 || !structPragma(words[0]) {
		return nil
	}
	next := l.prag.clone()
	why := next.obey(words)
	if written != nil && !slices.Equal(words, written) && words[0] == "pack" && !l.macrosInPack() {
		gcc := l.prag.clone()
		gcc.obey(written) // what it does not know, gcc ignores
		if !l.microsoft() && gcc.pack != next.pack {
			return l.errorAt(pos, nil, "#pragma pack with a macro: clang replaces it, gcc ignores the pragma")
		}
		next, why = gcc, ""
	}
	if why != "" {
		return l.errorAt(pos, nil, "#pragma %s: %s", words[0], why)
	}
	l.prag = next
	l.prag.pos = pos
	l.states = append(l.states, l.prag.pragmaState)
	return nil
}

// macrosInPack reports whether all compilers of the ABI replace macros in
// #pragma pack.
func (l *lifter) macrosInPack() bool {
	return !strings.HasPrefix(l.abi.Name(), "linux-") && !strings.HasPrefix(l.abi.Name(), "mingw-")
}

func (p pragmas) clone() pragmas {
	p.stack = slices.Clone(p.stack)
	return p
}

// obey applies one pragma, or says why it cannot.
func (p *pragmas) obey(words []string) string {
	args := slices.DeleteFunc(slices.Clone(words[1:]), func(s string) bool { return s == "(" || s == ")" || s == "," })
	switch words[0] {
	case "pack":
		return p.packArgs(args)
	case "ms_struct":
		p.dialect = dtype.NativeDialect
		if slices.Contains(args, "on") {
			p.dialect = dtype.MSDialect
		}
	case "scalar_storage_order":
		p.endian = dtype.NativeEndian
		switch {
		case slices.Contains(args, "big"):
			p.endian = dtype.BigEndian
		case slices.Contains(args, "little"):
			p.endian = dtype.LittleEndian
		}
	}
	return ""
}

// packArgs are the forms of gcc, clang and Microsoft: pack(), pack(n),
// pack(push), pack(push, n), pack(push, name, n), pack(pop), pack(pop, name)
// and pack(show).
func (p *pragmas) packArgs(args []string) string {
	verb := ""
	if len(args) > 0 && (args[0] == "push" || args[0] == "pop" || args[0] == "show") {
		verb, args = args[0], args[1:]
	}
	name := ""
	var set []uint64
	for _, a := range args {
		if isDigit(a[0]) {
			n, err := strconv.ParseUint(a, 0, 8)
			if err != nil || n > 16 || n&(n-1) != 0 {
				return a + " is none of 1, 2, 4, 8, 16"
			}
			set = append(set, n)
		} else if isIdentStart(a[0]) && name == "" && verb != "" {
			name = a
		} else {
			return strconv.Quote(a) + " is no alignment"
		}
	}
	if len(set) > 1 {
		return "two alignments"
	}
	switch verb {
	case "show":
		return ""
	case "push":
		if len(p.stack) >= 10000 {
			return "pushed 10000 times"
		}
		p.stack = append(p.stack, packed{name, p.pack})
	case "pop":
		p.pop(name)
		if len(set) == 0 {
			return ""
		}
	case "":
		if len(set) == 0 {
			set = []uint64{0}
		}
	}
	if len(set) == 1 {
		p.pack = set[0]
	}
	return ""
}

// pop goes back to the push of that name, or to the last one. A pop without a
// push does nothing, as in the compilers.
func (p *pragmas) pop(name string) {
	i := len(p.stack) - 1
	for name != "" && i >= 0 && p.stack[i].name != name {
		i--
	}
	if i >= 0 {
		p.pack = p.stack[i].pack
		p.stack = p.stack[:i]
	}
}
