package wasmffi

import (
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A VaList is C's va_list, as a callback gets it from a variadic C function
// that hands its arguments on:
//
//	typedef int (*log_fn)(const char *format, va_list ap);
//
//	cb, err := wasmffi.NewCallback(lib, func(format string, ap wasmffi.VaList) (int32, error) {
//		n, err := wasmffi.VaArg[int32](ap)    // va_arg(ap, int)
//		x, err := wasmffi.VaArg[float64](ap)  // va_arg(ap, double)
//		…
//	}, nil)
//
// As in C, nothing tells how many arguments there are and of which types: a
// wrong guess reads whatever is there. Passed on to a C function that takes a
// va_list, that goes on where Go has stopped, and the list must not be read
// any more. A VaList is good until the callback returns, for one goroutine at
// a time; its copies share one position.
type VaList struct{ list *vaList }

// Varargs are the arguments that match "..." in a callback of a variadic C
// function type: the VaList that C's va_start would give.
//
//	typedef int (*log_fn)(const char *format, ...);
//
//	cb, err := wasmffi.NewCallback(lib, func(format string, args wasmffi.Varargs) (int32, error) {
//		n, err := wasmffi.VaArg[int32](args.VaList)
//		…
//	}, nil)
type Varargs struct{ VaList }

// CType makes Varargs stand for no parameter: there is a "..." for it.
func (Varargs) CType() (dtype.Type, error) {
	return nil, fmt.Errorf("%w: Varargs are the last parameter of a callback", memory.ErrType)
}

type vaList struct {
	lib  Library
	args VaArgs // nil when the callback has returned
}

// A VaLister is a Library whose callbacks can read a va_list.
type VaLister interface {
	// VaList reads the va_list that a callback got as a parameter; words are
	// the parameter's in the frame.
	VaList(words []uint64) (VaArgs, error)
}

// VaArgs is a va_list being read.
type VaArgs interface {
	// Next copies the next argument, which is of type t, to dst, which has t's
	// size, and goes on to the one after it.
	Next(t dtype.Type, dst []byte) error
	// Word is what to pass to a C function for its va_list parameter.
	Word() (uint64, error)
}

// CType makes VaList stand for a va_list parameter, which every ABI passes in
// the way of a pointer.
func (VaList) CType() (dtype.Type, error) { return dtype.PointerTo(dtype.CVoid), nil }

// VaArg is C's va_arg(ap, T): it reads the next argument. As in C, T must not
// be a type that is promoted on the way: an int8 or bool is read as int32, a
// float32 as float64. The errors are those of memory; ErrEnded when the
// callback has returned.
func VaArg[T any](ap VaList) (T, error) {
	var v T
	g := reflect.TypeFor[T]()
	t, err := dtype.FromGo(g)
	if err != nil {
		return v, vaError(err)
	}
	err = ap.next(t, func(data []byte) error {
		return memory.Decode(reflect.ValueOf(&v).Elem(), t, data, ap.list.lib.Space(), nil)
	})
	return v, err
}

// Next reads the next argument, which is of type t, as the Go value natural for
// it ([memory.DecodeAny]).
func (ap VaList) Next(t dtype.Type) (any, error) {
	var v any
	err := ap.next(t, func(data []byte) (err error) {
		v, err = memory.DecodeAny(t, data, ap.list.lib.Space(), nil)
		return err
	})
	return v, err
}

func (ap VaList) next(t dtype.Type, decode func([]byte) error) error {
	if ap.list == nil || ap.list.args == nil {
		return vaError(memory.ErrEnded)
	}
	if p := dtype.Promote(t); p != t {
		return vaError(fmt.Errorf("%w: %v is passed as %v", memory.ErrType, t, p))
	}
	size, err := ap.list.lib.Space().ABI().Size(t)
	if err != nil {
		return vaError(err)
	}
	data := make([]byte, size)
	if err := ap.list.args.Next(t, data); err != nil {
		return vaError(err)
	}
	if err := decode(data); err != nil {
		return vaError(err)
	}
	return nil
}

func vaError(err error) error { return fmt.Errorf("va_arg: %w", err) }

// word is the va_list for a C function.
func (ap VaList) word() (uint64, error) {
	if ap.list == nil || ap.list.args == nil {
		return 0, vaError(memory.ErrEnded)
	}
	return ap.list.args.Word()
}

var (
	vaListType  = reflect.TypeFor[VaList]()
	varargsType = reflect.TypeFor[Varargs]()
)

// isVaList reports whether a C parameter may be a va_list: a pointer, or the
// struct that AAPCS64 has for it, which declarations show.
func isVaList(t dtype.Type) bool {
	if s, ok := dtype.Resolve(t).(*dtype.Struct); ok {
		return s.Tag() == "__va_list"
	}
	return isPointerType(t)
}

// newVaList is the va_list in a callback's parameter. end makes it stale.
func newVaList(lib Library, at Slot, words []uint64) (ap VaList, end func(), err error) {
	l, ok := lib.(VaLister)
	if !ok {
		return VaList{}, nil, fmt.Errorf("%w: reading a va_list", ErrNotSupported)
	}
	args, err := l.VaList(words[at.First : at.First+at.Words])
	if err != nil {
		return VaList{}, nil, err
	}
	list := &vaList{lib, args}
	return VaList{list}, func() { list.args = nil }, nil
}
