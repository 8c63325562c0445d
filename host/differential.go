package host

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// ErrDifferent is wrapped by a [DifferenceError].
var ErrDifferent = errors.New("compiled and interpreted code differ")

// A DifferenceError is the first difference between compiled and interpreted
// code that a [Differential] has seen.
type DifferenceError struct {
	// Function is the C function that Go called, Args what it was given, in C's
	// syntax.
	Function, Args string
	// What differs: "result", "error", "memory at 0x1010", "memory size", "fuel",
	// "global 3", "errno", "callback" …
	What string
	// Compiled and Interpreted are the two values.
	Compiled, Interpreted string
	// Addr is that of the first byte of memory that differs, or 0.
	Addr uint64
}

func (e *DifferenceError) Error() string {
	return fmt.Sprintf("%v in %s(%s): %s: compiled %s, interpreted %s", ErrDifferent, printable(e.Function), harmless(e.Args), e.What, e.Compiled, e.Interpreted)
}

func (e *DifferenceError) Unwrap() error { return ErrDifferent }

// A Differential is a module that runs twice, compiled and interpreted, and a
// [wasmffi.Library] like any other: each call is made in both, and after it, and
// whenever C calls Go, both must be in the same state. It is for finding out
// whether the compiler is at fault, and for tests; it takes the interpreter's time
// and more.
//
// Compared are results, what C wrote to Go's memory, errno, traps with their C
// frames, fuel, all memory and the globals, and what C calls Go with: callbacks,
// imports, output, reads. The first difference is the call's error, a
// [DifferenceError], and that of all calls after it.
//
// Go runs once: callbacks, imports, writers and readers belong to the compiled run,
// and the interpreted one is given their results and what they wrote to C's memory.
// So is what Go writes between calls. Lifetimes and hooks are the compiled one's.
//
// What is no difference: the sign of a NaN, which wasm leaves open; a call that its
// context or Options.Timeout ended, which counts a hundredfold here, in either; how
// deep C came before it ran out of stack in both. After these the interpreted run
// goes on from the compiled one's state. Not compared are function tables and the
// contents of Options.Dirs, which both read. [wasmffi.Vectorize] makes its calls one
// by one. One goroutine at a time is inside, callbacks included.
type Differential struct {
	name string
	a, b *Library // compiled, interpreted
	turn chan struct{}
	// owner is the goroutine that holds turn.
	owner atomic.Uintptr

	// What follows belongs to the owner.

	op     *operation // the innermost
	peer   *peer      // runs b; there while op is
	differ *DifferenceError
}

var (
	_ wasmffi.Library  = (*Differential)(nil)
	_ wasmffi.Typer    = (*Differential)(nil)
	_ wasmffi.Flusher  = (*Differential)(nil)
	_ wasmffi.VaLister = (*Differential)(nil)
)

// timeoutFactor is how much longer calls may take.
const timeoutFactor = 100

// OpenDifferential opens a module from memory, or if module is nil from a file as
// [Open] finds it. Options.Interpreter counts for nothing. With Options.Clock the
// two would see two times, and a directory that C may write to would be changed
// twice: the error wraps [wasmffi.ErrNotSupported].
func OpenDifferential(ctx context.Context, name string, module []byte, opts Options) (*Differential, error) {
	d, err := openPair(ctx, name, module, module, opts)
	if err != nil {
		return nil, err
	}
	return d, nil
}

func openPair(ctx context.Context, name string, compiled, interpreted []byte, opts Options) (*Differential, error) {
	if opts.Clock {
		return nil, openError(name, fmt.Errorf("%w: Options.Clock: two runs would see two times", wasmffi.ErrNotSupported))
	}
	for _, dir := range opts.Dirs {
		if dir.FS == nil && !dir.ReadOnly {
			return nil, openError(name, fmt.Errorf("%w: directory %q: two runs would change it twice; ReadOnly is allowed", wasmffi.ErrNotSupported, dir.Guest))
		}
	}
	opts = opts.withDefaults()
	opts.Timeout *= timeoutFactor
	if opts.Timeout == 0 {
		opts.Timeout = -1
	}
	d := &Differential{name: name, turn: make(chan struct{}, 1)}
	a, b := opts, opts
	a.Interpreter, b.Interpreter, b.Hooks = false, true, nil
	a.opened = func(l *Library) { d.a = l }
	b.opened = func(l *Library) { d.b = l }
	d.shareStreams(&a, &b)
	d.shareImports(&a, &b)
	var aLib, bLib *Library
	err := d.both(ctx, callee{name: "_initialize"}, func(ctx context.Context) (err error) {
		if aLib, err = openModule(ctx, name, compiled, a); err != nil {
			d.a = nil
		}
		return err
	}, func(ctx context.Context) (err error) {
		if bLib, err = openModule(ctx, name, interpreted, b); err != nil {
			d.b = nil
		}
		return err
	})
	if err != nil {
		for _, l := range []*Library{aLib, bLib} {
			if l != nil {
				_ = l.Close()
			}
		}
		return nil, err
	}
	return d, nil
}

// Name is what the library was opened as.
func (d *Differential) Name() string { return d.name }

// Space is the compiled run's memory.
func (d *Differential) Space() memory.Space { return diffSpace{d} }

// A diffSpace is a space that allocates in both.
type diffSpace struct{ d *Differential }

func (s diffSpace) ABI() *dtype.ABI                      { return dtype.WASM32 }
func (s diffSpace) Lifetime() *memory.Lifetime           { return s.d.a.space.Lifetime() }
func (s diffSpace) ReadAt(p []byte, addr uint64) error   { return s.d.a.space.ReadAt(p, addr) }
func (s diffSpace) WriteAt(p []byte, addr uint64) error  { return s.d.a.space.WriteAt(p, addr) }
func (s diffSpace) Bytes(addr, n uint64) ([]byte, error) { return s.d.a.space.Bytes(addr, n) }

func (s diffSpace) Alloc(size, align uint64) (addr uint64, err error) {
	var other uint64
	err = s.d.both(nil, callee{name: "malloc"}, func(context.Context) (err error) {
		addr, err = s.d.a.space.Alloc(size, align)
		return err
	}, func(context.Context) (err error) {
		other, err = s.d.b.space.Alloc(size, align)
		return err
	}, func() *DifferenceError { return differs("result", inHex(addr), inHex(other)) })
	return addr, err
}

func (s diffSpace) Free(addr uint64) error {
	return s.d.both(nil, callee{name: "free"},
		func(context.Context) error { return s.d.a.space.Free(addr) },
		func(context.Context) error { return s.d.b.space.Free(addr) })
}

// Lookup finds an exported function or variable.
func (d *Differential) Lookup(name string) (wasmffi.Symbol, error) { return d.a.Lookup(name) }

// Symbols are the exported functions and variables.
func (d *Differential) Symbols() iter.Seq[wasmffi.Symbol] { return d.a.Symbols() }

// FuncAt is the function that a C function pointer points to.
func (d *Differential) FuncAt(addr uint64) (wasmffi.Symbol, error) { return d.a.FuncAt(addr) }

// TypeOf is the C type of a function or variable, from the module's debug info.
func (d *Differential) TypeOf(s wasmffi.Symbol) (dtype.Type, error) { return d.a.TypeOf(s) }

// TypeNamed finds a type of the module's C source.
func (d *Differential) TypeNamed(name string) (dtype.Type, error) { return d.a.TypeNamed(name) }

// Address is the C function pointer of a function, or the address of a variable.
func (d *Differential) Address(s wasmffi.Symbol) (addr uint64, err error) {
	var other uint64
	err = d.both(nil, callee{name: s.Name}, func(context.Context) (err error) {
		addr, err = d.a.Address(s)
		return err
	}, func(context.Context) (err error) {
		other, err = d.b.Address(s)
		return err
	}, func() *DifferenceError { return differs("address", inHex(addr), inHex(other)) })
	return addr, err
}

// VaList reads the arguments of a va_list.
func (d *Differential) VaList(words []uint64) (wasmffi.VaArgs, error) { return d.a.VaList(words) }

// Flush writes what C's stdio has buffered, in both.
func (d *Differential) Flush() error {
	return d.both(nil, callee{name: "fflush"},
		func(context.Context) error { return d.a.Flush() },
		func(context.Context) error { return d.b.Flush() })
}

// Close ends both libraries: see [Library.Close].
func (d *Differential) Close() error {
	if err := d.a.Close(); err != nil {
		return err
	}
	return d.b.Close()
}

// Prepare makes a plan of calls in both.
func (d *Differential) Prepare(fn wasmffi.Symbol, sig *dtype.Func) (wasmffi.Callable, error) {
	c := &diffCallable{d: d, name: fn.Name, sig: sig}
	err := d.both(nil, callee{name: fn.Name}, func(context.Context) (err error) {
		c.a, err = d.a.Prepare(fn, sig)
		return err
	}, func(context.Context) (err error) {
		c.b, err = d.b.Prepare(fn, sig)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// A diffCallable is a plan in both.
type diffCallable struct {
	d    *Differential
	a, b wasmffi.Callable
	name string
	sig  *dtype.Func
}

// Call makes the call in both. The blocks are Go's memory for both, one after the
// other: where they lie tells the backend how to arrange them. The frame may be on
// the caller's stack, so that nothing here may refer to it: both have copies.
func (c *diffCallable) Call(f *wasmffi.Frame) error {
	a, b := copyFrame(f), copyFrame(f)
	err := c.call(f.Ctx, a, b)
	copy(f.Words, a.Words)
	f.Errno = a.Errno
	return err
}

func copyFrame(f *wasmffi.Frame) *wasmffi.Frame {
	g := *f
	g.Words = slices.Clone(f.Words)
	return &g
}

func (c *diffCallable) call(ctx context.Context, a, b *wasmffi.Frame) error {
	blocks := a.Blocks
	before := blockData(blocks)
	var after [][]byte
	return c.d.both(ctx, callee{c.name, c.sig, a.Words}, func(ctx context.Context) error {
		a.Ctx = ctx
		err := c.a.Call(a)
		after = blockData(blocks)
		return err
	}, func(ctx context.Context) error {
		if after != nil { // else it is still what it was
			setBlockData(blocks, before)
		}
		b.Ctx = ctx
		return c.b.Call(b)
	}, func() *DifferenceError {
		diff := differWords(c.sig, a, b)
		if diff == nil {
			diff = differBlocks(after, blockData(blocks))
		}
		setBlockData(blocks, after)
		return diff
	})
}

func blockData(blocks []memory.Block) [][]byte {
	data := make([][]byte, len(blocks))
	for i, b := range blocks {
		data[i] = append([]byte(nil), b.Data...)
	}
	return data
}

func setBlockData(blocks []memory.Block, data [][]byte) {
	for i, b := range blocks {
		copy(b.Data, data[i])
	}
}

// Callback makes a C function pointer in both, which have the same address.
func (d *Differential) Callback(spec wasmffi.CallbackSpec) (wasmffi.Callback, error) {
	a, b := d.share(spec)
	cb := &diffCallback{d: d}
	err := d.both(nil, callee{name: "callback"}, func(context.Context) (err error) {
		cb.a, err = d.a.Callback(a)
		return err
	}, func(context.Context) (err error) {
		cb.b, err = d.b.Callback(b)
		return err
	}, func() *DifferenceError {
		return differs("function pointer", inHex(cb.a.Address()), inHex(cb.b.Address()))
	})
	if err != nil {
		return nil, err
	}
	return cb, nil
}

// A diffCallback is a callback in both.
type diffCallback struct {
	d    *Differential
	a, b wasmffi.Callback
	once sync.Once
}

func (c *diffCallback) Address() uint64 { return c.a.Address() }

func (c *diffCallback) Free() error {
	c.once.Do(func() {
		leave, err := c.d.enter(nil)
		if err != nil {
			return // never: there is no context
		}
		defer leave()
		_, _ = c.a.Free(), c.b.Free() // never fail
	})
	return nil
}
