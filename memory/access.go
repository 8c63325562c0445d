package memory

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/wasmffi/wasmffi/dtype"
)

// Bytes is a copy of the bytes.
func (v View) Bytes() ([]byte, error) {
	if err := v.checkSize("load"); err != nil {
		return nil, err
	}
	b := make([]byte, v.size)
	return b, v.readAt("load", b, v.addr)
}

// checkSize checks that a large object is mapped before Go memory is made for
// it: its size may have come from C.
func (v View) checkSize(op string) error {
	if v.size <= 1<<16 || v.space == nil {
		return nil
	}
	if err := (Pointer{space: v.space, life: v.life, addr: v.addr}).mapped(v.size); err != nil {
		return v.fail(op, err)
	}
	return nil
}

// Use lends the bytes, shared with C, to f. They must not be used after f has
// returned. The memory is not released while f runs.
func (v View) Use(f func(b []byte) error) error {
	if err := v.acquire("use"); err != nil {
		return err
	}
	defer v.life.Release()
	b, err := v.space.Bytes(v.addr, v.size)
	if err != nil {
		return v.fail("use", err)
	}
	if g, ok := v.space.(FaultGuard); ok {
		return useGuarded(v, g, f, b)
	}
	return f(b)
}

// useGuarded calls f with what it is lent, where using it may fault.
func useGuarded[S any](v View, g FaultGuard, f func(S) error, lent S) error {
	var own error
	err := g.Guard(v.addr, v.size, func() error {
		own = f(lent)
		return own
	})
	if err != nil && own == nil {
		return v.fail("use", err)
	}
	return err
}

// Load is the object as the Go value natural for it, as [DecodeAny] says.
// Pointers in it are valid as long as the view's arena or library.
func (v View) Load() (any, error) {
	if s, ok := v.scalar(); ok {
		w, err := v.loadWord(s)
		if err != nil {
			return nil, v.fail("load", err)
		}
		if p, ok := dtype.Resolve(v.typ).(*dtype.Pointer); ok {
			d := decoder{space: v.space, life: v.life}
			return d.pointer(p, w), nil
		}
		declared, _ := cScalar(v.space.ABI(), v.typ)
		return declared.natural(w), nil
	}
	data, err := v.Bytes()
	if err != nil {
		return nil, err
	}
	d := decoder{abi: v.space.ABI(), space: v.space, life: v.life}
	x, err := d.natural(v.typ, data, v.from.big)
	if err != nil {
		return nil, v.fail("load", err)
	}
	return x, nil
}

// Store converts a Go value and stores it, as [Encoder.Value] does. Values that
// hold Go strings, slices or pointers where C has pointers need memory of their
// own: see [Arena.NewOf].
func (v View) Store(x any) error { return v.store(reflect.ValueOf(x)) }

func (v View) store(x reflect.Value) error {
	if v.space == nil {
		return v.fail("store", ErrNull)
	}
	e := Encoder{ABI: v.space.ABI(), Space: v.space}
	defer e.release()
	if s, ok := v.scalar(); ok {
		if isReference(x) {
			return v.fail("store", noRoom(x, v.typ))
		}
		w, err := e.scalar(x, v.typ)
		if err == nil {
			w, err = v.checkBits(w)
		}
		if err == nil {
			err = v.storeWith(e.leases, func() error { return v.storeWord(s, w) })
		}
		if err != nil {
			return v.fail("store", err)
		}
		return nil
	}
	data := make([]byte, v.size)
	if err := v.encode(&e, data, x); err != nil {
		return v.fail("store", err)
	}
	if len(e.Blocks) > 0 {
		return v.fail("store", noRoom(x, v.typ))
	}
	if err := v.storeWith(e.leases, func() error { return v.write(data) }); err != nil {
		return v.fail("store", err)
	}
	return nil
}

// storeWith runs write, which stores a value that may have pointers in it, to
// memory with these lifetimes, and keeps that alive for the view's. The error
// has no path yet.
func (v View) storeWith(targets []*Lifetime, write func() error) error {
	if len(targets) == 0 && !hasPointers(v.typ) {
		return write()
	}
	if err := v.life.Acquire(); err != nil {
		return err
	}
	defer v.life.Release()
	end := v.addr + v.size
	if _, single := dtype.Resolve(v.typ).(*dtype.Pointer); single {
		end = v.addr + 1
	}
	return v.life.storePointers(v.addr, end, targets, write)
}

// put stores a value that came from src.
func (v View) put(op string, r raw, src View) error {
	var targets []*Lifetime
	if hasPointers(v.typ) {
		targets = []*Lifetime{src.life}
	}
	err := v.storeWith(targets, func() error {
		if s, ok := v.scalar(); ok {
			return v.storeWord(s, r.word)
		}
		return v.write(r.data)
	})
	if err != nil {
		return v.fail(op, err)
	}
	return nil
}

