package memory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/wasmffi/wasmffi/dtype"
)

// MarshalJSON is the object's value as JSON, by the names of members, the same
// for every ABI:
//
//	integers, enums     numbers
//	__int128            strings of digits, which all readers keep
//	_Bool               true, false
//	float, double …     numbers; "nan", "inf", "-inf"
//	_Complex            [re, im]
//	struct, union       objects; a union's has all its members
//	array               arrays; of char a string, without the NULs at its end,
//	                    if that is UTF-8
//
// Pointers mean nothing elsewhere: a type that has any gives an error wrapping
// ErrType.
func (v View) MarshalJSON() ([]byte, error) {
	if err := v.noPointers("marshal"); err != nil {
		return nil, err
	}
	if v.isBitField() {
		x, err := v.Load()
		if err != nil {
			return nil, err
		}
		return appendJSON(nil, x)
	}
	data, err := v.Bytes()
	if err != nil {
		return nil, err
	}
	w := jsonWriter{decoder{abi: v.space.ABI(), space: v.space, life: v.life}}
	b, err := w.value(nil, v.typ, data, v.from.big)
	if err != nil {
		return nil, v.fail("marshal", err)
	}
	return b, nil
}

// noPointers checks that the view is of a type that can be sent elsewhere.
func (v View) noPointers(op string) error {
	switch {
	case v.space == nil:
		return v.fail(op, ErrNull)
	case hasPointers(v.typ):
		return v.fail(op, fmt.Errorf("%w: %v has pointers", ErrType, v.typ))
	}
	return nil
}

type jsonWriter struct{ decoder }

func (w *jsonWriter) value(b []byte, t dtype.Type, data []byte, big bool) ([]byte, error) {
	if a, ok := arrayType(t); ok {
		return w.array(b, a, data, big)
	}
	ms, err := membersOf(w.abi, t)
	switch {
	case err != nil:
		return nil, err
	case ms != nil:
		return w.record(b, ms, data)
	}
	x, err := w.natural(t, data, big)
	if err != nil {
		return nil, err
	}
	return appendJSON(b, x)
}

func (w *jsonWriter) array(b []byte, a *dtype.Array, data []byte, big bool) ([]byte, error) {
	if dtype.Resolve(a.Elem()) == dtype.Type(dtype.CChar) {
		if text := bytes.TrimRight(data, "\x00"); utf8.Valid(text) {
			s, err := json.Marshal(string(text))
			return append(b, s...), err
		}
	}
	size, err := w.abi.Size(a.Elem())
	if err != nil {
		return nil, err
	}
	n := a.Len()
	if a.Flexible() && size > 0 {
		n = uint64(len(data)) / size
	}
	if size == 0 && n > maxEmpty {
		return nil, fmt.Errorf("%w: %d elements of no size", ErrNotSupported, n)
	}
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = w.value(b, a.Elem(), data[i*size:(i+1)*size], big); err != nil {
			return nil, within(err, index(int(i)))
		}
	}
	return append(b, ']'), nil
}

func (w *jsonWriter) record(b []byte, ms *members, data []byte) ([]byte, error) {
	b = append(b, '{')
	for i := range ms.list {
		m := &ms.list[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, m.name), ':')
		var err error
		if m.bits.n > 0 {
			b, err = appendJSON(b, m.naturalBits(w.abi, data))
		} else {
			off, n := m.extent(uint64(len(data)))
			b, err = w.value(b, m.typ, data[off:off+n], m.big)
		}
		if err != nil {
			return nil, within(err, m.step())
		}
	}
	return append(b, '}'), nil
}

// appendJSON appends a natural scalar.
func appendJSON(b []byte, x any) ([]byte, error) {
	switch x := x.(type) {
	case float32:
		return appendFloat(b, float64(x), 32), nil
	case float64:
		return appendFloat(b, x, 64), nil
	case complex64:
		b = appendFloat(append(b, '['), float64(real(x)), 32)
		return append(appendFloat(append(b, ','), float64(imag(x)), 32), ']'), nil
	case complex128:
		b = appendFloat(append(b, '['), real(x), 64)
		return append(appendFloat(append(b, ','), imag(x), 64), ']'), nil
	case *big.Float:
		if x.IsInf() {
			return appendFloat(b, math.Inf(x.Sign()), 64), nil
		}
		return x.Append(b, 'g', -1), nil
	case *big.Int:
		return append(x.Append(append(b, '"'), 10), '"'), nil
	}
	s, err := json.Marshal(x)
	return append(b, s...), err
}

