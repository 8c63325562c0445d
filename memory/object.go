package memory

import (
	"errors"
	"fmt"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// An object is what an arena made at once: a C object, and all that it points
// to.
type object struct {
	life   Lifetime
	arena  *Arena
	typ    dtype.Type
	addr   uint64
	size   uint64
	pieces []piece
	site   site // who made it, where leaks are looked for
}

// A piece is memory that a space gave.
type piece struct {
	addr uint64
	free func() error // nil for the space's Free
}

// newObject starts an object, with a lease that the caller gives back when it
// has its memory.
func (a *Arena) newObject(t dtype.Type) (*object, error) {
	o := &object{arena: a, typ: t, site: a.watch.site()}
	o.life.object = o
	err := o.life.startIn(a.life)
	if err == nil {
		err = o.life.Acquire()
	}
	if err != nil {
		return nil, &Error{Op: "alloc", Err: err}
	}
	a.mu.Lock()
	a.objects[o] = struct{}{}
	a.mu.Unlock()
	return o, nil
}

// alloc gets memory for the object while it is made.
func (o *object) alloc(size, align uint64) (uint64, error) {
	p, err := o.arena.allocate(size, align)
	if err != nil {
		return 0, err
	}
	o.arena.mu.Lock()
	o.pieces = append(o.pieces, p)
	o.arena.mu.Unlock()
	return p.addr, nil
}

// allocate gets memory from the arena's space.
func (a *Arena) allocate(size, align uint64) (piece, error) {
	if a.options.Guarded {
		addr, free, err := a.space.(Guarder).AllocGuarded(size, align)
		return piece{addr, free}, err
	}
	addr, err := a.space.Alloc(size, align)
	return piece{addr: addr}, err
}

func (a *Arena) freePieces(pieces []piece) error {
	if _, shared := a.space.(Sharer); !shared && a.space.Lifetime().Ended() {
		return nil // it has gone with the space
	}
	var errs []error
	for _, p := range pieces {
		if p.free != nil {
			errs = append(errs, p.free())
		} else {
			errs = append(errs, a.space.Free(p.addr))
		}
	}
	return errors.Join(errs...)
}

// end ends the object's lifetime and frees its memory when no lease of it is
// held any more. It returns ErrEnded if it is over, and what freeing gave if
// that was at once.
func (o *object) end() error {
	freed := make(chan error, 1)
	a := o.arena
	ended := o.life.End(func() {
		a.mu.Lock()
		delete(a.objects, o)
		pieces := o.pieces
		a.mu.Unlock()
		freed <- a.freePieces(pieces)
	})
	if !ended {
		return fmt.Errorf("%w: freed before", ErrEnded)
	}
	select {
	case err := <-freed:
		return err
	default:
		return nil
	}
}

// Free ends an object of the arena and frees its memory, and that of what was
// made with it, as soon as no lease of it is held any more. v is the view that
// the arena gave, or one of the whole object. Freeing an object twice is an
// error wrapping ErrEnded, freeing what is not an object of this arena one
// wrapping ErrType. As with C's free, pointers in C's memory that still lead
// there dangle, but for those that Go stored in memory of another arena: for
// their sake what they point to is not released before that is closed.
func (a *Arena) Free(v View) error {
	o, err := a.objectOf(v)
	if err == nil {
		err = o.end()
	}
	if err != nil {
		return v.fail("free", err)
	}
	return nil
}

// objectOf is the object that v views the whole of.
func (a *Arena) objectOf(v View) (*object, error) {
	switch {
	case v.space == nil:
		return nil, ErrNull
	case v.life.object == nil || v.life.object.arena != a:
		return nil, fmt.Errorf("%w: no object of this arena", ErrType)
	case v.isBitField() || v.addr != v.life.object.addr:
		return nil, fmt.Errorf("%w: not the whole object", ErrType)
	}
	return v.life.object, nil
}

// Resize makes room for n elements of an array that the arena made, or of the
// flexible array that a struct ends in, as C's realloc does. What there was is
// kept as far as it fits; new elements are zero. The object moves: v and all
// other views of the old one are errors wrapping ErrEnded afterwards, and what
// C's pointers lead to there is gone. If there is no memory the old object
// stays.
func (a *Arena) Resize(v View, n uint64) (View, error) {
	old, err := a.objectOf(v)
	if err != nil {
		return View{}, v.fail("resize", err)
	}
	t, size, err := resized(a.space.ABI(), v.typ, n)
	if err != nil {
		return View{}, v.fail("resize", err)
	}
	data, err := v.Bytes()
	if err != nil {
		return View{}, err
	}
	align, err := a.space.ABI().Align(t)
	if err != nil {
		return View{}, v.fail("resize", err)
	}
	room := make([]byte, size)
	copy(room, data)
	w, err := a.place(t, []Block{{Data: room, Align: align}}, a.life.keptIn(v.addr, v.addr+v.size)...)
	if err != nil {
		return View{}, v.fail("resize", err)
	}
	if err := old.end(); err != nil { // freed meanwhile
		return View{}, errors.Join(v.fail("resize", err), a.Free(w))
	}
	return w, nil
}

// resized is the type and size of t with n elements.
func resized(abi *dtype.ABI, t dtype.Type, n uint64) (dtype.Type, uint64, error) {
	if array, ok := dtype.Resolve(t).(*dtype.Array); ok {
		t, err := dtype.ArrayOf(array.Elem(), n)
		if err != nil {
			return nil, 0, err
		}
		size, err := abi.Size(t)
		return t, size, err
	}
	ms, err := membersOf(abi, t)
	if err != nil {
		return nil, 0, err
	}
	if !endsFlexible(t) || ms == nil {
		return nil, 0, fmt.Errorf("%w: %v is of one size", ErrType, t)
	}
	last := ms.list[len(ms.list)-1]
	elem := dtype.Resolve(last.typ).(*dtype.Array).Elem()
	array, err := dtype.ArrayOf(elem, n)
	if err != nil {
		return nil, 0, err
	}
	size, err := abi.Size(array)
	if err != nil {
		return nil, 0, err
	}
	own, err := abi.Size(t)
	return t, max(own, last.offset+size), err
}

// keptIn is what pointers in the bytes from slot up to end keep alive.
func (l *Lifetime) keptIn(slot, end uint64) []*Lifetime {
	keeping.Lock()
	defer keeping.Unlock()
	var targets []*Lifetime
	for at, ks := range l.keeps {
		if slot <= at && at < end {
			for _, k := range ks {
				targets = append(targets, k.life)
			}
		}
	}
	return slices.Clip(targets)
}