// write replaces the object's bytes. The error has no path yet.
func (v View) write(data []byte) error {
	if err := v.life.Acquire(); err != nil {
		return err
	}
	defer v.life.Release()
	return v.space.WriteAt(data, v.addr)
}

func (v View) encode(e *Encoder, data []byte, x reflect.Value) error {
	if x.Kind() == reflect.Interface {
		x = x.Elem()
	}
	if !x.IsValid() {
		return noValue(v.typ)
	}
	k, err := codecFor(e.ABI, x.Type(), v.typ, v.from.big)
	if err != nil {
		return err
	}
	return k.encode(e, place{data, -1, 0}, x)
}

func noRoom(x reflect.Value, t dtype.Type) error {
	return fmt.Errorf("%w: a Go %v for %v needs memory of its own", ErrType, x.Type(), t)
}

// scalar is the scalar that the view is, with the width of a bit-field; false
// if the view is of nothing or not accessed by words.
func (v View) scalar() (scalar, bool) {
	if v.space == nil {
		return scalar{}, false
	}
	s, ok := cScalar(v.space.ABI(), v.typ)
	if n := v.from.bits.n; n > 0 {
		s.bits = n
	}
	return s, ok
}

// checkBits checks a word of the view's C type against a bit-field's width.
func (v View) checkBits(w uint64) (uint64, error) {
	if !v.isBitField() {
		return w, nil
	}
	from, _ := cScalar(v.space.ABI(), v.typ)
	to, _ := v.scalar()
	bits, err := convert(w, from, to)
	if err != nil {
		return 0, convertError(err, w, from, to, cName(v.typ, 0), cName(v.typ, to.bits))
	}
	return bits, nil
}

// scratch holds the bytes of scalars on their way to and from a space, which
// may be of any type: bytes of our own frame would move to the heap.
var scratch = sync.Pool{New: func() any { return new([16]byte) }}

// word reads a view of a scalar. The error has no path yet.
func (v View) word() (uint64, error) {
	s, ok := v.scalar()
	if !ok {
		return 0, fmt.Errorf("%w: %v is no scalar of one word", ErrType, v.typ)
	}
	return v.loadWord(s)
}

// loadWord reads the scalar s that the view is.
func (v View) loadWord(s scalar) (w uint64, err error) {
	if err := v.life.Acquire(); err != nil {
		return 0, err
	}
	buf := scratch.Get().(*[16]byte)
	addr, b := v.wordBytes(s, buf)
	if err = v.space.ReadAt(b, addr); err == nil {
		if r := v.from.bits; r.n > 0 {
			w = s.canonical(loadBits(b, bitRange{r.first % 8, r.n}, v.from.big))
		} else {
			w = s.load(b, v.from.big)
		}
	}
	scratch.Put(buf)
	v.life.Release()
	return w, err
}

// storeWord writes the scalar s that the view is; of a bit-field's bytes the
// other bits are kept.
func (v View) storeWord(s scalar, w uint64) error {
	err := v.life.Acquire()
	if err != nil {
		return err
	}
	buf := scratch.Get().(*[16]byte)
	addr, b := v.wordBytes(s, buf)
	if r := v.from.bits; r.n > 0 {
		if err = v.space.ReadAt(b, addr); err == nil {
			storeBits(b, bitRange{r.first % 8, r.n}, v.from.big, w)
		}
	} else {
		s.store(b, v.from.big, w)
	}
	if err == nil {
		err = v.space.WriteAt(b, addr)
	}
	scratch.Put(buf)
	v.life.Release()
	return err
}

// wordBytes is where a scalar's bytes are in the space, and room for them.
func (v View) wordBytes(s scalar, buf *[16]byte) (addr uint64, b []byte) {
	if v.from.bits.n > 0 {
		first, n := v.from.bits.bytes()
		return v.addr + first, buf[:n]
	}
	return v.addr, buf[:s.size()]
}

// acquire takes a lease of the memory viewed.
func (v View) acquire(op string) error {
	if v.space == nil {
		return v.fail(op, ErrNull)
	}
	if err := v.life.Acquire(); err != nil {
		return v.fail(op, err)
	}
	return nil
}

func (v View) readAt(op string, b []byte, addr uint64) error {
	if err := v.acquire(op); err != nil {
		return err
	}
	defer v.life.Release()
	if err := v.space.ReadAt(b, addr); err != nil {
		return v.fail(op, err)
	}
	return nil
}

func (v View) writeAt(op string, b []byte, addr uint64) error {
	if err := v.acquire(op); err != nil {
		return err
	}
	defer v.life.Release()
	if err := v.space.WriteAt(b, addr); err != nil {
		return v.fail(op, err)
	}
	return nil
}
