package memory

import (
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

// Load is the object as a T. Numbers are checked against T's range. Structs
// and arrays whose Go bytes are C's are copied as they are.
func Load[T any](v View) (T, error) {
	g, ok := goScalar(reflect.TypeFor[T]())
	c, isWord := v.scalar()
	if !ok || !isWord {
		return loadValue[T](v)
	}
	var x T
	w, err := v.loadWord(c)
	if err != nil {
		return x, v.fail("load", err)
	}
	to, err := convert(w, c, g)
	if err != nil {
		return x, v.fail("load", convertError(err, w, c, g, cName(v.typ, v.from.bits.n), "Go "+reflect.TypeFor[T]().String()))
	}
	putScalar(&x, g.bits, to)
	return x, nil
}

// loadValue is Load for what is no scalar.
func loadValue[T any](v View) (x T, err error) {
	if v.space == nil {
		return x, v.fail("load", ErrNull)
	}
	d := decoder{abi: v.space.ABI(), space: v.space, life: v.life}
	target := reflect.ValueOf(&x).Elem()
	if v.isBitField() {
		natural, err := v.Load()
		if err == nil {
			if target.Kind() != reflect.Interface || target.NumMethod() > 0 {
				return x, v.fail("load", mismatch(target.Type(), v.typ))
			}
			target.Set(reflect.ValueOf(natural))
		}
		return x, err
	}
	k, err := codecFor(d.abi, target.Type(), v.typ, v.from.big)
	if err != nil {
		return x, v.fail("load", err)
	}
	if err := v.checkSize("load"); err != nil {
		return x, err
	}
	if into := goBytes(target, k, v.size); into != nil {
		return x, v.readAt("load", into, v.addr)
	}
	data, err := v.Bytes()
	if err != nil {
		return x, err
	}
	if err := k.decode(&d, target, data); err != nil {
		return x, v.fail("load", err)
	}
	return x, nil
}

// goBytes is the memory of a Go value that a C object of size bytes can be read
// into as it is, or nil. A slice is made for it.
func goBytes(v reflect.Value, k codec, size uint64) []byte {
	var b []byte
	switch k := k.(type) {
	case copyCodec:
		b = valueBytes(v)
	case arrayCodec:
		if !k.copies {
			return nil
		}
		if v.Kind() == reflect.Slice && k.makeSlice(v, int(size)) != nil {
			return nil
		}
		b = k.bytes(v)
	}
	if uint64(len(b)) != size {
		return nil
	}
	return b
}

// Store stores x. See [View.Store].
func Store[T any](v View, x T) error {
	g, ok := goScalar(reflect.TypeFor[T]())
	c, isWord := v.scalar()
	if !ok || !isWord {
		return storeValue(v, x)
	}
	w := takeScalar(&x, g)
	to, err := convert(w, g, c)
	if err != nil {
		return v.fail("store", convertError(err, w, g, c, "Go "+reflect.TypeFor[T]().String(), cName(v.typ, v.from.bits.n)))
	}
	if err := v.storeWord(c, to); err != nil {
		return v.fail("store", err)
	}
	return nil
}

func storeValue[T any](v View, x T) error { return v.store(reflect.ValueOf(&x).Elem()) }

// Use lends the elements of an array, or the one object of another type, to f
// as a slice that shares C's memory. They must not be used after f has
// returned; the memory is not released while f runs. It is an error if T's
// bytes are not the elements' ([dtype.ABI.MatchGo]) or not aligned as Go needs.
func Use[T any](v View, f func(s []T) error) error {
	if v.space == nil {
		return v.fail("use", ErrNull)
	}
	elem, n := v.typ, uint64(1)
	if a, ok := arrayType(v.typ); ok {
		elem, n = a.Elem(), v.Len()
	}
	size, err := sharedAs(v.space.ABI(), reflect.TypeFor[T](), elem, v.from)
	if err != nil {
		return v.fail("use", err)
	}
	if err := v.acquire("use"); err != nil {
		return err
	}
	defer v.life.Release()
	b, err := v.space.Bytes(v.addr, n*size)
	if err != nil {
		return v.fail("use", err)
	}
	s, ok := sliceOf[T](b)
	if !ok {
		return v.fail("use", fmt.Errorf("%w: Go %T needs a multiple of %d", ErrType, *new(T), reflect.TypeFor[T]().Align()))
	}
	if g, ok := v.space.(FaultGuard); ok {
		return useGuarded(v, g, f, s)
	}
	return f(s)
}

// sharedAs checks that C objects of type elem, reached as from says, may be Go
// values of type g in the same memory, and gives their size.
func sharedAs(abi *dtype.ABI, g reflect.Type, elem dtype.Type, from *origin) (size uint64, err error) {
	p, err := pointeeFor(abi, g, elem)
	shared := err == nil && p.inPlace && !isVoid(elem)
	switch {
	case shared && from.bits.n > 0:
		err = fmt.Errorf("%w: bit-field", ErrNotSupported)
	case shared && from.big && p.size > 1:
		err = fmt.Errorf("%w: big-endian", ErrNotSupported)
	case shared:
		return p.size, nil
	default:
		err = abi.MatchGo(g, elem)
	}
	return 0, fmt.Errorf("%w: Go %v cannot share memory with C %v: %w", ErrType, g, elem, err)
}
