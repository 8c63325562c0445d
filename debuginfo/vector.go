package debuginfo

import (
	"debug/dwarf"
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// vector reads an array type with DW_AT_GNU_vector, made by vector_size.
func (d *decoder) vector(e *entry, depth int) (*ctype, error) {
	elem, err := d.decode(e.typ, depth+1)
	if err != nil {
		return nil, err
	}
	lanes, dims := uint64(0), 0
	err = e.eachChild(func(sub *entry) error {
		if sub.tag == dwarf.TagSubrangeType {
			dims++
			lanes = sub.count
			if !sub.has(hasCount) && sub.has(hasUpperBound) {
				lanes = sub.upperBound + 1
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	v, err := dtype.VectorOf(elem.t, lanes)
	if err != nil || dims != 1 {
		return nil, fmt.Errorf("%w: vector type of %d lanes", dtype.ErrNotSupported, lanes)
	}
	return &ctype{t: v, bigEndian: elem.bigEndian, weight: elem.weight + 1}, nil
}
