package wasmffi

import (
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

// scalarCallback is the Go side of the common scalar callbacks, called without
// reflection and without allocation; nil for any other func type, and where a
// value would have to be converted or checked on the way.
func scalarCallback(abi *dtype.ABI, sig *dtype.Func, fn any) func(*Frame) error {
	s := shapeCallback{abi: abi, sig: sig}
	for _, try := range []func(*shapeCallback, any) func(*Frame) error{
		sameCallback[float64], sameCallback[int32], sameCallback[int64],
		sameCallback[uint32], sameCallback[uint64], sameCallback[float32],
		mixedCallback[dtype.Addr, int32], mixedCallback[float64, int32],
		mixedCallback[int32, float64], mixedCallback[int32, dtype.Addr],
		mixedCallback[dtype.Size, dtype.Addr],
	} {
		if f := try(&s, fn); f != nil {
			return f
		}
	}
	return nil
}

// A shapeCallback is the signature that a candidate must fit bit by bit.
type shapeCallback struct {
	abi *dtype.ABI
	sig *dtype.Func
}

// direct reports whether parameter i is a T as it stands in its word.
func direct[T Scalar](s *shapeCallback, params int) bool {
	for _, p := range s.sig.Params()[:params] {
		c, err := resultConv(s.abi, p.Type, reflect.TypeFor[T]())
		if err != nil || c.op != convNone {
			return false
		}
	}
	return true
}

// returns is how a Go result of type R becomes the result's word.
func returns[R Scalar](s *shapeCallback) (shift uint8, ok bool) {
	c, err := argConv(s.abi, reflect.TypeFor[R](), s.sig.Result())
	return c.shift, err == nil && c.op == convNone
}

func sameCallback[T Scalar](s *shapeCallback, fn any) func(*Frame) error {
	if f := mixedCallback[T, T](s, fn); f != nil {
		return f
	}
	switch fn := fn.(type) {
	case func(T):
		if direct[T](s, 1) && isVoid(s.sig.Result()) {
			return func(f *Frame) error { fn(fromWord[T](f.Words[0])); return nil }
		}
	case func(T, T, T) T:
		if shift, ok := returns[T](s); ok && direct[T](s, 3) {
			return func(f *Frame) error {
				w := f.Words[:4]
				w[3] = toWord(fn(fromWord[T](w[0]), fromWord[T](w[1]), fromWord[T](w[2])), shift)
				return nil
			}
		}
	}
	return nil
}

// mixedCallback knows the functions of one or two T that return an R.
func mixedCallback[T, R Scalar](s *shapeCallback, fn any) func(*Frame) error {
	switch fn := fn.(type) {
	case func(T) R:
		if shift, ok := returns[R](s); ok && direct[T](s, 1) {
			return func(f *Frame) error {
				w := f.Words[:2]
				w[1] = toWord(fn(fromWord[T](w[0])), shift)
				return nil
			}
		}
	case func(T, T) R:
		if shift, ok := returns[R](s); ok && direct[T](s, 2) {
			return func(f *Frame) error {
				w := f.Words[:3]
				w[2] = toWord(fn(fromWord[T](w[0]), fromWord[T](w[1])), shift)
				return nil
			}
		}
	}
	return nil
}
