package wasmffi

import (
	"context"

	"github.com/wasmffi/wasmffi/dtype"
)

// bindShape binds the common scalar func types without reflection: dst points
// to a func variable. It reports whether it knew the type.
func bindShape(lib Library, at target, sig *dtype.Func, dst any) (bool, error) {
	if sig != nil && stated(sig) {
		return false, nil
	}
	s := shapeBinder{lib: lib, at: at, sig: sig}
	if d, ok := dst.(*func()); ok {
		f := bound0[Void](&s)
		*d = func() { f.Call() }
		return true, s.err
	}
	for _, try := range []func(*shapeBinder, any) bool{
		bindSame[float64], bindSame[int32], bindSame[int64], bindSame[uint32],
		bindSame[uint64], bindSame[float32], bindSame[dtype.Addr], bindSame[dtype.Size], bindSame[dtype.Long],
		bindMixed[int32, float64], bindMixed[float64, int32],
		bindMixed[int64, float64], bindMixed[float64, int64],
		bindMixed[int32, int64], bindMixed[int64, int32],
		bindMixed[uint32, int32], bindMixed[int32, uint32],
		bindMixed[dtype.Addr, int32], bindMixed[int32, dtype.Addr],
		bindMixed[dtype.Addr, dtype.Size], bindMixed[dtype.Size, dtype.Addr],
	} {
		if try(&s, dst) {
			return true, s.err
		}
	}
	return false, nil
}

type shapeBinder struct {
	lib Library
	at  target
	sig *dtype.Func
	err error
}

func bound0[R Result](s *shapeBinder) *Func0[R] {
	f, err := bind0[R](s.lib, s.at, s.sig)
	s.err = err
	return &f
}

func bound1[A Scalar, R Result](s *shapeBinder) *Func1[A, R] {
	f, err := bind1[A, R](s.lib, s.at, s.sig)
	s.err = err
	return &f
}

func bound2[A, B Scalar, R Result](s *shapeBinder) *Func2[A, B, R] {
	f, err := bind2[A, B, R](s.lib, s.at, s.sig)
	s.err = err
	return &f
}

func bound3[A, B, C Scalar, R Result](s *shapeBinder) *Func3[A, B, C, R] {
	f, err := bind3[A, B, C, R](s.lib, s.at, s.sig)
	s.err = err
	return &f
}

func bound4[A, B, C, D Scalar, R Result](s *shapeBinder) *Func4[A, B, C, D, R] {
	f, err := bind4[A, B, C, D, R](s.lib, s.at, s.sig)
	s.err = err
	return &f
}

// bindSame knows the functions whose parameters and result are all of one type.
func bindSame[T Scalar](s *shapeBinder, dst any) bool {
	switch d := dst.(type) {
	case *func() T:
		*d = bound0[T](s).Call
	case *func(T) T:
		*d = bound1[T, T](s).Call
	case *func(T, T) T:
		*d = bound2[T, T, T](s).Call
	case *func(T, T, T) T:
		*d = bound3[T, T, T, T](s).Call
	case *func(T, T, T, T) T:
		*d = bound4[T, T, T, T, T](s).Call
	case *func(context.Context) (T, error):
		*d = bound0[T](s).CallContext
	case *func(context.Context, T) (T, error):
		*d = bound1[T, T](s).CallContext
	case *func(context.Context, T, T) (T, error):
		*d = bound2[T, T, T](s).CallContext
	case *func(context.Context, T, T, T) (T, error):
		*d = bound3[T, T, T, T](s).CallContext
	case *func(context.Context, T, T, T, T) (T, error):
		*d = bound4[T, T, T, T, T](s).CallContext
	case *func(T) (T, error):
		f := bound1[T, T](s)
		*d = func(a T) (T, error) { return f.CallContext(nil, a) }
	case *func(T, T) (T, error):
		f := bound2[T, T, T](s)
		*d = func(a, b T) (T, error) { return f.CallContext(nil, a, b) }
	case *func(T):
		f := bound1[T, Void](s)
		*d = func(a T) { f.Call(a) }
	case *func(T, T):
		f := bound2[T, T, Void](s)
		*d = func(a, b T) { f.Call(a, b) }
	default:
		return false
	}
	return true
}

// bindMixed knows functions of two types, up to three parameters.
func bindMixed[T, U Scalar](s *shapeBinder, dst any) bool {
	switch d := dst.(type) {
	case *func(T) U:
		*d = bound1[T, U](s).Call
	case *func(T, T) U:
		*d = bound2[T, T, U](s).Call
	case *func(T, U) T:
		*d = bound2[T, U, T](s).Call
	case *func(T, U) U:
		*d = bound2[T, U, U](s).Call
	case *func(T, T, U) T:
		*d = bound3[T, T, U, T](s).Call
	case *func(T, T, U) U:
		*d = bound3[T, T, U, U](s).Call
	case *func(context.Context, T) (U, error):
		*d = bound1[T, U](s).CallContext
	case *func(context.Context, T, U) (T, error):
		*d = bound2[T, U, T](s).CallContext
	case *func(context.Context, T, U) (U, error):
		*d = bound2[T, U, U](s).CallContext
	default:
		return false
	}
	return true
}
