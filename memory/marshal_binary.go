package memory

import (
	"encoding"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"

	"github.com/wasmffi/wasmffi/dtype"
)

var (
	_ encoding.BinaryMarshaler   = View{}
	_ encoding.BinaryUnmarshaler = View{}
)

// The first byte of what MarshalBinary writes: the version, and the byte order
// of scalars outside of records.
const (
	binaryLittle = 0x10
	binaryBig    = 0x11
)

// MarshalBinary is the object's bytes, with the names of their ABI and type, so
// that encoding/gob can send views. Padding goes with them as it is. A type that
// has pointers in it gives an error wrapping ErrType.
func (v View) MarshalBinary() ([]byte, error) {
	if err := v.wholeBytes("marshal"); err != nil {
		return nil, err
	}
	data, err := v.Bytes()
	if err != nil {
		return nil, err
	}
	b := []byte{binaryLittle}
	if v.from.big {
		b[0] = binaryBig
	}
	for _, s := range []string{v.space.ABI().String(), v.typ.String()} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return append(b, data...), nil
}

func (v View) wholeBytes(op string) error {
	if err := v.noPointers(op); err != nil {
		return err
	}
	if v.isBitField() {
		return v.fail(op, fmt.Errorf("%w: a bit-field has no bytes of its own", ErrType))
	}
	return nil
}

// UnmarshalBinary stores what [View.MarshalBinary] wrote for an object of the
// same type. Bytes of another ABI are converted, member by member: numbers that
// do not fit are errors wrapping ErrRange.
func (v View) UnmarshalBinary(b []byte) error {
	if err := v.wholeBytes("unmarshal"); err != nil {
		return err
	}
	x, err := v.unmarshal(b)
	if err != nil {
		return v.fail("unmarshal", err)
	}
	if same, ok := x.([]byte); ok {
		return v.SetBytes(same)
	}
	return v.Store(x)
}

var errBinary = errors.New("not what MarshalBinary writes")

// unmarshal is the value in b: its bytes as they are in the view, or Go's.
func (v View) unmarshal(b []byte) (any, error) {
	if len(b) == 0 || b[0] != binaryLittle && b[0] != binaryBig {
		return nil, fmt.Errorf("%w: %w", ErrType, errBinary)
	}
	bigEnd, rest := b[0] == binaryBig, b[1:]
	var names [2]string
	for i := range names {
		n, size := binary.Uvarint(rest)
		if size <= 0 || n > uint64(len(rest)-size) {
			return nil, fmt.Errorf("%w: %w", ErrType, errBinary)
		}
		names[i], rest = string(rest[size:size+int(n)]), rest[size+int(n):]
	}
	if names[1] != v.typ.String() {
		return nil, fmt.Errorf("%w: bytes of %.80q for %v", ErrType, names[1], v.typ)
	}
	abi := abiNamed(names[0])
	if abi == nil {
		return nil, fmt.Errorf("%w: bytes of the unknown ABI %.40q", ErrType, names[0])
	}
	size, err := abi.Size(v.typ)
	if err != nil {
		return nil, err
	}
	if have := uint64(len(rest)); have < size || have > size && !endsFlexible(v.typ) {
		return nil, fmt.Errorf("%w: %d bytes for %v of %d", ErrType, have, v.typ, size)
	}
	if abi == v.space.ABI() && bigEnd == v.from.big && uint64(len(rest)) == v.size {
		return rest, nil
	}
	d := decoder{abi: abi}
	x, err := d.natural(v.typ, rest, bigEnd)
	if err != nil {
		return nil, err
	}
	return plainFloats(v.space.ABI(), x), nil
}

// plainFloats makes float64 of each long double in a natural value for an ABI
// where it is double.
func plainFloats(abi *dtype.ABI, x any) any {
	if size, _ := abi.Size(dtype.CLongDouble); size > 8 {
		return x
	}
	switch x := x.(type) {
	case *big.Float:
		f, _ := x.Float64()
		return f
	case Record:
		for i := range x {
			x[i].Value = plainFloats(abi, x[i].Value)
		}
	case []any:
		for i := range x {
			x[i] = plainFloats(abi, x[i])
		}
	}
	return x
}

func abiNamed(name string) *dtype.ABI {
	for _, abi := range dtype.ABIs() {
		if abi.String() == name {
			return abi
		}
	}
	return nil
}
