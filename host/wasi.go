package host

import (
	"context"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
)

const wasiModule = wasi_snapshot_preview1.ModuleName

// wasiModule makes an instance of WASI, with functions of the user's that come
// before its own. What the functions do depends on the module that calls them:
// see wasiConfig.
func (m *module) wasiModule(ctx context.Context, own []hostFunc) (api.Module, error) {
	b := m.rt.NewHostModuleBuilder(wasiModule)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(b)
	// wazero's proc_exit closes the module; ours only ends the call.
	exportFuncs(b, []hostFunc{{
		name: "proc_exit",
		typ:  guestabi.FuncType{Params: []guestabi.ValueType{guestabi.I32}},
		call: api.GoFunc(func(ctx context.Context, stack []uint64) {
			instanceOf(ctx).abort(&wasmffi.ExitError{Code: uint32(stack[0])})
		}),
	}})
	return m.instantiateHost(watchWASI(ctx), exportFuncs(b, own))
}

// wasiFuncs are the WASI functions there are.
func (m *module) wasiFuncs() map[string]api.FunctionDefinition {
	if m.wasi == nil {
		return nil
	}
	return m.wasi.ExportedFunctionDefinitions()
}

// wasiConfig is what WASI shows to an instance.
func (in *instance) wasiConfig() wazero.ModuleConfig {
	o := &in.opts
	c := wazero.NewModuleConfig().WithName("").WithStartFunctions().WithArgs(o.Args...)
	for _, k := range slices.Sorted(maps.Keys(o.Env)) { // the same in every run
		c = c.WithEnv(k, o.Env[k])
	}
	if o.Stdin != nil {
		c = c.WithStdin(stepReader{in, in.stdinOf(o.Stdin)})
	}
	if o.Stdout != nil {
		c = c.WithStdout(in.writer(o.Stdout))
	}
	if o.Stderr != nil {
		c = c.WithStderr(in.writer(o.Stderr))
	}
	c = in.mountConfig(c)
	switch {
	case o.Clock:
		c = c.WithSysWalltime().WithSysNanotime().WithNanosleep(in.sleep)
	case !o.Time.IsZero():
		c = c.WithWalltime(walltimeFrom(o.Time), sys.ClockResolution(time.Millisecond))
	}
	random := predictable()
	if o.Random != nil {
		random = hostReader{in, o.Random}
	}
	return c.WithRandSource(stepReader{in, random})
}

// sleep is C's sleep, cut short by what ends the call.
func (in *instance) sleep(ns int64) {
	d := time.Duration(ns)
	if left, ok := in.timeLeft(time.Now()); ok {
		d = min(d, left+time.Millisecond)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-in.callDone():
	case <-in.lock.closing:
	}
	in.check(time.Now())
}

// callDone is closed when the context of the innermost call ends.
func (in *instance) callDone() <-chan struct{} {
	if ctx := in.level.ctx; ctx != nil {
		return ctx.Done()
	}
	return nil
}

// A hostWriter is a user's writer, as C's standard output. It may call back
// into the library, as any Go code that C calls.
type hostWriter struct {
	in   *instance
	w    io.Writer
	left int64 // bytes; negative for no limit
	// plain is w with Options.PlainText, else nil.
	plain *plainWriter
}

func (in *instance) writer(w io.Writer) *hostWriter {
	out := &hostWriter{in: in, w: w, left: in.opts.OutputLimit}
	if in.opts.PlainText {
		out.plain = &plainWriter{w: w}
		out.w = out.plain
	}
	in.writers = append(in.writers, out)
	return out
}

// reset makes the writer as new.
func (w *hostWriter) reset() {
	w.left = w.in.opts.OutputLimit
	if w.plain != nil {
		w.plain.held = nil
	}
}

func (w *hostWriter) Write(p []byte) (n int, err error) {
	for {
		step := p[n:min(len(p), n+maxStep)]
		k, err := w.writeStep(step)
		n += k
		if err != nil || k < len(step) || n == len(p) {
			return n, err
		}
	}
}

func (w *hostWriter) writeStep(p []byte) (int, error) {
	if w.in.quiet {
		return len(p), nil
	}
	if w.left >= 0 && int64(len(p)) > w.left {
		n := w.left
		w.left = 0
		w.in.reach(reachedOutput)
		k, err := w.write(p[:n])
		if err == nil {
			err = ErrOutputLimit // C sees EIO
		}
		return k, err
	}
	if w.left > 0 {
		w.left -= int64(len(p))
	}
	return w.write(p)
}

func (w *hostWriter) write(p []byte) (n int, err error) {
	w.in.runGo(func() { n, err = w.w.Write(p) })
	w.in.stillTime()
	return n, err
}

// walltimeFrom is a clock that is a millisecond later at every look.
func walltimeFrom(t time.Time) sys.Walltime {
	next := t
	return func() (int64, int32) {
		now := next
		next = next.Add(time.Millisecond)
		return now.Unix(), int32(now.Nanosecond())
	}
}

// A hostReader is a user's reader, as C's randomness.
type hostReader struct {
	in *instance
	r  io.Reader
}

func (r hostReader) Read(p []byte) (n int, err error) {
	r.in.runGo(func() { n, err = r.r.Read(p) })
	return n, err
}
