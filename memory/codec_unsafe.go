package memory

import (
	"reflect"
	"unsafe"
)

// The functions here show the memory of Go values as bytes. unsafe.Pointer rule
// 1 holds for all of them: a byte has no alignment, the slice ends where the
// value does, and it keeps the value alive. Callers use them for types without
// Go pointers only.

// valueBytes is the memory of an addressable value.
func valueBytes(v reflect.Value) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(v.UnsafeAddr())), v.Type().Size())
}

// sliceBytes is the memory of a slice's elements.
func sliceBytes(v reflect.Value) []byte {
	n := uintptr(v.Len()) * v.Type().Elem().Size()
	if n == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(v.UnsafePointer()), n)
}

// settable is an addressable value without the ban on unexported fields: a Go
// struct that mirrors a C one may well have lower-case members. Rule 5: the
// result of UnsafeAddr becomes a pointer at once.
func settable(v reflect.Value) reflect.Value {
	if v.CanSet() || !v.CanAddr() {
		return v
	}
	return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
}

// bytesAddr is where b is in memory, to align what is placed in it. Nothing is
// made of the number but an index, and the Go heap does not move.
func bytesAddr(b []byte) uint64 {
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
}
