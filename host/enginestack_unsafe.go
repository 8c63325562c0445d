package host

import (
	"reflect"
	"sync"
	"unsafe"

	"github.com/tetratelabs/wazero/api"
)

// The engine's compiled code runs on a stack of its own, in Go's heap, which
// grows to 100 MB by C's recursion, and which each of the engine's functions
// keeps. So functions whose stack has grown are let go of when their call ends,
// every call: frames can be so large that few of them, and no tick, make a stack
// grow. Calls in callbacks do not take that much at every level.
const (
	keptStack    = 1 << 20 // bytes that a function may keep
	nestedStacks = 1 << 26 // bytes beyond which no further call nests
)

// noStack is for functions whose stack does not grow.
var noStack []byte

var stackFields sync.Map // from a type of api.Function to the field's offset, or nil

// stackOf is where the engine has the stack that a function runs on.
func stackOf(fn api.Function) *[]byte {
	v := reflect.ValueOf(fn)
	if v.Kind() != reflect.Pointer {
		return &noStack
	}
	offset, known := stackFields.Load(v.Type())
	if !known {
		if v.Type().Elem().Kind() == reflect.Struct {
			if f, ok := v.Type().Elem().FieldByName("stack"); ok && f.Type == reflect.TypeFor[[]byte]() && len(f.Index) == 1 {
				offset = f.Offset
			}
		}
		stackFields.Store(v.Type(), offset)
	}
	if offset == nil {
		return &noStack
	}
	return (*[]byte)(unsafe.Add(v.UnsafePointer(), offset.(uintptr)))
}
