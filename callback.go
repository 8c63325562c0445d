package wasmffi

import (
	"errors"
	"runtime/debug"
)

// errGoexit is recorded when a callback ends its goroutine by runtime.Goexit.
var errGoexit = errors.New("runtime.Goexit in callback")

// Run calls the Go side of a callback for a backend. Whatever goes wrong in it
// (an error, a panic) comes back as an error, after the frame's result
// words have been set to the fallback; nothing unwinds into C. result is where
// the result's words are in f.
func (s *CallbackSpec) Run(f *Frame, result Slot) (err error) {
	done := false
	defer func() {
		if done {
			return
		}
		v := recover()
		switch {
		case v != nil:
			err = &PanicError{Value: v, Stack: debug.Stack()}
		case err == nil:
			err = errGoexit
		}
		s.fail(f, result, err)
	}()
	err = s.Func(f)
	done = err == nil
	return err
}

func (s *CallbackSpec) fail(f *Frame, result Slot, err error) {
	words := f.Words[result.First : result.First+result.Words]
	clear(words)
	copy(words, s.Fallback)
	if s.OnError != nil {
		s.OnError(err)
	}
}
