package wasmffi

import (
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// In is a slice whose elements C only reads: it is copied into the sandbox and
// not back. Natively it is used in place.
type In[T any] []T

// Out is a slice whose elements C only writes: it is copied out of the sandbox
// and not in, so that C finds unspecified bytes there. Natively it is used in
// place.
type Out[T any] []T

func (In[T]) flow() memory.Flow  { return memory.In }
func (Out[T]) flow() memory.Flow { return memory.Out }

type flower interface{ flow() memory.Flow }

// An argFunc puts one Go argument into parameter i of a call.
type argFunc func(c *call, i int, v reflect.Value) error

var (
	viewType     = reflect.TypeFor[memory.View]()
	pointerType  = reflect.TypeFor[memory.Pointer]()
	handleType   = reflect.TypeFor[Handle]()
	arrayType    = reflect.TypeFor[memory.Array]()
	callbackType = reflect.TypeFor[Callback]()
	errorType    = reflect.TypeFor[error]()
	errnoType    = reflect.TypeFor[Errno]()
	flowerType   = reflect.TypeFor[flower]()
	// goPointerType is what memory.Ptr[T] implements for every T.
	goPointerType = reflect.TypeFor[dtype.GoPointer]()
)

// compileArg decides how a Go argument of type g fills the C parameter p. It
// is the argument policy: one case a sentence.
func compileArg(abi *dtype.ABI, g reflect.Type, p dtype.Param) (argFunc, error) {
	if g.Kind() == reflect.Interface && g != callbackType || g.Implements(argumentType) {
		return dynamicArg(p), nil
	}
	switch t := dtype.Resolve(p.Type).(type) {
	case *dtype.Pointer:
		return compilePointerArg(abi, g, t, p)
	case *dtype.Bool, *dtype.Int, *dtype.Enum, *dtype.Float:
		if size, err := abi.Size(t); err == nil && size <= 8 {
			conv, err := argConv(abi, g, p.Type)
			if err != nil {
				return nil, err
			}
			return scalarArg(conv), nil
		}
	}
	return valueArg, nil
}

// scalarArg passes a Go scalar in the parameter's word.
func scalarArg(conv scalarConv) argFunc {
	return func(c *call, i int, v reflect.Value) error {
		w, err := conv.convert(scalarBits(v))
		if err != nil {
			return err
		}
		c.words[c.plan.shape.Params[i].First] = w
		return nil
	}
}

// valueArg passes a struct, union, complex number or wide scalar by value.
func valueArg(c *call, i int, v reflect.Value) error {
	s := c.plan.shape.Params[i]
	return c.enc.Value(wordBytes(c.words[s.First:s.First+s.Words]), -1, uint64(8*s.First), v, s.Type)
}

// dynamicArg decides by the value at hand, for parameters of interface type,
// for Arguments, and for calls with unnamed types.
func dynamicArg(p dtype.Param) argFunc {
	return func(c *call, i int, v reflect.Value) error {
		v, err := settle(v)
		if err != nil {
			return err
		}
		if !v.IsValid() {
			if _, ok := dtype.Resolve(p.Type).(*dtype.Pointer); !ok {
				return fmt.Errorf("%w: nil for C %v", memory.ErrType, p.Type)
			}
			return nil // NULL: the words are zero
		}
		if memory.IsScalar(c.plan.abi(), p.Type) && !isPointerType(p.Type) {
			return wordArg(c, i, v)
		}
		f, err := compileArg(c.plan.abi(), v.Type(), p)
		if err != nil {
			return err
		}
		return f(c, i, v)
	}
}

func isPointerType(t dtype.Type) bool {
	_, ok := dtype.Resolve(t).(*dtype.Pointer)
	return ok
}

// isGoPointer reports whether g is a memory.Ptr. A *memory.Ptr has its methods
// too, but is a pointer to a C pointer.
func isGoPointer(g reflect.Type) bool {
	return g.Kind() != reflect.Pointer && g.Implements(goPointerType)
}

func compilePointerArg(abi *dtype.ABI, g reflect.Type, t *dtype.Pointer, p dtype.Param) (argFunc, error) {
	fn, toFunc := dtype.Resolve(t.Elem()).(*dtype.Func)
	switch k := g.Kind(); {
	case toFunc && k == reflect.Func:
		if _, err := compileCallback(g, fn); err != nil {
			return nil, err
		}
		return wordArg, nil
	case g == viewType, g == pointerType, g == handleType, g == vaListType, isGoPointer(g), g.Implements(callbackType), isAddress(g):
		return wordArg, nil
	case g == arrayType:
		return arrayArg(t, flowOf(g, t, p)), nil
	case g == ndArgumentType:
		return ndArg(t, flowOf(g, t, p)), nil
	case g == referenceType:
		return referenceArg(t, p), nil
	case k == reflect.String, k == reflect.Slice && g != recordType, k == reflect.Pointer:
		return memoryArg(t.Elem(), flowOf(g, t, p)), nil
	case k == reflect.UnsafePointer:
		return nil, fmt.Errorf("%w: an unsafe.Pointer may be Go's or C's; pass a slice or pointer, or a dtype.Addr of C's", memory.ErrType)
	case isValueOf(abi, g, t.Elem()):
		return copiedArg(t.Elem()), nil
	}
	return nil, typeMismatch(g, p.Type)
}

// flowOf is which way a Go argument's memory is copied: as its type says, else
// as the parameter's declaration does, else both ways unless C promised by
// const not to write.
func flowOf(g reflect.Type, t *dtype.Pointer, p dtype.Param) memory.Flow {
	if g.Kind() == reflect.String {
		return memory.In
	}
	if g.Implements(flowerType) {
		return reflect.Zero(g).Interface().(flower).flow()
	}
	switch p.Dir {
	case dtype.In:
		return memory.In
	case dtype.Out:
		return memory.Out
	case dtype.Unstated:
		if t.ConstElem() {
			return memory.In
		}
	}
	return memory.InOut
}

// memoryArg passes the memory of a string, slice or pointer for the duration
// of the call.
func memoryArg(elem dtype.Type, flow memory.Flow) argFunc {
	return func(c *call, i int, v reflect.Value) error {
		block, err := c.enc.Pointer(v, elem, flow)
		if err != nil || block < 0 {
			return err
		}
		c.pointTo(i, block)
		return nil
	}
}

// wordArg passes what is a word of C's already or becomes one: an address, a
// view or pointer of the library's memory, a handle, a callback, a Go func.
func wordArg(c *call, i int, v reflect.Value) error {
	s := c.plan.shape.Params[i]
	w, err := c.enc.Scalar(v, s.Type)
	c.words[s.First] = w
	if c.plan.contract {
		c.noteExtent(i, v)
	}
	return err
}

// other makes the word for Go values that package memory knows nothing of.
func (c *call) other(v reflect.Value, t dtype.Type) (uint64, error) {
	ptr, ok := dtype.Resolve(t).(*dtype.Pointer)
	switch {
	case !ok:
	case v.Type() == handleType:
		h := v.Interface().(Handle)
		if h.lib != nil && h.lib != c.plan.lib {
			return 0, fmt.Errorf("%w: handle of %s", memory.ErrType, h.lib.Name())
		}
		return uint64(h.id), nil
	case v.Type() == vaListType:
		return v.Interface().(VaList).word()
	case v.Type().Implements(callbackType):
		if v.Kind() == reflect.Pointer && v.IsNil() {
			return 0, nil
		}
		return v.Interface().(Callback).Address(), nil
	case v.Kind() == reflect.Func:
		if sig, ok := dtype.Resolve(ptr.Elem()).(*dtype.Func); ok {
			return c.funcWord(v, sig)
		}
	}
	return 0, typeMismatch(v.Type(), t)
}

// funcWord makes a callback of a Go func that lives for the call.
func (c *call) funcWord(v reflect.Value, sig *dtype.Func) (uint64, error) {
	if v.IsNil() {
		return 0, nil
	}
	cb, err := callbackOf(c.plan.lib, sig, v, &CallbackOptions{})
	if err != nil {
		return 0, err
	}
	c.callbacks = append(c.callbacks, cb)
	return cb.Address(), nil
}

// scalarBits is the bits of a Go scalar in a word, sign-extended.
func scalarBits(v reflect.Value) uint64 {
	switch k := v.Kind(); {
	case k == reflect.Bool:
		if v.Bool() {
			return 1
		}
		return 0
	case k >= reflect.Int && k <= reflect.Int64:
		return uint64(v.Int())
	case k == reflect.Float32:
		return toWord(float32(v.Float()), 0)
	case k == reflect.Float64:
		return toWord(v.Float(), 0)
	}
	return v.Uint()
}
