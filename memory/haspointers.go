package memory

import "github.com/wasmffi/wasmffi/dtype"

var pointerful cache[dtype.Type, bool]

// hasPointers reports whether objects of a type have pointers in them.
func hasPointers(t dtype.Type) bool {
	t = dtype.Resolve(t)
	switch t := t.(type) {
	case *dtype.Pointer:
		return true
	case *dtype.Array:
		return hasPointers(t.Elem())
	case *dtype.Struct, *dtype.Union:
		has, _ := pointerful.get(t, recordHasPointers)
		return has
	}
	return false
}

func recordHasPointers(t dtype.Type) (bool, error) {
	var fields []dtype.Field
	switch t := t.(type) {
	case *dtype.Struct:
		fields = t.Fields()
	case *dtype.Union:
		fields = t.Fields()
	}
	if len(fields) == 0 {
		return false, dtype.ErrIncomplete // or not yet: not to be remembered
	}
	for _, f := range fields {
		if hasPointers(f.Type) {
			return true, nil
		}
	}
	return false, nil
}
