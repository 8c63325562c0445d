package wasmffi

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// BindUndeclared finds a function of whose parameters nothing is declared, as
// ctypes does before argtypes are set. Each call converts its arguments by what
// they are, with C's default promotions, and takes them for the parameters:
//
//	int, uint                   int, unsigned int; others do not fit
//	int8 … uint16, bool         int
//	int32 … uint64, dtype.Long  what they are
//	float32, float64            double
//	string, []byte              char *
//	[]T, *T, memory.View        T *
//	nil                         NULL
//	func, Callback              a function pointer
//	structs                     structs, by value
//
// A nil result is int, as C assumes; [dtype.CVoid] is none. What has no C type
// is an error that names the argument's position.
//
// Nothing but debug info, where the library has it, and the types of a module
// in the sandbox can tell that an argument is wrong: they are compared with
// each new shape of call. A variadic function must be declared by its fixed
// part ([BindFunc]), since its arguments are passed otherwise.
func BindUndeclared(lib Library, name string, result dtype.Type) (*Func, error) {
	sym, err := lib.Lookup(name)
	if err != nil {
		return nil, wrapError("bind", lib.Name(), name, err)
	}
	if result == nil {
		result = dtype.CInt
	}
	sig, err := dtype.NewFunc(result, nil, false)
	if err != nil {
		return nil, wrapError("bind", lib.Name(), name, err)
	}
	f := &Func{lib: lib, sym: sym, name: sym.Name, sig: sig, undeclared: true}
	if sym.Kind != FuncSymbol {
		return nil, f.bindError(0, errVariable)
	}
	return f, nil
}

// A typeKey is what the C type of an undeclared argument depends on.
type typeKey struct {
	g reflect.Type // nil for nil
	c dtype.Type   // where the Go type does not say it: of numbers and views
}

// typeKeyOf is the key for an argument that no parameter is declared for: that
// matches "..." or is passed without a prototype.
func typeKeyOf(v reflect.Value, undeclared bool) (typeKey, error) {
	if !v.IsValid() {
		return typeKey{}, nil
	}
	k := typeKey{g: v.Type()}
	switch {
	case k.g == intType:
		n := v.Int()
		k.c = dtype.CInt
		if n < math.MinInt32 || n > math.MaxInt32 {
			if undeclared {
				return k, outOfRange(fmt.Sprint(n), dtype.CInt, math.MinInt32, math.MaxInt32)
			}
			k.c = dtype.CLongLong
		}
	case k.g == uintType:
		n := v.Uint()
		k.c = dtype.CUInt
		if n > math.MaxUint32 {
			if undeclared {
				return k, outOfRange(fmt.Sprint(n), dtype.CUInt, 0, math.MaxUint32)
			}
			k.c = dtype.CULongLong
		}
	case k.g == viewType:
		k.c = v.Interface().(memory.View).Type()
	}
	return k, nil
}

var (
	intType  = reflect.TypeFor[int]()
	uintType = reflect.TypeFor[uint]()
)

// ctype is the C type that the argument is passed as.
func (k typeKey) ctype() (dtype.Type, error) {
	switch {
	case k.g == nil:
		return dtype.PointerTo(dtype.CVoid), nil
	case k.g == viewType && k.c == nil:
		return nil, fmt.Errorf("%w: a view of nothing", memory.ErrNull)
	case k.g == viewType:
		return dtype.PointerTo(k.c), nil
	case k.c != nil:
		return k.c, nil
	}
	p, err := paramOf(k.g)
	if err != nil {
		return nil, err
	}
	return dtype.Promote(p.Type), nil
}

// A shapeCache keeps the plans of a function for the shapes it is called in.
type shapeCache struct{ m atomic.Pointer[[]cachedShape] }

type cachedShape struct {
	keys []typeKey
	plan *preparedArgs
}

// maxShapes is how many plans of one function are kept: shapes can be without
// end, call sites are few.
const maxShapes = 64

func (s *shapeCache) get(keys []typeKey) *preparedArgs {
	known := s.m.Load()
	if known == nil {
		return nil
	}
	for i := range *known {
		if slices.Equal((*known)[i].keys, keys) {
			return (*known)[i].plan
		}
	}
	return nil
}

// put adds a plan; of two goroutines that do so at once one may be forgotten.
func (s *shapeCache) put(keys []typeKey, p *preparedArgs) {
	var next []cachedShape
	if known := s.m.Load(); known != nil && len(*known) < maxShapes {
		next = slices.Clone(*known)
	}
	next = append(next, cachedShape{slices.Clone(keys), p})
	s.m.Store(&next)
}

// planByArgs is the plan for a call whose arguments from the first on have no
// declared parameter.
func (f *Func) planByArgs(c *call, first int) (*preparedArgs, error) {
	c.keys = c.keys[:0]
	for i := first; i < len(c.args); i++ {
		k, err := typeKeyOf(c.args[i], f.undeclared)
		if err != nil {
			return nil, f.callError(i+1, err)
		}
		c.keys = append(c.keys, k)
	}
	if p := f.shapes.get(c.keys); p != nil {
		return p, nil
	}
	types := make([]dtype.Type, len(c.keys))
	for i, k := range c.keys {
		t, err := k.ctype()
		if err != nil {
			return nil, f.callError(first+i+1, err)
		}
		types[i] = t
	}
	sig, err := f.shapeOf(types)
	if err != nil {
		return nil, f.callError(0, err)
	}
	p, err := f.prepare(sig)
	if err != nil {
		return nil, err
	}
	f.shapes.put(c.keys, p)
	return p, nil
}

// shapeOf is the signature for arguments of types that no parameter declares.
func (f *Func) shapeOf(types []dtype.Type) (*dtype.Func, error) {
	if !f.undeclared {
		return f.sig.WithArgs(types...)
	}
	params := make([]dtype.Param, len(types))
	for i, t := range types {
		params[i].Type = t
	}
	return dtype.NewFunc(f.sig.Result(), params, false)
}
