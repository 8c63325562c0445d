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
// comes back as an error, after the frame's result words have been set to the
// fallback; result says where those are. Only runtime.Goexit passes through, as
// Go allows nobody to stop it: the backend lets it unwind the frames of C, like
// a longjmp over them, and takes the call back in its own deferred functions.
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
