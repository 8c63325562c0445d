package memory

import (
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

// newVectorCodec makes the codec of a vector: that of the array of its lanes,
// but no text.
func newVectorCodec(key codecKey, c *dtype.Vector) (codec, error) {
	if key.g.Kind() == reflect.String {
		return nil, mismatch(key.g, c)
	}
	return newArrayCodec(key, c.Array())
}

// arrayType is the array type that t is, or has the bytes of if it is a vector.
func arrayType(t dtype.Type) (*dtype.Array, bool) {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Array:
		return t, true
	case *dtype.Vector:
		return t.Array(), true
	}
	return nil, false
}
