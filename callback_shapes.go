package wasmffi

import (
	"fmt"
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
		pairCallback[dtype.Addr, int32], pairCallback[dtype.Addr, uint32], pairCallback[dtype.Addr, dtype.Size],
		pairCallback[dtype.Addr, dtype.Addr], pairCallback[int32, int64], pairCallback[int32, float64],
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

// direct reports whether the first parameters are a T each as it stands in its
// word.
func direct[T Scalar](s *shapeCallback, params int) bool {
	for i := range params {
		if !directAt[T](s, i) {
			return false
		}
	}
	return true
}

func directAt[T Scalar](s *shapeCallback, i int) bool {
	c, err := resultConv(s.abi, s.sig.Params()[i].Type, reflect.TypeFor[T]())
	return err == nil && c.op == convNone
}

// returns is how a Go result of type R becomes the result's word.
func returns[R Scalar](s *shapeCallback) (conv scalarConv, ok bool) {
	conv, err := argConv(s.abi, reflect.TypeFor[R](), s.sig.Result())
	return conv, err == nil
}

// put stores a Go result in its word.
func put[R Scalar](conv *scalarConv, word *uint64, r R) (err error) {
	w := toWord(r, conv.shift)
	if conv.op != convNone {
		if w, err = conv.convert(w); err != nil {
			return fmt.Errorf("callback result: %w", err)
		}
	}
	*word = w
	return nil
}

func sameCallback[T Scalar](s *shapeCallback, fn any) func(*Frame) error {
	if f := mixedCallback[T, T](s, fn); f != nil {
		return f
	}
	switch fn := fn.(type) {
	case func():
		if isVoid(s.sig.Result()) {
			return func(*Frame) error { fn(); return nil }
		}
	case func() T:
		if conv, ok := returns[T](s); ok {
			return func(f *Frame) error { return put(&conv, &f.Words[0], fn()) }
		}
	case func(T):
		if direct[T](s, 1) && isVoid(s.sig.Result()) {
			return func(f *Frame) error { fn(fromWord[T](f.Words[0])); return nil }
		}
	case func(T, T):
		if direct[T](s, 2) && isVoid(s.sig.Result()) {
			return func(f *Frame) error { fn(fromWord[T](f.Words[0]), fromWord[T](f.Words[1])); return nil }
		}
	case func(T, T, T):
		if direct[T](s, 3) && isVoid(s.sig.Result()) {
			return func(f *Frame) error {
				fn(fromWord[T](f.Words[0]), fromWord[T](f.Words[1]), fromWord[T](f.Words[2]))
				return nil
			}
		}
	case func(T, T, T) T:
		if conv, ok := returns[T](s); ok && direct[T](s, 3) {
			return func(f *Frame) error {
				w := f.Words[:4]
				return put(&conv, &w[3], fn(fromWord[T](w[0]), fromWord[T](w[1]), fromWord[T](w[2])))
			}
		}
	}
	return nil
}

// mixedCallback knows the functions of one or two T that return an R.
func mixedCallback[T, R Scalar](s *shapeCallback, fn any) func(*Frame) error {
	switch fn := fn.(type) {
	case func(T) R:
		if conv, ok := returns[R](s); ok && direct[T](s, 1) {
			return func(f *Frame) error {
				w := f.Words[:2]
				return put(&conv, &w[1], fn(fromWord[T](w[0])))
			}
		}
	case func(T, T) R:
		if conv, ok := returns[R](s); ok && direct[T](s, 2) {
			return func(f *Frame) error {
				w := f.Words[:3]
				return put(&conv, &w[2], fn(fromWord[T](w[0]), fromWord[T](w[1])))
			}
		}
	}
	return nil
}

// pairCallback knows the functions of an A and a B, in either order, that return
// nothing, an A or a B, and those of C's buffers: B, A, B and A, B, B.
func pairCallback[A, B Scalar](s *shapeCallback, fn any) func(*Frame) error {
	void := isVoid(s.sig.Result())
	is := func(order ...bool) bool { // true for A
		for i, a := range order {
			if a && !directAt[A](s, i) || !a && !directAt[B](s, i) {
				return false
			}
		}
		return true
	}
	switch fn := fn.(type) {
	case func(A):
		if void && is(true) {
			return func(f *Frame) error { fn(fromWord[A](f.Words[0])); return nil }
		}
	case func() A:
		if conv, ok := returns[A](s); ok {
			return func(f *Frame) error { return put(&conv, &f.Words[0], fn()) }
		}
	case func(A, B):
		if void && is(true, false) {
			return func(f *Frame) error { fn(fromWord[A](f.Words[0]), fromWord[B](f.Words[1])); return nil }
		}
	case func(B, A):
		if void && is(false, true) {
			return func(f *Frame) error { fn(fromWord[B](f.Words[0]), fromWord[A](f.Words[1])); return nil }
		}
	case func(A, B) A:
		if conv, ok := returns[A](s); ok && is(true, false) {
			return func(f *Frame) error {
				w := f.Words[:3]
				return put(&conv, &w[2], fn(fromWord[A](w[0]), fromWord[B](w[1])))
			}
		}
	case func(A, B) B:
		if conv, ok := returns[B](s); ok && is(true, false) {
			return func(f *Frame) error {
				w := f.Words[:3]
				return put(&conv, &w[2], fn(fromWord[A](w[0]), fromWord[B](w[1])))
			}
		}
	case func(B, A) A:
		if conv, ok := returns[A](s); ok && is(false, true) {
			return func(f *Frame) error {
				w := f.Words[:3]
				return put(&conv, &w[2], fn(fromWord[B](w[0]), fromWord[A](w[1])))
			}
		}
	case func(B, A) B:
		if conv, ok := returns[B](s); ok && is(false, true) {
			return func(f *Frame) error {
				w := f.Words[:3]
				return put(&conv, &w[2], fn(fromWord[B](w[0]), fromWord[A](w[1])))
			}
		}
	case func(B, A, B) B:
		if conv, ok := returns[B](s); ok && is(false, true, false) {
			return func(f *Frame) error {
				w := f.Words[:4]
				return put(&conv, &w[3], fn(fromWord[B](w[0]), fromWord[A](w[1]), fromWord[B](w[2])))
			}
		}
	case func(B, A, B):
		if void && is(false, true, false) {
			return func(f *Frame) error {
				fn(fromWord[B](f.Words[0]), fromWord[A](f.Words[1]), fromWord[B](f.Words[2]))
				return nil
			}
		}
	case func(A, B, B) B:
		if conv, ok := returns[B](s); ok && is(true, false, false) {
			return func(f *Frame) error {
				w := f.Words[:4]
				return put(&conv, &w[3], fn(fromWord[A](w[0]), fromWord[B](w[1]), fromWord[B](w[2])))
			}
		}
	}
	return nil
}
