package wasmffi

import (
	"bytes"
	"runtime"
	"sync"
	"sync/atomic"
)

// A Thread is an OS thread of its own, for C that keeps things by thread: an
// OpenGL context, a queue of errors, thread-local variables. Calls made inside
// [Thread.Do] are all made by that thread, and nothing else runs on it.
//
//	th := wasmffi.NewThread()
//	defer th.Close()
//	err := th.Do(func() { makeCurrent(ctx); draw() })
//
// The sandbox has no threads: there it makes no difference where a call is made.
// A hand-over to another thread costs some microseconds, so that work is best
// handed over in larger pieces.
type Thread struct {
	jobs   chan *threadJob
	closed chan struct{}
	once   sync.Once
	ended  chan struct{} // closed when the goroutine has ended
	runs   atomic.Bool   // a function is running
	id     []byte        // the goroutine's
}

// A threadJob is a function and how it ended.
type threadJob struct {
	f        func()
	done     chan struct{}
	panicked any
	returned bool
}

// NewThread starts a thread. It ends by [Thread.Close].
func NewThread() *Thread {
	t := &Thread{jobs: make(chan *threadJob), closed: make(chan struct{}), ended: make(chan struct{})}
	started := make(chan struct{})
	go t.loop(started)
	<-started
	return t
}

// loop runs the jobs. It never unlocks the thread, so that the thread ends with
// it and C's thread-local state is dropped.
func (t *Thread) loop(started chan struct{}) {
	runtime.LockOSThread()
	t.id = goroutineID()
	close(started)
	defer close(t.ended)
	for {
		select {
		case <-t.closed:
			return
		case j := <-t.jobs:
			t.run(j)
		}
	}
}

func (t *Thread) run(j *threadJob) {
	t.runs.Store(true)
	defer func() {
		t.runs.Store(false)
		if !j.returned {
			j.panicked = recover() // nil: runtime.Goexit, which goes on ending the thread
		}
		close(j.done)
	}()
	j.f()
	j.returned = true
}

// Do runs f on the thread and waits for it. Functions from several goroutines
// run one after the other; inside f, Do runs another one at once. A panic of f
// is passed on to the caller, with its value; runtime.Goexit in f ends the
// caller's goroutine, and the thread. After Close it is an error wrapping
// [ErrClosed].
func (t *Thread) Do(f func()) error {
	if t.runs.Load() && bytes.Equal(t.id, goroutineID()) {
		f()
		return nil
	}
	select { // Close before this call counts, even if the thread is still there
	case <-t.closed:
		return t.errClosed()
	default:
	}
	j := &threadJob{f: f, done: make(chan struct{})}
	select {
	case t.jobs <- j:
	case <-t.closed:
		return t.errClosed()
	case <-t.ended:
		return t.errClosed()
	}
	<-j.done
	switch {
	case j.returned:
	case j.panicked != nil:
		panic(j.panicked)
	default:
		runtime.Goexit()
	}
	return nil
}

func (t *Thread) errClosed() error { return &Error{Op: "thread", Err: ErrClosed} }

// Close ends the thread and waits for that, except inside Do, where it ends
// when the function has returned. Closing twice is no error.
func (t *Thread) Close() error {
	t.once.Do(func() { close(t.closed) })
	if t.runs.Load() && bytes.Equal(t.id, goroutineID()) {
		return nil
	}
	<-t.ended
	return nil
}

// goroutineID is the number of this goroutine, as stack traces print it: "17".
// Go gives it nowhere else. It is asked for only while a thread is busy.
func goroutineID() []byte {
	var buf [64]byte
	trace := buf[:runtime.Stack(buf[:], false)]
	id, _, _ := bytes.Cut(bytes.TrimPrefix(trace, []byte("goroutine ")), []byte(" "))
	return id
}
