package wasmffi

import (
	"errors"
	"runtime/debug"
)

// MaxDepth is how many calls from Go into C may be nested in one another: Go
// calls C, which calls Go back, which calls C … One more is [ErrDepth]. The
// sandbox counts the calls into one library (host.Options.Depth sets another
// limit), package native those on one thread, into whatever libraries. It ends
// earlier, with the same error, where a thread's stack is nearly full.
const MaxDepth = 1000

// errGoexit is recorded when a callback ends its goroutine by runtime.Goexit.
var errGoexit = errors.New("runtime.Goexit in callback")

// Run calls the Go side of a callback for a backend. An error or a panic in it
// comes back as an error, after [CallbackSpec.Failed]; result says where the
// result's words are. Only runtime.Goexit passes through, as Go allows nobody
// to stop it: the backend lets it unwind the frames of C, like a longjmp over
// them, and takes the call back in its own deferred functions.
func (s *CallbackSpec) Run(f *Frame, result Slot) (err error) {
	done := false
	defer func() {
		if !done {
			err = s.Failed(f, result, recover(), err)
		}
	}()
	err = s.Func(f)
	done = err == nil
	return err
}

// Failed is for a Func that did not return nil, called from a deferred
// function: err is what it returned, panicked what recover gives; neither means
// runtime.Goexit. It sets the frame's result to the fallback, tells OnError and
// gives the error to record. A panic in OnError becomes part of it.
func (s *CallbackSpec) Failed(f *Frame, result Slot, panicked any, err error) error {
	seen, _ := panicked.(seenPanic)
	switch {
	case seen.PanicError != nil:
		err = seen.PanicError
	case panicked != nil:
		err = &PanicError{Value: panicked, Stack: debug.Stack()}
	case err == nil:
		err = errGoexit
	}
	words := f.Words[result.First : result.First+result.Words]
	clear(words)
	copy(words, s.Fallback)
	if s.OnError == nil {
		return err
	}
	return s.tell(err)
}

func (s *CallbackSpec) tell(err error) (told error) {
	defer func() {
		if v := recover(); v != nil {
			told = errors.Join(err, &PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	s.OnError(err)
	return err
}
