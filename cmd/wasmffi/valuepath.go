package main

import "errors"

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
