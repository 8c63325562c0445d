package wasmffi

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// FormatArgs is the arguments of a call as C writes them, for people to read:
//
//	level=3, text=0x10f30, at={.x = 1, .y = 2.5}
//
// Words are a frame's ([FrameShape]); names are those of the signature, or
// missing. Of memory that pointers point to nothing is shown.
func FormatArgs(abi *dtype.ABI, sig *dtype.Func, words []uint64) string {
	shape, err := FrameShape(abi, sig)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for i, p := range sig.Params() {
		s := shape.Params[i]
		if s.First+s.Words > len(words) {
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		if p.Name != "" {
			b.WriteString(p.Name + "=")
		}
		b.WriteString(formatSlot(abi, s, words))
	}
	return b.String()
}

// FormatResult is [FormatArgs] for the result; "" for void.
func FormatResult(abi *dtype.ABI, sig *dtype.Func, words []uint64) string {
	shape, err := FrameShape(abi, sig)
	if err != nil || shape.Result.Words == 0 || len(words) < shape.Words {
		return ""
	}
	return formatSlot(abi, shape.Result, words)
}

func formatSlot(abi *dtype.ABI, s Slot, words []uint64) string {
	if s.Words == 0 {
		return "{}" // an empty struct
	}
	data := append([]byte(nil), slotBytes(s, words)...)
	if !memory.IsScalar(abi, s.Type) {
		size, err := abi.Size(s.Type)
		if err != nil || size > uint64(len(data)) {
			return "?"
		}
		data = data[:size]
	}
	return formatValue(abi, s.Type, data)
}

// formatValue is a C object's value in C's syntax.
func formatValue(abi *dtype.ABI, t dtype.Type, data []byte) string {
	space, err := memory.BufferSpaceOf(abi, data)
	if err != nil {
		return "?"
	}
	v, err := memory.DecodeAny(t, data, space, nil)
	if err != nil {
		return "?"
	}
	return formatNatural(t, v)
}

func formatNatural(t dtype.Type, v any) string {
	switch v := v.(type) {
	case memory.Pointer:
		if v.IsNull() {
			return "NULL"
		}
		return fmt.Sprintf("%#x", v.Addr())
	case memory.Record:
		return formatRecord(t, v)
	case []any:
		elem := elemOf(t)
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = formatNatural(elem, x)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case *big.Float:
		return v.Text('g', 21)
	case complex64:
		return formatComplex(complex128(v), 32)
	case complex128:
		return formatComplex(v, 64)
	}
	if e, ok := dtype.Resolve(t).(*dtype.Enum); ok {
		for _, c := range e.Consts() {
			if fmt.Sprint(c.Value) == fmt.Sprint(v) {
				return c.Name
			}
		}
	}
	return fmt.Sprint(v)
}

func formatComplex(c complex128, bits int) string {
	return strconv.FormatFloat(real(c), 'g', -1, bits) + " + " + strconv.FormatFloat(imag(c), 'g', -1, bits) + "*I"
}

// formatRecord is a struct or union as a designated initializer. Values of
// members are printed by their Go types: their names are what matters.
func formatRecord(t dtype.Type, r memory.Record) string {
	var fields []dtype.Field
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Struct:
		fields = t.Fields()
	case *dtype.Union:
		fields = t.Fields()
	}
	typeOf := func(name string) dtype.Type {
		for _, f := range fields {
			if f.Name == name {
				return f.Type
			}
		}
		return dtype.CVoid // of an anonymous member
	}
	parts := make([]string, len(r))
	for i, m := range r {
		parts[i] = "." + m.Name + " = " + formatNatural(typeOf(m.Name), m.Value)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func elemOf(t dtype.Type) dtype.Type {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Array:
		return t.Elem()
	case *dtype.Vector:
		return t.Array().Elem()
	}
	return dtype.CVoid
}
