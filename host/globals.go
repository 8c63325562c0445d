package host

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
)

// A Global is the value of a global that a module imports, which a mutable one
// begins with. Each library has its own.
type Global struct {
	// Module is the module name the import has; "env" when empty.
	Module string
	Name   string
	// Value is an int32 or uint32 for an i32, an int64 or uint64 for an i64, a
	// float32, a float64, a [2]uint64 with the lower half first for a v128, or nil
	// for a null reference.
	Value any
}

// bits are the type and the bits of the value; null stands for references of
// either type.
func (g Global) bits() (t guestabi.ValueType, lo, hi uint64, null bool, err error) {
	switch v := g.Value.(type) {
	case nil:
		return 0, 0, 0, true, nil
	case int32:
		return guestabi.I32, uint64(uint32(v)), 0, false, nil
	case uint32:
		return guestabi.I32, uint64(v), 0, false, nil
	case int64:
		return guestabi.I64, uint64(v), 0, false, nil
	case uint64:
		return guestabi.I64, v, 0, false, nil
	case float32:
		return guestabi.F32, uint64(math.Float32bits(v)), 0, false, nil
	case float64:
		return guestabi.F64, math.Float64bits(v), 0, false, nil
	case [2]uint64:
		return guestabi.V128, v[0], v[1], false, nil
	}
	return 0, 0, 0, false, fmt.Errorf("%w: a global of Go type %T", wasmffi.ErrNotSupported, g.Value)
}

// A globalKey is the values of globals as text: compiled modules depend on them.
type globalKey string

func keyOf(globals []Global) (globalKey, error) {
	var vs []guestabi.GlobalValue
	for _, g := range globals {
		name := guestabi.Name{Module: cmp.Or(g.Module, "env"), Name: g.Name}
		t, lo, hi, null, err := g.bits()
		switch {
		case err != nil:
			return "", fmt.Errorf("global %s.%s: %w", name.Module, name.Name, err)
		case null:
			vs = append(vs, guestabi.GlobalValue{Name: name, Type: guestabi.FuncRef}, guestabi.GlobalValue{Name: name, Type: guestabi.ExternRef})
		default:
			vs = append(vs, guestabi.GlobalValue{Name: name, Type: t, Lo: lo, Hi: hi})
		}
	}
	if len(vs) == 0 {
		return "", nil
	}
	text, err := json.Marshal(vs)
	return globalKey(text), err
}

func (k globalKey) values() (vs []guestabi.GlobalValue) {
	if k != "" {
		_ = json.Unmarshal([]byte(k), &vs) // keyOf made it
	}
	return vs
}

// missingGlobal describes an imported global without a value.
func (in *instance) missingGlobal(im guestabi.Import) MissingImport {
	m := MissingImport{Module: im.Module, Name: im.Name.Name, Kind: im.Kind.String(), Signature: im.Global.Type.String()}
	if im.Global.Mutable {
		m.Signature += ", mutable"
	}
	for _, g := range in.opts.Globals {
		if cmp.Or(g.Module, "env") == im.Module && g.Name == im.Name.Name {
			m.Given = fmt.Sprintf("%T", g.Value)
		}
	}
	return m
}
