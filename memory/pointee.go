package memory

import (
	"fmt"
	"reflect"

	"github.com/wasmffi/wasmffi/dtype"
)

// A pointee is what there is to know about Go values of one type as the objects
// that a C pointer points to.
type pointee struct {
	elem        dtype.Type
	size, align uint64
	inPlace     bool // C may use the Go memory itself
	codec       codec
}

type pointeeKey struct {
	abi  *dtype.ABI
	g    reflect.Type
	elem dtype.Type
}

var pointees cache[pointeeKey, *pointee]

func pointeeFor(abi *dtype.ABI, g reflect.Type, elem dtype.Type) (*pointee, error) {
	return pointees.get(pointeeKey{abi, g, dtype.Resolve(elem)}, newPointee)
}

func newPointee(key pointeeKey) (*pointee, error) {
	p := &pointee{elem: key.elem}
	if isVoid(p.elem) {
		var err error
		if p.elem, err = dtype.FromGo(key.g); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrType, err)
		}
	}
	l, err := key.abi.Layout(p.elem)
	if err != nil {
		return nil, err
	}
	p.size, p.align = l.Size, l.Align
	if key.abi.MatchGo(key.g, p.elem) == nil {
		p.inPlace = true
		return p, nil
	}
	p.codec, err = codecFor(key.abi, key.g, p.elem, false)
	return p, err
}
