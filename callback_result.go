package wasmffi

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// checkCallbackResult reports whether encodeResult can serve a Go type.
func checkCallbackResult(g reflect.Type, c dtype.Type) error {
	switch {
	case isVoid(c):
		return fmt.Errorf("%w: Go %v for C void", memory.ErrType, g)
	case g.Kind() == reflect.Func:
		sig, err := pointedFunc(c)
		if err == nil && sig == nil {
			sig, err = callbackSignature(g)
		}
		if err == nil {
			_, err = compileCallback(g, sig)
		}
		return err
	case g.Kind() == reflect.String && !isCharPointer(c):
		return typeMismatch(g, c)
	}
	return nil
}

// isGoMemory reports whether a Go type stands for memory of Go's.
func isGoMemory(g reflect.Type) bool {
	switch g.Kind() {
	case reflect.String, reflect.Slice:
		return true
	case reflect.Pointer:
		return !g.Implements(callbackType)
	}
	return false
}

// encodeResult puts a Go value into the slot of a result.
func encodeResult(lib Library, v reflect.Value, s Slot, words []uint64, own *made) error {
	for v.Kind() == reflect.Interface && !v.IsNil() && v.Type() != callbackType {
		v = v.Elem()
	}
	if ptr, ok := dtype.Resolve(s.Type).(*dtype.Pointer); ok {
		w, err := own.pointer(lib, v, s.Type, ptr.Elem())
		words[s.First] = w
		return err
	}
	if memory.IsScalar(lib.Space().ABI(), s.Type) {
		enc := memory.Encoder{ABI: lib.Space().ABI()}
		w, err := enc.Scalar(v, s.Type)
		words[s.First] = w
		return err
	}
	return own.value(lib, slotBytes(s, words), v, s.Type)
}

// made is what a callback has made for C to keep, to be freed with it.
type made struct {
	possible bool          // set where anything can be made
	arena    *memory.Arena // where Go's memory is copied to; may be nil

	mu        sync.Mutex
	freed     bool
	callbacks []Callback
}

// pointer is the word of a Go value for a C pointer that C keeps.
func (m *made) pointer(lib Library, v reflect.Value, t, elem dtype.Type) (uint64, error) {
	if m.arena != nil && v.IsValid() {
		view, err := copyTo(m.arena, v, elem)
		if err != nil {
			return 0, err
		}
		if view.Type() != nil {
			v = reflect.ValueOf(view) // which must be of memory that C can reach
		}
	}
	c := plainCall(lib)
	defer c.enc.Reset()
	w, err := c.enc.Scalar(v, t)
	return w, m.keep(c, err)
}

// copyTo copies what a Go string, slice or pointer refers to; it gives the zero
// View for what is none of them, or nil.
func copyTo(arena *memory.Arena, v reflect.Value, elem dtype.Type) (memory.View, error) {
	switch {
	case v.Kind() == reflect.String:
		return arena.CString(v.String())
	case !isGoMemory(v.Type()) || v.IsNil():
		return memory.View{}, nil
	case isVoid(elem):
		return arena.NewOf(v.Interface())
	case v.Kind() == reflect.Pointer:
		return arena.NewValue(elem, v.Elem().Interface())
	}
	array, err := dtype.ArrayOf(elem, uint64(v.Len()))
	if err != nil {
		return memory.View{}, err
	}
	return arena.NewValue(array, v.Interface())
}

// value encodes a Go value that C keeps: pointers in it must be C's already.
func (m *made) value(lib Library, dst []byte, v reflect.Value, t dtype.Type) error {
	c := plainCall(lib)
	defer c.enc.Reset()
	err := c.enc.Value(dst, -1, 0, v, t)
	if err == nil && len(c.enc.Blocks) > 0 {
		err = fmt.Errorf("%w: C would keep Go's memory; allocate it in the library", memory.ErrType)
	}
	return m.keep(c, err)
}

// plainCall is for encoding values that C keeps.
func plainCall(lib Library) *call {
	c := &call{plan: &plan{lib: lib}}
	c.enc.ABI, c.enc.Space, c.enc.Other = lib.Space().ABI(), lib.Space(), c.other
	return c
}

// keep takes over the callbacks that were made of Go funcs, or frees them when
// that failed.
func (m *made) keep(c *call, err error) error {
	if len(c.callbacks) == 0 {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil && !m.freed {
		m.callbacks = append(m.callbacks, c.callbacks...)
		return nil
	}
	for _, cb := range c.callbacks {
		_ = cb.Free() // never fails
	}
	return err
}

// A makingCallback is a callback that makes others.
type makingCallback struct {
	Callback
	made *made
}

func (c *makingCallback) Free() error {
	m := c.made
	m.mu.Lock()
	m.freed = true
	callbacks := m.callbacks
	m.callbacks = nil
	m.mu.Unlock()
	errs := []error{c.Callback.Free()}
	for _, cb := range callbacks {
		errs = append(errs, cb.Free())
	}
	return errors.Join(errs...)
}
