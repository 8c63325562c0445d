package cdecl

import (
	"fmt"
	"sort"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// biggestAlignment is what aligned without a number means, on every ABI here.
const biggestAlignment = 16

// take gives the attributes between two places that nothing has taken yet.
func (l *lifted) take(from, to int) []*attribute {
	return l.takeIf(from, to, func(*attribute) bool { return true })
}

func (l *lifted) takeIf(from, to int, wanted func(*attribute) bool) []*attribute {
	var list []*attribute
	i := sort.Search(len(l.attrs), func(i int) bool { return l.attrs[i].pos >= from })
	for ; i < len(l.attrs) && l.attrs[i].pos < to; i++ {
		if a := l.attrs[i]; !a.used && wanted(a) {
			a.used = true
			list = append(list, a)
		}
	}
	return list
}

// next is where the first token after pos begins.
func (l *lifted) next(pos int) int {
	i := sort.Search(len(l.tokens), func(i int) bool { return l.tokens[i].pos > pos })
	if i == len(l.tokens) {
		return len(l.text)
	}
	return l.tokens[i].pos
}

func has(attrs []*attribute, name string) bool {
	for _, a := range attrs {
		if a.name == name {
			return true
		}
	}
	return false
}

// aligned is the strictest alignment that attributes ask for; 0 if none does.
func (r *reader) aligned(attrs []*attribute) (uint64, error) {
	var most uint64
	for _, a := range attrs {
		if a.name != "aligned" && !(a.declspec && a.name == "align") {
			continue
		}
		n := uint64(biggestAlignment)
		if a.args.end > a.args.pos {
			var err error
			if n, err = r.evalAlignment(a.args); err != nil {
				return 0, err
			}
		}
		if n&(n-1) != 0 {
			return 0, r.errorAt(a.pos, nil, "alignment %d is no power of two", n)
		}
		most = max(most, n)
	}
	return most, nil
}

// layoutAttr is what attributes and pragmas say about the layout of a whole
// struct whose { is at pos.
func (r *reader) layoutAttr(attrs []*attribute, pos int) (dtype.Attr, error) {
	state := r.state(pos)
	attr := dtype.Attr{Pack: state.pack, Dialect: state.dialect, Endian: state.endian, Packed: has(attrs, "packed")}
	for _, a := range attrs {
		switch a.name {
		case "ms_struct":
			attr.Dialect = dtype.MSDialect
		case "gcc_struct":
			attr.Dialect = dtype.SysVDialect
		case "scalar_storage_order":
			switch order := string(r.text[a.args.pos:a.args.end]); strings.TrimSpace(order) {
			case `"big-endian"`:
				attr.Endian = dtype.BigEndian
			case `"little-endian"`:
				attr.Endian = dtype.LittleEndian
			default:
				return attr, r.errorAt(a.pos, nil, "scalar_storage_order is neither \"big-endian\" nor \"little-endian\"")
			}
		}
	}
	var err error
	attr.Align, err = r.aligned(attrs)
	return attr, err
}

// attributed is the type that attributes of a declaration make of q.
func (r *reader) attributed(q qualified, attrs []*attribute) (qualified, error) {
	for _, a := range attrs {
		switch a.name {
		case "vector_size", "ext_vector_type", "neon_vector_type", "neon_polyvector_type":
			t, err := r.vector(q.t, a)
			if err != nil {
				return q, err
			}
			q.t = t
		case "mode":
			name := plainName(strings.TrimSpace(string(r.text[a.args.pos:a.args.end])))
			t := r.mode(q.t, name)
			if t == nil {
				return q, r.errorAt(a.pos, fmt.Errorf("%w on %s", dtype.ErrNotSupported, r.abi), "mode(%s)", name)
			}
			q.t = t
		}
	}
	return q, nil
}

// mode is the type of gcc's machine modes with the signedness of t, nil if
// there is none.
func (r *reader) mode(t dtype.Type, name string) dtype.Type {
	switch name {
	case "SF":
		return dtype.CFloat
	case "DF":
		return dtype.CDouble
	case "XF", "TF":
		return dtype.CLongDouble
	case "SC":
		return dtype.ComplexOf(dtype.CFloat)
	case "DC":
		return dtype.ComplexOf(dtype.CDouble)
	}
	i, ok := dtype.Resolve(t).(*dtype.Int)
	if !ok {
		return nil
	}
	row, ok := map[string][2]dtype.Type{
		"QI":      {dtype.CUChar, dtype.CSChar},
		"byte":    {dtype.CUChar, dtype.CSChar},
		"HI":      {dtype.CUShort, dtype.CShort},
		"SI":      {dtype.CUInt, dtype.CInt},
		"DI":      {dtype.CULongLong, dtype.CLongLong},
		"TI":      {dtype.CUInt128, dtype.CInt128},
		"word":    {dtype.UIntPtrT, dtype.IntPtrT},
		"pointer": {dtype.UIntPtrT, dtype.IntPtrT},
	}[name]
	switch {
	case !ok:
		return nil
	case r.abi.Signed(i):
		return row[1]
	}
	return row[0]
}