func appendFloat(b []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"nan"`...)
	case math.IsInf(f, 1):
		return append(b, `"inf"`...)
	case math.IsInf(f, -1):
		return append(b, `"-inf"`...)
	case f == 0 && math.Signbit(f):
		return append(b, "-0.0"...) // some readers take -0 for the integer 0
	}
	return strconv.AppendFloat(b, f, 'g', -1, bits)
}

// UnmarshalJSON stores the value that [View.MarshalJSON] wrote, perhaps on
// another ABI: numbers that do not fit are errors wrapping ErrRange. Members
// that are not given become zero, those of a union are stored in the order of
// their declaration; unknown ones are errors.
func (v View) UnmarshalJSON(text []byte) error {
	if err := v.noPointers("unmarshal"); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var x any
	if err := d.Decode(&x); err != nil {
		return v.fail("unmarshal", fmt.Errorf("%w: %w", ErrType, err))
	}
	x, err := fromJSON(v.space.ABI(), v.typ, x)
	if err != nil {
		return v.fail("unmarshal", err)
	}
	return v.Store(plainFloats(v.space.ABI(), x))
}

// fromJSON turns what encoding/json gives into what a C type takes.
func fromJSON(abi *dtype.ABI, t dtype.Type, x any) (any, error) {
	ms, err := membersOf(abi, t)
	if err != nil {
		return nil, err
	}
	switch x := x.(type) {
	case map[string]any:
		if ms == nil {
			return nil, fmt.Errorf("%w: a JSON object for C %v", ErrType, t)
		}
		return recordFromJSON(abi, t, ms, x)
	case []any:
		if _, ok := dtype.Resolve(t).(*dtype.Complex); ok {
			return complexFromJSON(x)
		}
		a, ok := arrayType(t)
		if !ok {
			return nil, fmt.Errorf("%w: a JSON array for C %v", ErrType, t)
		}
		for i := range x {
			if x[i], err = fromJSON(abi, a.Elem(), x[i]); err != nil {
				return nil, within(err, index(i))
			}
		}
		return x, nil
	case json.Number:
		return numberFromJSON(t, string(x))
	case string:
		if _, ok := arrayType(t); ok {
			return x, nil
		}
		return numberFromJSON(t, x)
	case bool:
		return x, nil
	}
	return nil, fmt.Errorf("%w: JSON null for C %v", ErrType, t)
}

func recordFromJSON(abi *dtype.ABI, t dtype.Type, ms *members, x map[string]any) (any, error) {
	r := make(Record, 0, len(x))
	for _, m := range ms.list {
		value, ok := x[m.name]
		if !ok {
			continue
		}
		value, err := fromJSON(abi, m.typ, value)
		if err != nil {
			return nil, within(err, m.step())
		}
		r = append(r, Member{m.name, value})
		delete(x, m.name)
	}
	for name := range x {
		_, err := ms.find(t, name)
		return nil, err
	}
	return r, nil
}

func complexFromJSON(x []any) (any, error) {
	if len(x) != 2 {
		return nil, fmt.Errorf("%w: %d numbers for a complex one", ErrType, len(x))
	}
	var parts [2]float64
	for i := range parts {
		f, err := numberFromJSON(dtype.CDouble, fmt.Sprint(x[i]))
		if err != nil {
			return nil, err
		}
		parts[i] = f.(float64)
	}
	return complex(parts[0], parts[1]), nil
}

// numberFromJSON is a number as the Go type that a C type takes.
func numberFromJSON(t dtype.Type, s string) (any, error) {
	bad := fmt.Errorf("%w: %.40q for C %v", ErrType, s, t)
	if f, ok := dtype.Resolve(t).(*dtype.Float); ok {
		if f == dtype.CLongDouble && !strings.ContainsAny(s, "in") {
			x, _, err := big.ParseFloat(s, 10, 113, big.ToNearestEven)
			if err != nil {
				return nil, bad
			}
			return x, nil
		}
		x, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, bad
		}
		return x, nil
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, nil
	}
	if u, err := strconv.ParseUint(s, 10, 64); err == nil {
		return u, nil
	}
	if len(s) < 64 {
		if x, ok := new(big.Int).SetString(s, 10); ok {
			return x, nil
		}
	}
	return nil, bad
}
