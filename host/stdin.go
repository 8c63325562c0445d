package host

import (
	"io"
	"time"
)

// A stdinReader is a user's reader as C's standard input. Reads that take their
// time go on when the call they were made for has ended, for the next one.
type stdinReader struct {
	in      *instance
	r       io.Reader
	pending chan stdinRead // of the read that is going on
	last    stdinRead      // what C has not got yet
}

// stdinOf is a user's reader as C reads it, the same after a restart. A
// Differential's readers have to know who reads, and are read by the call itself.
func (in *instance) stdinOf(r io.Reader) io.Reader {
	switch r.(type) {
	case sideA, sideB:
		return hostReader{in, r}
	}
	if in.stdin == nil {
		in.stdin = &stdinReader{in: in, r: r}
	}
	return in.stdin
}

type stdinRead struct {
	data     []byte
	err      error
	panicked any
}

func (s *stdinReader) Read(p []byte) (int, error) {
	if len(s.last.data) == 0 && s.last.err == nil && len(p) > 0 {
		if s.pending == nil {
			s.pending = make(chan stdinRead, 1)
			go s.read(s.pending, min(len(p), maxStep))
		}
		s.await()
	}
	if v := s.last.panicked; v != nil {
		s.last.panicked = nil
		s.in.runGo(func() { panic(v) })
	}
	n := copy(p, s.last.data)
	s.last.data = s.last.data[n:]
	if len(s.last.data) > 0 {
		return n, nil
	}
	err := s.last.err
	s.last.err = nil // the reader is asked again, as a terminal is after an end of file
	return n, err
}

// read makes one read. It is not C's memory that is read to: the call may end.
func (s *stdinReader) read(done chan<- stdinRead, n int) {
	got := stdinRead{data: make([]byte, n), err: io.EOF} // if the goroutine is ended inside
	k := 0
	defer func() {
		got.panicked = recover()
		got.data = got.data[:min(max(k, 0), n)]
		done <- got
	}()
	k, got.err = s.r.Read(got.data)
}

// await waits for the read that is going on, or ends the call.
func (s *stdinReader) await() {
	in := s.in
	for {
		var timeout <-chan time.Time
		if left, ok := in.timeLeft(time.Now()); ok {
			t := time.NewTimer(left + time.Millisecond)
			defer t.Stop()
			timeout = t.C
		}
		select {
		case s.last = <-s.pending:
			s.pending = nil
			return
		case <-in.callDone():
		case <-in.lock.closing:
		case <-timeout:
		}
		in.check(time.Now())
	}
}
