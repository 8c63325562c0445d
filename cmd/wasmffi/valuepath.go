package main

import (
	"errors"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// A pathError is an error about a part of a C value.
type pathError struct {
	path string // in C's syntax: ".pts[2].y"
	err  error
}

func (e *pathError) Error() string {
	if e.path == "" {
		return e.err.Error()
	}
	return e.path + ": " + e.err.Error()
}

func (e *pathError) Unwrap() error { return e.err }

// within puts a step in front of the path of an error from a part of a value.
func within(step string, err error) error {
	if err == nil {
		return nil
	}
	var e *pathError
	if errors.As(err, &e) {
		return &pathError{step + e.path, e.err}
	}
	return &pathError{step, err}
}

// throughPointer makes the path of an error in what a pointer points to one
// from the pointer: ".y" becomes "->y".
func throughPointer(err error) error {
	if e, ok := err.(*pathError); ok {
		if member, ok := strings.CutPrefix(e.path, "."); ok {
			return &pathError{"->" + member, e.err}
		}
	}
	return err
}

// rooted completes the path of an error in an argument of type t with the name
// of the struct or union that it begins at.
func rooted(t dtype.Type, err error) error {
	e, ok := err.(*pathError)
	if !ok {
		return err
	}
	if member, ok := strings.CutPrefix(e.path, "->"); ok {
		if p, ok := dtype.Resolve(t).(*dtype.Pointer); ok {
			return &pathError{p.Elem().String() + "." + member, e.err}
		}
	}
	if strings.HasPrefix(e.path, ".") {
		return &pathError{t.String() + e.path, e.err}
	}
	return err
}
