package memory

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/wasmffi/wasmffi/dtype"
)

// An Arena owns C memory: Close frees all that was made in it at once and ends
// the views of it. When the space ends first, the memory goes with it. An Arena
// is safe for concurrent use.
type Arena struct {
	// Other is the [Encoder]'s Other for the values that are made in the arena
	// or stored by it. It is set before the arena is used.
	Other func(v reflect.Value, t dtype.Type) (uint64, error)

	space Space
	life  *Lifetime

	mu    sync.Mutex // guards addrs
	addrs []uint64   // what the space gave, to be freed
}

// NewArena makes an arena in a space. In a space that has ended, what it makes
// gives errors wrapping ErrEnded.
func NewArena(space Space) *Arena {
	life, err := NewLifetime(space.Lifetime())
	if err != nil {
		life = &Lifetime{}
		life.End(nil)
	}
	return &Arena{space: space, life: life}
}

// Space is where the arena's memory is.
func (a *Arena) Space() Space { return a.space }

// Lifetime is that of the arena's memory.
func (a *Arena) Lifetime() *Lifetime { return a.life }

// Alloc gives size bytes at a multiple of align, contents undefined.
func (a *Arena) Alloc(size, align uint64) (uint64, error) {
	if err := a.life.Acquire(); err != nil {
		return 0, &Error{Op: "alloc", Err: err}
	}
	defer a.life.Release() // so that Close waits, and finds the address
	addr, err := a.space.Alloc(size, align)
	if err != nil {
		return 0, err
	}
	a.mu.Lock()
	a.addrs = append(a.addrs, addr)
	a.mu.Unlock()
	return addr, nil
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
	return a.place(t, e.Blocks)
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
// [View.Store] does. What the value points to is made in the arena: C must not
// follow the pointers once that is closed.
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
		_, err = a.put(e.Blocks, v.addr)
	}
	if err != nil {
		return v.fail("store", err)
	}
	return nil
}

// Close frees the arena's memory, as soon as no lease of it is held any more.
// Closing twice is no error.
func (a *Arena) Close() error {
	freed := make(chan error, 1)
	a.life.End(func() {
		var errs []error
		for _, addr := range a.addrs {
			errs = append(errs, a.space.Free(addr))
		}
		freed <- errors.Join(errs...)
	})
	select {
	case err := <-freed:
		return err
	default: // later, or with the space
		return nil
	}
}
