package memory

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/wasmffi/wasmffi/dtype"
)

// An Arena owns C memory: Close frees all that was made in it at once and ends
// the views of it. When the space ends first, the memory goes with it.
//
// An Arena is shared: any goroutine may use it and close it, and memory that
// one is using is not released before it has done with it. A scoped one, which
// ends with a function, is what [Scoped] gives.
//
// Each object has a lifetime of its own, inside the arena's: [Arena.Free] ends
// one object, and views of it are errors wrapping ErrEnded from then on, also
// when its address is given out again.
type Arena struct {
	// Other is the [Encoder]'s Other for the values that are made in the arena
	// or stored by it. It is set before the arena is used.
	Other func(v reflect.Value, t dtype.Type) (uint64, error)

	space   Space
	life    *Lifetime
	options ArenaOptions
	watch   *leakWatch // nil unless leaks are looked for

	mu      sync.Mutex // guards what follows
	loose   []piece    // what Alloc gave
	objects map[*object]struct{}
	failed  error // what freeing them gave
}

// ArenaOptions say how an arena gets its memory.
type ArenaOptions struct {
	// Guarded puts each object between pages that cannot be accessed, so that C
	// that runs over its end faults at once. Bytes between the object and the
	// page, which alignment may need, are looked at when it is freed: that C
	// wrote there is an error then, wrapping ErrOutOfBounds. It takes pages of
	// memory and microseconds for each object, and a [Guarder]: the process's
	// memory on Linux and macOS.
	Guarded bool
}

// NewArena makes an arena in a space. In a space that has ended, what it makes
// gives errors wrapping ErrEnded.
func NewArena(space Space) *Arena {
	a := &Arena{space: space, objects: map[*object]struct{}{}}
	life, err := NewLifetime(space.Lifetime())
	if err == nil {
		_, err = life.OnEnd(a.free)
	}
	if err != nil {
		life = &Lifetime{}
		life.End(nil)
	}
	a.life, a.watch = life, watchOf(space)
	a.watch.opened(a)
	return a
}

// NewArenaWith is [NewArena] with options. It returns an error wrapping
// ErrNotSupported if the space has no such memory.
func NewArenaWith(space Space, options ArenaOptions) (*Arena, error) {
	if _, ok := space.(Guarder); options.Guarded && !ok {
		return nil, &Error{Op: "arena", Err: fmt.Errorf("%w: guarded memory", ErrNotSupported)}
	}
	a := NewArena(space)
	a.options = options
	return a, nil
}

// Scoped calls f with an arena that is closed when f has returned, and returns
// both errors. What is made in it does not outlive the call.
func Scoped(space Space, f func(a *Arena) error) (err error) {
	a := NewArena(space)
	defer func() { err = errors.Join(err, a.Close()) }()
	return f(a)
}

// Space is where the arena's memory is.
func (a *Arena) Space() Space { return a.space }

// Lifetime is that of the arena's memory. What else the arena is to own can be
// freed by its [Lifetime.OnEnd].
func (a *Arena) Lifetime() *Lifetime { return a.life }

// Alloc gives size bytes at a multiple of align, contents undefined. They are
// freed with the arena.
func (a *Arena) Alloc(size, align uint64) (uint64, error) {
	if err := a.life.Acquire(); err != nil {
		return 0, &Error{Op: "alloc", Err: err}
	}
	defer a.life.Release() // so that Close waits, and finds the address
	p, err := a.allocate(size, align)
	if err != nil {
		return 0, err
	}
	a.mu.Lock()
	a.loose = append(a.loose, p)
	a.mu.Unlock()
	return p.addr, nil
}

// New makes a zeroed object of type t.
func (a *Arena) New(t dtype.Type) (View, error) {
	l, err := a.space.ABI().Layout(t)
	if err != nil {
		return View{}, err
	}
	return a.place(t, []Block{{Data: make([]byte, l.Size), Align: l.Align}})
}

// NewArray makes a zeroed array of n elements of type t.
func (a *Arena) NewArray(t dtype.Type, n uint64) (View, error) {
	array, err := dtype.ArrayOf(t, n)
	if err != nil {
		return View{}, err
	}
	return a.New(array)
}

// NewOf makes a C object with the value of a Go one, and all that this points
// to: see [dtype.FromGo] for its type. A slice makes an array of its elements,
// a string an array of char with a NUL, a pointer the object it points to.
func (a *Arena) NewOf(value any) (View, error) {
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Invalid:
		return View{}, &Error{Op: "new", Err: fmt.Errorf("%w: nil has no C type", ErrType)}
	case reflect.String:
		return a.CString(v.String())
	case reflect.Pointer:
		if v.IsNil() {
			return View{}, &Error{Op: "new", Err: fmt.Errorf("%w: Go %v", ErrNull, v.Type())}
		}
		v = v.Elem()
	}
	t, err := typeOf(v)
	if err != nil {
		return View{}, err
	}
	return a.newValue(t, v)
}

// typeOf is the C type of a Go value: that of its Go type, but an array for a
// slice.
func typeOf(v reflect.Value) (dtype.Type, error) {
	if v.Kind() != reflect.Slice {
		return dtype.FromGo(v.Type())
	}
	elem, err := dtype.FromGo(v.Type().Elem())
	if err != nil {
		return nil, err
	}
	return dtype.ArrayOf(elem, uint64(v.Len()))
}

// NewValue makes a C object of type t with a Go value, converted as
// [Encoder.Value] does, and all that this points to. A struct that ends in a
// flexible array has room for the elements given.
func (a *Arena) NewValue(t dtype.Type, value any) (View, error) {
	return a.newValue(t, reflect.ValueOf(value))
}

func (a *Arena) newValue(t dtype.Type, v reflect.Value) (View, error) {
	l, err := a.space.ABI().Layout(t)
	if err != nil {
		return View{}, err
	}
	e := Encoder{ABI: a.space.ABI(), Space: a.space, Other: a.Other}
	defer e.release()
	size, err := sizeFor(e.ABI, t, l, v)
	if err != nil {
		return View{}, asError("new", t, err)
	}
	e.Blocks = []Block{{Data: make([]byte, size), Align: l.Align}}
	if err := e.value(place{data: e.Blocks[0].Data}, v, t); err != nil {
		return View{}, err
	}
	return a.place(t, e.Blocks, e.leases...)
}

// CString makes a NUL-terminated copy of s, which must have no NUL in it.
func (a *Arena) CString(s string) (View, error) {
	e := Encoder{ABI: a.space.ABI()}
	block, err := e.stringBlock(s, dtype.CChar)
	if err != nil {
		return View{}, asError("new", dtype.PointerTo(dtype.CChar), err)
	}
	t, err := dtype.ArrayOf(dtype.CChar, uint64(len(e.Blocks[block].Data)))
	if err != nil {
		return View{}, err
	}
	return a.place(t, e.Blocks)
}

// Store stores a Go value in an object that lies elsewhere in C's memory, as
// [View.Store] does. What the value points to is made in the arena, and is not
// freed before the object is.
func (a *Arena) Store(v View, value any) error {
	x := reflect.ValueOf(value)
	if v.space == nil || v.isBitField() || !x.IsValid() {
		return v.store(x)
	}
	if err := v.acquire("store"); err != nil {
		return err
	}
	defer v.life.Release()
	if !sharesWith(v.space, a.space) {
		return v.fail("store", fmt.Errorf("%w: a pointer into another space", ErrType))
	}
	e := Encoder{ABI: v.space.ABI(), Space: v.space, Other: a.Other}
	defer e.release()
	data := make([]byte, v.size)
	e.Blocks = []Block{{Data: data}}
	k, err := codecFor(e.ABI, x.Type(), v.typ, v.from.big)
	if err == nil {
		err = k.encode(&e, place{data: data}, x)
	}
	if err == nil {
		targets := e.leases
		if len(e.Blocks) > 1 {
			targets = append(slices.Clone(targets), a.life)
		}
		err = v.storeWith(targets, func() error {
			_, err := a.put(a.Alloc, e.Blocks, v.addr)
			return err
		})
	}
	if err != nil {
		return v.fail("store", err)
	}
	return nil
}

// Close frees the arena's memory, as soon as no lease of it is held any more:
// then it is too late to tell of errors. Closing twice is no error.
func (a *Arena) Close() error {
	a.watch.closed(a)
	if !a.life.End(nil) {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed
}

// free runs when the arena's lifetime is over and no lease is held any more.
func (a *Arena) free() {
	a.mu.Lock()
	pieces := a.loose
	for o := range a.objects {
		pieces = append(pieces, o.pieces...)
	}
	a.loose, a.objects = nil, nil
	a.mu.Unlock()
	slices.SortFunc(pieces, func(p, q piece) int { return cmp.Compare(p.addr, q.addr) })
	err := a.freePieces(pieces)
	a.mu.Lock()
	a.failed = err
	a.mu.Unlock()
}
