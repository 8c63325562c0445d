package dtype

import (
	"errors"
	"strings"
)

// Sentinels wrapped by [Error].
var (
	// ErrInvalid: C has no such type (an array of functions, two members of
	// one name, a negative width).
	ErrInvalid = errors.New("invalid type")
	// ErrIncomplete: a size was asked of a type without one (void, a function,
	// a struct that is only declared).
	ErrIncomplete = errors.New("incomplete type")
	// ErrOverflow: the size exceeds what the ABI's pointers can address.
	ErrOverflow = errors.New("type too large")
	// ErrNotSupported: the type exists in C but not on this ABI, or not here.
	ErrNotSupported = errors.New("not supported")
	// ErrMismatch: a Go type and a C type do not describe the same bytes.
	ErrMismatch = errors.New("go and C types differ")
	// ErrNoMember: a path names a member or element that is not there.
	ErrNoMember = errors.New("no such member")
)

// An Error says what was wrong with a type.
type Error struct {
	Op   string // what was attempted: "layout", "path", "go type" …
	Path string // the member or Go type, in C syntax where there is one; may be empty
	Type Type   // the type at fault; may be nil
	Err  error
}

func (e *Error) Error() string { return "dtype: " + e.text() }

// text is the message without the package's name, which an error that causes
// another need not repeat.
func (e *Error) text() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Path != "" {
		b.WriteString(" ")
		b.WriteString(e.Path)
	}
	if e.Type != nil {
		b.WriteString(": ")
		b.WriteString(e.Type.String())
	}
	b.WriteString(": ")
	if inner, ok := e.Err.(*Error); ok {
		b.WriteString(inner.text())
	} else {
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }
