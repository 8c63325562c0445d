package memory

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

// A codec converts between one Go type and one C type on one ABI. It is made
// once and used by many goroutines. Its errors are plain, or *Errors with the
// path to the part at fault; the exported functions say the rest.
type codec interface {
	// encode stores v at a place of the C type's size, whose bytes are zero.
	encode(e *Encoder, at place, v reflect.Value) error
	// decode sets v, which is addressable, to the C object in data.
	decode(d *decoder, v reflect.Value, data []byte) error
}

// A place is where a C object is being encoded: its bytes, and where these are
// in the block that owns them, -1 being the frame's words.
type place struct {
	data  []byte
	owner int
	off   uint64
}

// part is the place of n bytes at off in the object.
func (p place) part(off, n uint64) place {
	return place{p.data[off : off+n], p.owner, p.off + off}
}

// A decoder is what codecs need to know besides the bytes.
type decoder struct {
	abi   *dtype.ABI
	space Space
	life  *Lifetime
	// back is set when values return to where they were encoded from: Go
	// strings, slices and pointers stay what they are.
	back bool
}

type codecKey struct {
	abi *dtype.ABI
	g   reflect.Type
	c   dtype.Type
	big bool
}

var codecs cache[codecKey, codec]

// codecFor finds or makes the codec of a Go and a C type. big says that the
// object's scalars are big-endian, as the record they are in declares.
func codecFor(abi *dtype.ABI, g reflect.Type, c dtype.Type, big bool) (codec, error) {
	key := codecKey{abi, g, dtype.Resolve(c), big}
	switch key.c.(type) {
	case *dtype.Array, *dtype.Vector, *dtype.Pointer: // quick to make, and of endless types
		return newCodec(key)
	}
	return codecs.get(key, newCodec)
}

var (
	viewType   = reflect.TypeFor[View]()
	recordType = reflect.TypeFor[Record]()
	bigIntType = reflect.TypeFor[*big.Int]()
	bigFltType = reflect.TypeFor[*big.Float]()
)

// newCodec chooses the codec. Struct and array codecs are made of their
// members' codecs; those of pointers find their elements' when they are used,
// which is what ends the recursion of recursive types.
func newCodec(key codecKey) (codec, error) {
	abi, g, c := key.abi, key.g, key.c
	if pc, ok := c.(*dtype.Pointer); ok {
		return pointerCodec{abi, pc}, nil
	}
	switch {
	case g.Kind() == reflect.Interface && g.NumMethod() == 0:
		return anyCodec{c, key.big}, nil
	case g == viewType:
		return viewCodec{c}, nil
	}
	if cs, ok := cScalar(abi, c); ok {
		if gs, ok := goScalar(g); ok {
			return scalarCodec{g: gs, c: cs, big: key.big, gType: g, cType: c}, nil
		}
		return nil, mismatch(g, c)
	}
	switch c := c.(type) {
	case *dtype.Array:
		return newArrayCodec(key, c)
	case *dtype.Vector:
		return newVectorCodec(key, c)
	}
	if !key.big && abi.MatchGo(g, c) == nil {
		return copyCodec{}, nil
	}
	size, err := abi.Size(c)
	if err != nil {
		return nil, err
	}
	switch c := c.(type) {
	case *dtype.Float:
		if key.big && abi.LongDouble() == dtype.LongDoubleX87 {
			return nil, fmt.Errorf("%w: big-endian %v", ErrNotSupported, c)
		}
		return newLongDoubleCodec(key)
	case *dtype.Int:
		return newInt128Codec(key)
	case *dtype.Complex:
		return newComplexCodec(key, c, size)
	case *dtype.Struct:
		if g.Kind() == reflect.Struct {
			return newStructCodec(key, c)
		}
		return newRecordCodec(key)
	case *dtype.Union:
		if g.Kind() == reflect.Array && g.Elem().Kind() == reflect.Uint8 && uint64(g.Len()) == size {
			return copyCodec{}, nil
		}
		return newRecordCodec(key)
	}
	return nil, mismatch(g, c)
}

// mismatch says that a Go type cannot be converted to or from a C type.
func mismatch(g reflect.Type, c dtype.Type) error {
	return fmt.Errorf("%w: Go %v for C %v", ErrType, g, c)
}

// A copyCodec is for types whose bytes are the same in Go and C.
type copyCodec struct{}

func (copyCodec) encode(_ *Encoder, at place, v reflect.Value) error {
	copy(at.data, valueBytes(addressable(v)))
	return nil
}

func (copyCodec) decode(_ *decoder, v reflect.Value, data []byte) error {
	copy(valueBytes(v), data)
	return nil
}

// addressable is v in memory of its own if it has none.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	p := reflect.New(v.Type()).Elem()
	p.Set(v)
	return p
}

// A scalarCodec is for scalars of one word.
type scalarCodec struct {
	g, c  scalar
	big   bool
	gType reflect.Type
	cType dtype.Type
	width uint8 // of a bit-field, else 0
}

func (k scalarCodec) encode(_ *Encoder, at place, v reflect.Value) error {
	w, err := k.word(v)
	if err == nil {
		k.c.store(at.data, k.big, w)
	}
	return err
}

// word is the C word for a Go scalar.
func (k scalarCodec) word(v reflect.Value) (uint64, error) {
	from := goWord(v)
	w, err := convert(from, k.g, k.c)
	if err != nil {
		return 0, convertError(err, from, k.g, k.c, "Go "+k.gType.String(), cName(k.cType, k.width))
	}
	return w, nil
}

func (k scalarCodec) decode(_ *decoder, v reflect.Value, data []byte) error {
	return k.setWord(v, k.c.load(data, k.big))
}

// setWord sets a Go scalar to a C word.
func (k scalarCodec) setWord(v reflect.Value, w uint64) error {
	to, err := convert(w, k.c, k.g)
	if err != nil {
		return convertError(err, w, k.c, k.g, cName(k.cType, k.width), "Go "+k.gType.String())
	}
	setGoWord(v, to)
	return nil
}

func boolWord(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// cName is what errors call a C type, of a bit-field if width is not 0.
func cName(t dtype.Type, width uint8) string {
	if width == 0 {
		return "C " + t.String()
	}
	return fmt.Sprintf("C %v : %d", t, width)
}

// goWord is the canonical word of a Go scalar.
func goWord(v reflect.Value) uint64 {
	switch {
	case v.CanInt():
		return uint64(v.Int())
	case v.CanUint():
		return v.Uint()
	case v.Kind() == reflect.Bool:
		return boolWord(v.Bool())
	case v.Kind() == reflect.Float64:
		return math.Float64bits(v.Float())
	case math.IsNaN(v.Float()): // its bits would change on the way through float64
		return uint64(binary.NativeEndian.Uint32(valueBytes(addressable(v))))
	}
	return uint64(math.Float32bits(float32(v.Float())))
}

// setGoWord sets a Go scalar to a canonical word of its own type.
func setGoWord(v reflect.Value, w uint64) {
	switch {
	case v.CanInt():
		v.SetInt(int64(w))
	case v.CanUint():
		v.SetUint(w)
	case v.Kind() == reflect.Bool:
		v.SetBool(w != 0)
	case v.Kind() == reflect.Float64:
		v.SetFloat(math.Float64frombits(w))
	default: // not by SetFloat, which would change the bits of a NaN
		binary.NativeEndian.PutUint32(valueBytes(v), uint32(w))
	}
}

// An anyCodec is for Go values of static type any.
type anyCodec struct {
	c   dtype.Type
	big bool
}

func (k anyCodec) encode(e *Encoder, at place, v reflect.Value) error {
	if v.IsNil() {
		return noValue(k.c)
	}
	v = v.Elem()
	inner, err := codecFor(e.ABI, v.Type(), k.c, k.big)
	if err != nil {
		return err
	}
	return inner.encode(e, at, v)
}

func (k anyCodec) decode(d *decoder, v reflect.Value, data []byte) error {
	x, err := d.natural(k.c, data, k.big)
	if err == nil {
		v.Set(reflect.ValueOf(x))
	}
	return err
}

// within puts a step in front of the path of an error from a part of an object.
func within(err error, step string) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok {
		e.Path = step + e.Path
		return e
	}
	return &Error{Path: step, Err: err}
}
