package debuginfo

import (
	"errors"
	"strings"
)

// Sentinels wrapped by [Error]. What C or dtype cannot express wraps
// [dtype.ErrNotSupported].
var (
	// ErrNone: the file has no debug info, nor has a file beside it.
	ErrNone = errors.New("no debug info")
	// ErrNotFound: the debug info does not describe what was asked for.
	ErrNotFound = errors.New("not in the debug info")
	// ErrMalformed: the container or its debug info is damaged.
	ErrMalformed = errors.New("malformed debug info")
)

// An Error says what could not be read, and from which file.
type Error struct {
	Op   string // "open", "func", "type", "var", "line"
	File string
	Name string // the name or address asked for; may be empty
	Err  error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("debuginfo: ")
	b.WriteString(e.Op)
	b.WriteString(" ")
	b.WriteString(e.File)
	if e.Name != "" {
		b.WriteString(" ")
		b.WriteString(e.Name)
	}
	b.WriteString(": ")
	b.WriteString(e.Err.Error())
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }
