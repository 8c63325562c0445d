package host

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"runtime"
	"runtime/debug"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// How the two runs of a Differential keep in step.
//
// The compiled run, a, is on the caller's goroutine, the interpreted one, b, on its
// peer. One of the two runs at a time: a until it wants something of Go or ends, then
// b until the same; there they are compared, Go does what is wanted, and a goes on.
// What Go calls meanwhile is made by both where they are.

// An operation is something that both do, of those that are nested.
type operation struct {
	callee
	up      *operation
	run     func() // b's side
	started bool   // b has been started
	ended   bool   // b has ended
	at      *stop  // where b is, if it is not running and has not ended
	ctx     context.Context
	cancel  context.CancelFunc
	errB    error
}

// A callee is what an operation is called in messages.
type callee struct {
	name  string
	sig   *dtype.Func
	words []uint64
}

// A stop is b wanting something of Go.
type stop struct {
	what    any    // which callback, import or stream
	given   []byte // what it is given
	resumed bool
	goexit  bool
	result  []byte
	err     error
}

// A peer is the goroutine of b during an outermost operation.
type peer struct {
	jobs    chan func()
	arrived chan struct{} // b has ended its job, or stopped in it
	gone    bool          // it ended by runtime.Goexit
}

// do has the peer run f, and waits until it has ended or stopped.
func (p *peer) do(f func()) {
	p.jobs <- f
	<-p.arrived
}

// serve runs jobs. In a callback it does so until the callback is to return.
func (p *peer) serve(until func() bool) {
	for f := range p.jobs {
		f()
		if until() {
			return
		}
		p.arrived <- struct{}{}
	}
}

func newPeer() *peer {
	p := &peer{jobs: make(chan func()), arrived: make(chan struct{})}
	go func() {
		ended := false
		defer func() {
			if !ended { // runtime.Goexit, as in a: see stopAt
				p.gone = true
				p.arrived <- struct{}{}
			}
		}()
		p.serve(func() bool { return false })
		ended = true
	}()
	return p
}

// enter takes the turn, unless this goroutine has it.
func (d *Differential) enter(ctx context.Context) (leave func(), err error) {
	if g := goid(); d.owner.Load() == g {
		return func() {}, nil
	}
	var done <-chan struct{}
	if ctx != nil {
		done = ctx.Done()
	}
	select {
	case d.turn <- struct{}{}:
	case <-done:
		return nil, fmt.Errorf("waiting for another call: %w", contextError(ctx))
	}
	d.owner.Store(goid())
	return func() {
		d.owner.Store(0)
		<-d.turn
	}, nil
}

// both does something in a and in b. compare finds differences between what they
// returned, where neither failed.
func (d *Differential) both(ctx context.Context, what callee, runA, runB func(context.Context) error, compare ...func() *DifferenceError) error {
	leave, err := d.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if d.differ != nil {
		return d.differ
	}
	if ctx == nil {
		ctx = context.Background()
	}
	op := &operation{callee: what, up: d.op}
	op.ctx, op.cancel = context.WithCancel(ctx)
	defer op.cancel()
	op.run = func() { op.errB = errAbandoned; op.errB = runB(op.ctx); op.ended = true }
	if d.op == nil {
		d.peer = newPeer()
		d.mirror() // what Go wrote since
	}
	d.op = op
	defer func() {
		d.op = op.up
		if d.op == nil {
			close(d.peer.jobs)
			d.peer = nil
		}
	}()
	errA := runA(op.ctx)
	return d.finish(op, errA, compare)
}

// finish brings b to its end and compares.
func (d *Differential) finish(op *operation, errA error, compare []func() *DifferenceError) error {
	async := isAsync(errA)
	if d.differ == nil && !async {
		d.advance(op)
		if !op.ended {
			d.found(differs("callback", "returns", "calls Go"))
		}
	}
	d.drain(op)
	switch {
	case d.differ != nil:
		return d.differ
	case async:
		d.resync()
		return errA
	case isAsync(op.errB):
		d.resync()
		return fmt.Errorf("in the interpreted run: %w", op.errB)
	case !sameError(errA, op.errB):
		d.found(differs("error", errText(errA), errText(op.errB)))
		return d.differ
	case errors.Is(errA, wasmffi.ErrStackOverflow):
		d.resync() // how deep each came is the engine's
		return errA
	}
	if errA == nil {
		for _, f := range compare {
			d.found(f())
		}
	}
	d.compareState()
	if d.differ != nil {
		return d.differ
	}
	return errA
}

// isAsync tells the errors that say nothing of what C does: they come when they
// come.
func isAsync(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, wasmffi.ErrClosed)
}

// sameError compares what two runs ended with. What Go's side of a callback returned
// is the same value in both, whose text may be very long.
func sameError(a, b error) bool {
	if a != nil && reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.TypeOf(a).Comparable() && a == b {
		return true
	}
	return errText(a) == errText(b)
}

func errText(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}

// advance lets b run until it stops or ends.
func (d *Differential) advance(op *operation) {
	s := op.at
	op.at = nil
	switch {
	case op.ended:
	case !op.started:
		op.started = true
		d.peer.do(op.run)
	case s != nil:
		d.peer.do(func() { s.resumed = true })
	}
}

// drain ends b, which is of no interest any more.
func (d *Differential) drain(op *operation) {
	op.cancel()
	for op.started && !op.ended && op.at != nil {
		op.at.err = context.Canceled
		d.advance(op)
	}
}

// meet is a wanting something of Go: b must want the same. Then goSide is run, and
// its result is b's too.
func (d *Differential) meet(what any, given []byte, goSide func() ([]byte, error)) (err error) {
	op := d.op
	if d.differ != nil {
		return d.differ
	}
	d.advance(op)
	switch s := op.at; {
	case op.ended && isAsync(op.errB):
		op.cancel()
		return op.errB
	case op.ended:
		d.found(differs("callback", "calls Go", "returns"))
	case s.what != what:
		d.found(differs("callback", "calls one Go function", "calls another"))
	case !bytes.Equal(s.given, given):
		d.found(differs("what Go is called with", fmt.Sprintf("% x", given), fmt.Sprintf("% x", s.given)))
	default:
		d.compareState()
	}
	if d.differ != nil {
		op.cancel()
		return d.differ
	}
	s := op.at
	returned := false
	defer func() {
		v := recover()
		switch {
		case v != nil:
			err = &wasmffi.PanicError{Value: v, Stack: debug.Stack()}
		case !returned: // runtime.Goexit: b's goroutine ends too, once
			if !d.peer.gone {
				s.goexit = true
				d.advance(op)
			}
			return
		}
		d.mirror()
		s.err = err
		if d.differ != nil {
			err = d.differ
		}
	}()
	s.result, err = goSide()
	returned = true
	return err
}

// stopAt is b wanting something of Go.
func (d *Differential) stopAt(what any, given []byte) ([]byte, error) {
	op := d.op
	if d.differ != nil || op.ctx.Err() != nil {
		return nil, context.Canceled
	}
	s := &stop{what: what, given: given}
	op.at = s
	d.peer.arrived <- struct{}{}
	d.peer.serve(func() bool { return s.resumed })
	if s.goexit {
		runtime.Goexit()
	}
	return s.result, s.err
}

// share makes the two sides of a callback.
func (d *Differential) share(spec wasmffi.CallbackSpec) (a, b wasmffi.CallbackSpec) {
	key := new(int)
	shape, _ := wasmffi.FrameShape(dtype.WASM32, wasmffi.CallbackFrame(spec.Sig)) // its error is the backend's too
	params := shape.Result.First
	a, b = spec, spec
	a.Func = func(f *wasmffi.Frame) error {
		given := bytes.Clone(wordBytes(f.Words[:params]))
		return d.meet(key, given, func() ([]byte, error) {
			err := spec.Run(f, shape.Result) // OnError too, for what it says is part of the error
			return bytes.Clone(wordBytes(f.Words[params:])), err
		})
	}
	b.Func = func(f *wasmffi.Frame) error {
		result, err := d.stopAt(key, bytes.Clone(wordBytes(f.Words[:params])))
		copy(wordBytes(f.Words[params:]), result)
		return err
	}
	a.OnError, b.OnError = nil, nil
	return a, b
}

// shareImports makes imports run once.
func (d *Differential) shareImports(a, b *Options) {
	given := a.Imports
	a.Imports, b.Imports = nil, nil
	for _, im := range given {
		imA, imB := im, im
		if spec, err := im.Spec(d); err == nil { // else it is an error if it is wanted
			specA, specB := d.share(spec)
			imA.Sig, imA.Func, imB.Sig, imB.Func = spec.Sig, specA.Func, spec.Sig, specB.Func
		}
		a.Imports, b.Imports = append(a.Imports, imA), append(b.Imports, imB)
	}
}

// shareStreams makes what C reads be read once, and what it prints be printed once.
func (d *Differential) shareStreams(a, b *Options) {
	for _, w := range []struct{ a, b *io.Writer }{{&a.Stdout, &b.Stdout}, {&a.Stderr, &b.Stderr}} {
		if *w.a != nil {
			s := &stream{d: d, w: *w.a}
			*w.a, *w.b = sideA{s}, sideB{s}
		}
	}
	for _, r := range []struct{ a, b *io.Reader }{{&a.Stdin, &b.Stdin}, {&a.Random, &b.Random}} {
		if *r.a != nil {
			s := &stream{d: d, r: *r.a}
			*r.a, *r.b = sideA{s}, sideB{s}
		}
	}
}

// A stream is a user's reader or writer.
type stream struct {
	d *Differential
	r io.Reader
	w io.Writer
}

type (
	sideA struct{ *stream }
	sideB struct{ *stream }
)

func (s sideA) Write(p []byte) (int, error) {
	err := s.d.meet(s.stream, bytes.Clone(p), func() ([]byte, error) {
		n, err := s.w.Write(p)
		return numberBytes(n), err
	})
	if err != nil {
		return 0, again(err)
	}
	return len(p), nil
}

func (s sideB) Write(p []byte) (int, error) {
	if _, err := s.d.stopAt(s.stream, bytes.Clone(p)); err != nil {
		return 0, again(err)
	}
	return len(p), nil
}

func (s sideA) Read(p []byte) (n int, err error) {
	err = s.d.meet(s.stream, numberBytes(len(p)), func() ([]byte, error) {
		var err error
		n, err = s.r.Read(p)
		return bytes.Clone(p[:n]), err
	})
	return n, again(err)
}

func (s sideB) Read(p []byte) (int, error) {
	data, err := s.d.stopAt(s.stream, numberBytes(len(p)))
	return copy(p, data), again(err)
}

// again panics with what a user's reader or writer panicked with.
func again(err error) error {
	var p *wasmffi.PanicError
	if errors.As(err, &p) {
		panic(p.Value)
	}
	return err
}

func numberBytes(n int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }

// found notes the first difference.
func (d *Differential) found(e *DifferenceError) {
	if e == nil || d.differ != nil {
		return
	}
	op := d.op
	e.Function = op.name
	if op.sig != nil {
		e.Args = wasmffi.FormatArgs(dtype.WASM32, op.sig, op.words)
	}
	d.differ = e
}

// withBoth calls f with both instances while they are there: not before they are
// open, nor after they were closed. Their memory stays mapped meanwhile.
func (d *Differential) withBoth(f func(a, b *instance)) {
	if d.a == nil || d.b == nil {
		return
	}
	for _, l := range []*Library{d.a, d.b} {
		if l.in.life.Acquire() != nil {
			return
		}
		defer l.in.life.Release()
	}
	f(d.a.in, d.b.in)
}

// mirror gives b's memory what Go wrote to a's.
func (d *Differential) mirror() {
	d.withBoth(func(a, b *instance) {
		if a.mem == nil || b.mem == nil {
			return
		}
		if n := a.mem.size.Load(); n == b.mem.size.Load() {
			copy(b.mem.region[:n], a.mem.region[:n])
		}
	})
}

// resync makes b's state what a's is, after an end that differs for good reasons.
func (d *Differential) resync() {
	d.withBoth(func(a, b *instance) {
		if a.mem != nil && b.mem != nil {
			n, m := a.mem.size.Load(), b.mem.size.Load()
			if n > m {
				b.wasm.Memory().Grow(uint32((n - m) / pageSize))
				m = b.mem.size.Load()
			}
			d.found(differs("memory size", fmt.Sprint(n), fmt.Sprint(m))) // it cannot shrink
		}
		eachGlobal(a, b, func(_ uint32, a, b api.MutableGlobal) { b.Set(a.Get()) })
		b.fuelLeft.Store(a.fuelLeft.Load())
	})
	d.mirror()
}

// eachGlobal calls f for the globals that are numbers.
func eachGlobal(a, b *instance, f func(index uint32, a, b api.MutableGlobal)) {
	if a.wasm == nil || b.wasm == nil {
		return
	}
	for _, g := range a.mod.res.Globals {
		x, ok := a.wasm.ExportedGlobal(g.Name).(api.MutableGlobal)
		y, ok2 := b.wasm.ExportedGlobal(g.Name).(api.MutableGlobal)
		if ok && ok2 && isNumber(g.Type) {
			f(g.Index, x, y)
		}
	}
}

// compareState compares memory, globals and fuel.
func (d *Differential) compareState() { d.withBoth(d.compareInstances) }

func (d *Differential) compareInstances(a, b *instance) {
	eachGlobal(a, b, func(index uint32, x, y api.MutableGlobal) {
		d.found(differs(fmt.Sprintf("global %d", index), inHex(x.Get()), inHex(y.Get())))
	})
	if d.op.up == nil && d.op.ended && a.opts.Fuel != 0 {
		d.found(differs("fuel left", fmt.Sprint(a.fuelLeft.Load()), fmt.Sprint(b.fuelLeft.Load())))
	}
	if a.mem == nil || b.mem == nil {
		return
	}
	n, m := a.mem.size.Load(), b.mem.size.Load()
	if n != m {
		d.found(differs("memory size", fmt.Sprint(n), fmt.Sprint(m)))
		return
	}
	x, y := a.mem.region[:n], b.mem.region[:n]
	if at, ok := firstDifference(x, y); ok {
		e := differs(fmt.Sprintf("memory at %#x", at), fmt.Sprintf("%#02x", x[at]), fmt.Sprintf("%#02x", y[at]))
		e.Addr = uint64(at)
		d.found(e)
	}
}

// firstDifference is where two memories differ, but for the signs of NaNs.
func firstDifference(a, b []byte) (at int, ok bool) {
	const chunk = 4096 // a multiple of what is compared
	for base := 0; base < len(a); base += chunk {
		end := min(base+chunk, len(a))
		if bytes.Equal(a[base:end], b[base:end]) {
			continue
		}
		for i := base; i < end; i++ {
			if a[i] != b[i] && !signOfNaN(a, b, i) {
				return i, true
			}
		}
	}
	return 0, false
}

// signOfNaN reports whether byte i differs by the sign of a NaN that an operation
// made, which wasm leaves open.
func signOfNaN(a, b []byte, i int) bool {
	if a[i]^b[i] != 0x80 {
		return false
	}
	if lo := i - 3; i%4 == 3 && binary.LittleEndian.Uint32(a[lo:])|1<<31 == 0xffc00000 {
		return true
	}
	lo := i - 7
	return i%8 == 7 && binary.LittleEndian.Uint64(a[lo:])|1<<63 == 0xfff8000000000000
}

// differs is the difference between two values, nil for none.
func differs(what, compiled, interpreted string) *DifferenceError {
	if compiled == interpreted {
		return nil
	}
	return &DifferenceError{What: what, Compiled: compiled, Interpreted: interpreted}
}

func inHex(n uint64) string { return fmt.Sprintf("%#x", n) }

// differWords compares results, errno, and where Go's memory was put.
func differWords(sig *dtype.Func, f, g *wasmffi.Frame) *DifferenceError {
	shape, err := wasmffi.FrameShape(dtype.WASM32, sig)
	if err != nil {
		return nil
	}
	first := shape.Result.First
	if d := differs("arguments", wasmffi.FormatArgs(dtype.WASM32, sig, f.Words[:first]), wasmffi.FormatArgs(dtype.WASM32, sig, g.Words[:first])); d != nil {
		return d
	}
	if f.WantErrno && f.Errno != g.Errno {
		return differs("errno", fmt.Sprint(f.Errno), fmt.Sprint(g.Errno))
	}
	a, b := wordBytes(f.Words[first:]), wordBytes(g.Words[first:])
	if bytes.Equal(a, b) || isNaN(shape.Result, f.Words) && isNaN(shape.Result, g.Words) {
		return nil
	}
	x, y := wasmffi.FormatResult(dtype.WASM32, sig, f.Words), wasmffi.FormatResult(dtype.WASM32, sig, g.Words)
	if x == y { // as text
		x, y = fmt.Sprintf("%s (% x)", x, a), fmt.Sprintf("%s (% x)", y, b)
	}
	return differs("result", x, y)
}

func isNaN(s wasmffi.Slot, words []uint64) bool {
	switch dtype.Resolve(s.Type) {
	case dtype.CFloat:
		f := math.Float32frombits(uint32(words[s.First]))
		return f != f
	case dtype.CDouble:
		return math.IsNaN(math.Float64frombits(words[s.First]))
	}
	return false
}

// differBlocks compares what C left in Go's memory.
func differBlocks(a, b [][]byte) *DifferenceError {
	for i := range a {
		if at, ok := firstDifference(a[i], b[i]); ok {
			return differs(fmt.Sprintf("Go's memory: block %d, byte %d", i+1, at), fmt.Sprintf("%#02x", a[i][at]), fmt.Sprintf("%#02x", b[i][at]))
		}
	}
	return nil
}
