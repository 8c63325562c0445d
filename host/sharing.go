package host

import (
	"io"
	"sync"
	"sync/atomic"
)

// shared makes streams that several instances use at once be used by one at a
// time: few readers and writers can do otherwise.
func (o Options) shared() Options {
	out, in, random := new(turn), new(turn), new(turn)
	if o.Stdout != nil {
		o.Stdout = turnStream{out, nil, o.Stdout}
	}
	if o.Stderr != nil {
		o.Stderr = turnStream{out, nil, o.Stderr} // may be the same writer
	}
	if o.Stdin != nil {
		o.Stdin = turnStream{in, o.Stdin, nil}
	}
	if o.Random != nil {
		o.Random = turnStream{random, o.Random, nil}
	}
	return o
}

// A turn is a lock that who holds it may take again: a writer may call C that
// prints.
type turn struct {
	mu    sync.Mutex
	owner atomic.Uintptr // the goroutine
}

func (t *turn) take() (leave func()) {
	g := goid()
	if t.owner.Load() == g {
		return func() {}
	}
	t.mu.Lock()
	t.owner.Store(g)
	return func() {
		t.owner.Store(0)
		t.mu.Unlock()
	}
}

type turnStream struct {
	turn *turn
	r    io.Reader
	w    io.Writer
}

func (s turnStream) Read(p []byte) (int, error) {
	defer s.turn.take()()
	return s.r.Read(p)
}

func (s turnStream) Write(p []byte) (int, error) {
	defer s.turn.take()()
	return s.w.Write(p)
}
