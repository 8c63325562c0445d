package cdecl

import (
	"errors"
	"fmt"
	"strings"
)

// ErrLimit: the text nests, includes or expands beyond what is read.
var ErrLimit = errors.New("declarations exceed a limit")

// An Error is a mistake in C text, or a name that it does not declare.
type Error struct {
	File string // "<decl>" for text without a name; empty for a failed look-up
	Line int    // counted from 1
	Col  int    // counted from 1, in bytes; 0 if unknown
	Text string // the line of C
	Msg  string
	Err  error // what is behind it, or nil
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("cdecl: ")
	if e.File != "" {
		fmt.Fprintf(&b, "%s:%d:", e.File, e.Line)
		if e.Col > 0 {
			fmt.Fprintf(&b, "%d:", e.Col)
		}
		b.WriteString(" ")
	}
	b.WriteString(e.Msg)
	if e.Err != nil {
		if e.Msg != "" {
			b.WriteString(": ")
		}
		b.WriteString(e.Err.Error())
	}
	if e.Text != "" {
		b.WriteString("\n\t" + strings.ReplaceAll(e.Text, "\t", " "))
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }
