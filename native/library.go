//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A library is a shared library that is loaded.
type library struct {
	name    string
	space   processSpace
	symbols *symbols
	debug   debugFiles
	// unload gives the loader's handle back; nil where that is not for us to do.
	unload func() error

	options Options
	state   libraryState
	poison  atomic.Pointer[error] // why the library is poisoned

	mu        sync.Mutex
	found     map[string]wasmffi.Symbol
	plans     map[*dtype.Func]*plan // of callbacks, which may live for one call only
	callbacks map[*callback]struct{}
	done      chan struct{} // made by Close, closed when it has finished
}

var (
	_ wasmffi.Library = (*library)(nil)
	_ wasmffi.Flusher = (*library)(nil)
)

func newLibrary(name string, handle uintptr, path string, o Options, unload func() error) *library {
	symbols := newSymbols(handle, path)
	l := &library{name: name, unload: unload, symbols: symbols, debug: debugFiles{path: symbols.path},
		found: map[string]wasmffi.Symbol{}, plans: map[*dtype.Func]*plan{}, callbacks: map[*callback]struct{}{}, options: o}
	if o.NoFaultGuard {
		l.state.unguarded = 1
	}
	return l
}

// Name implements wasmffi.Library.
func (l *library) Name() string { return l.name }

// Space implements wasmffi.Library.
func (l *library) Space() memory.Space { return &l.space }

// check is an error once the library is closed.
func (l *library) check() error {
	if atomic.LoadUint32(&l.state.refuses)&refusesClosed != 0 {
		return wasmffi.ErrClosed
	}
	return nil
}

// Lookup implements wasmffi.Library. A name may carry a version, as in
// "memcpy@GLIBC_2.2.5". What the library itself does not define is looked for
// in those it was linked with, as dlsym does.
func (l *library) Lookup(name string) (wasmffi.Symbol, error) {
	if err := wasmffi.Audit(wasmffi.AuditEvent{Op: wasmffi.AuditLookup, Library: l.name, Symbol: name}); err != nil {
		return wasmffi.Symbol{}, err
	}
	if err := l.check(); err != nil {
		return wasmffi.Symbol{}, err
	}
	l.mu.Lock()
	sym, ok := l.found[name]
	l.mu.Unlock()
	if ok {
		return sym, nil
	}
	sym, err := l.symbols.lookup(name)
	if err != nil {
		return wasmffi.Symbol{}, err
	}
	l.mu.Lock()
	l.found[name] = sym
	l.mu.Unlock()
	return sym, nil
}

// Symbols implements wasmffi.Library.
func (l *library) Symbols() iter.Seq[wasmffi.Symbol] {
	return func(yield func(wasmffi.Symbol) bool) {
		if l.check() != nil {
			return
		}
		l.symbols.all(yield)
	}
}

// FuncAt implements wasmffi.Library.
func (l *library) FuncAt(addr uint64) (wasmffi.Symbol, error) {
	if err := l.check(); err != nil {
		return wasmffi.Symbol{}, err
	}
	if err := l.space.ReadAt(make([]byte, 1), addr); err != nil {
		return wasmffi.Symbol{}, err
	}
	sym := wasmffi.Symbol{Addr: addr}
	if name, start, ok := symbolAt(uintptr(addr)); ok && start == uintptr(addr) {
		sym.Name = name
	}
	return sym, nil
}

// Address implements wasmffi.Library.
func (l *library) Address(s wasmffi.Symbol) (uint64, error) {
	if err := l.check(); err != nil {
		return 0, err
	}
	if s.Addr != 0 {
		return s.Addr, nil
	}
	s, err := l.Lookup(s.Name)
	return s.Addr, err
}

// Prepare implements wasmffi.Library.
func (l *library) Prepare(fn wasmffi.Symbol, sig *dtype.Func) (wasmffi.Callable, error) {
	c, err := l.prepare(fn, sig)
	if err != nil {
		return nil, err
	}
	if c.fewWords() {
		return wasmffi.HookCallable(l.options.Hooks, l, fn, sig, &fewCallable{*c}), nil
	}
	return wasmffi.HookCallable(l.options.Hooks, l, fn, sig, c), nil
}

func (l *library) prepare(fn wasmffi.Symbol, sig *dtype.Func) (*callable, error) {
	addr, err := l.Address(fn)
	if err != nil {
		return nil, err
	}
	p, err := newPlan(hostConvention, sig)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dtype.Declare(sig, fn.Name), err)
	}
	return newCallable(l, p, uintptr(addr)), nil
}

// Callback implements wasmffi.Library.
func (l *library) Callback(spec wasmffi.CallbackSpec) (wasmffi.Callback, error) {
	wasmffi.HookCallback(l.options.Hooks, l, &spec)
	cb := &callback{lib: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.check(); err != nil { // under the lock: Close frees what is there
		return nil, err
	}
	p, err := l.callbackPlan(spec.Sig)
	if err != nil {
		return nil, fmt.Errorf("callback %v: %w", spec.Sig, err)
	}
	if cb.slot, err = thunks.bind(&target{spec: spec, plan: p}); err != nil {
		return nil, err
	}
	l.callbacks[cb] = struct{}{}
	return cb, nil
}

// maxPlans is how many plans of callbacks a library keeps.
const maxPlans = 256

// callbackPlan is the plan for callbacks of a signature. l.mu is held.
func (l *library) callbackPlan(sig *dtype.Func) (*plan, error) {
	if p, ok := l.plans[sig]; ok {
		return p, nil
	}
	p, err := newCallbackPlan(hostConvention, sig)
	if err != nil {
		return nil, err
	}
	if len(l.plans) >= maxPlans {
		clear(l.plans)
	}
	l.plans[sig] = p
	return p, nil
}

// Flush implements wasmffi.Flusher.
func (l *library) Flush() error {
	if err := l.refusal(); err != nil {
		return err
	}
	return Flush()
}

// A callback is a thunk in use.
type callback struct {
	lib   *library
	slot  *slot
	freed atomic.Bool
}

// Address implements wasmffi.Callback.
func (c *callback) Address() uint64 { return uint64(c.slot.code) }

// Free implements wasmffi.Callback.
func (c *callback) Free() error {
	if c.freed.CompareAndSwap(false, true) {
		thunks.unbind(c.slot)
		c.lib.mu.Lock()
		delete(c.lib.callbacks, c)
		c.lib.mu.Unlock()
	}
	return nil
}
