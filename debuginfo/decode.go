package debuginfo

import (
	"debug/dwarf"
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// Limits on what is built. Types that C programmers write stay far below; a
// hostile file meets an error before printing or comparing its types could
// take forever.
const (
	maxDepth   = 200     // types inside types, not through a struct's tag
	maxWeight  = 1 << 16 // words to spell a type, or a struct's members
	maxRecords = 1 << 17 // structs, unions and enums in all
)

// A decoder turns entries into types, each once.
type decoder struct {
	data  *dwarfData
	index *index
	abi   *dtype.ABI

	types map[int]*ctype    // by the entry's offset; nil while it is decoded
	same  map[uint64]*ctype // structs, unions and enums by signature
	// pending are structs and unions that pointers led to. They are defined
	// after what led there, so that recursion does not follow chains of
	// pointers.
	pending []*record
	records int
}

// A ctype is a type as an entry describes it: dtype's, and what dtype keeps
// elsewhere than on the type.
type ctype struct {
	t         dtype.Type // nil: cannot be expressed, see err
	err       error
	isConst   bool
	bigEndian bool
	weight    int     // words to spell it
	record    *record // the struct or union whose bytes are the type's own
}

var voidType = &ctype{t: dtype.CVoid, weight: 1}

// typeAt decodes the type entry at off with everything it refers to. A struct
// or union that could not be defined is an error.
func (d *decoder) typeAt(off int) (dtype.Type, error) {
	t, err := d.decode(off, 0)
	d.finish()
	if err != nil {
		return nil, err
	}
	if t.record != nil && t.record.err != nil {
		return nil, t.record.err
	}
	return t.t, nil
}

// decode gives the type at off; 0 is void. A struct or union may not be
// defined yet.
func (d *decoder) decode(off, depth int) (*ctype, error) {
	if off == 0 {
		return voidType, nil
	}
	if t, ok := d.types[off]; ok {
		if t == nil {
			return nil, fmt.Errorf("%w: type at 0x%x is made of itself", ErrMalformed, off)
		}
		return t, t.err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: types nest deeper than %d", ErrMalformed, maxDepth)
	}
	d.types[off] = nil
	t, err := d.decodeNew(off, depth)
	if err == nil && t.weight > maxWeight {
		err = fmt.Errorf("%w: type at 0x%x takes more than %d words to spell", ErrMalformed, off, maxWeight)
	}
	if err != nil {
		t = &ctype{err: err}
	}
	d.types[off] = t
	return t, err
}

func (d *decoder) decodeNew(off, depth int) (*ctype, error) {
	if off == elsewhere {
		return nil, fmt.Errorf("%w: %w", dtype.ErrNotSupported, errNoSupplement)
	}
	u := d.data.unitAt(off)
	e := new(entry)
	if u == nil || !u.entry(off, e) || e.tag == 0 {
		return nil, fmt.Errorf("%w: no type at 0x%x", ErrMalformed, off)
	}
	switch e.tag {
	case dwarf.TagBaseType:
		t, err := baseType(d.abi, e.name, e.encoding, e.byteSize)
		return &ctype{t: t, bigEndian: e.bigEndian, weight: 1}, err
	case dwarf.TagConstType:
		t, err := d.decode(e.typ, depth+1)
		if err != nil || t.isConst {
			return t, err
		}
		c := *t
		c.isConst = true
		return &c, nil
	case dwarf.TagVolatileType, dwarf.TagRestrictType, dwarf.TagAtomicType, dwarf.TagPackedType:
		return d.decode(e.typ, depth+1)
	case dwarf.TagTypedef:
		return d.typedef(e, depth)
	case dwarf.TagPointerType, dwarf.TagReferenceType, dwarf.TagRvalueReferenceType:
		return d.pointer(e, depth)
	case dwarf.TagArrayType:
		return d.array(e, depth)
	case dwarf.TagSubroutineType:
		return d.function(e, e.hasPrototype(), depth)
	case dwarf.TagStructType, dwarf.TagClassType, dwarf.TagUnionType, dwarf.TagEnumerationType:
		return d.tagged(e, depth)
	}
	return nil, fmt.Errorf("%w: %v is no type of C", dtype.ErrNotSupported, e.tag)
}

// typedef keeps the name, but for those that dtype has types of its own for.
func (d *decoder) typedef(e *entry, depth int) (*ctype, error) {
	under, err := d.decode(e.typ, depth+1)
	if err != nil {
		return nil, err
	}
	c := *under
	c.weight = 1
	if t, ok := standardType(d.abi, e.name, under.t); ok {
		c.t = t
		return &c, nil
	}
	if c.t, err = dtype.NewNamedAligned(e.name, under.t, e.alignment); err != nil {
		return nil, malformed(err)
	}
	return &c, nil
}

// pointer gives void * for a pointer to what cannot be expressed, so that the
// functions which pass it on can still be called.
func (d *decoder) pointer(e *entry, depth int) (*ctype, error) {
	if e.has(hasByteSize) && e.byteSize != d.abi.PointerSize() {
		return nil, fmt.Errorf("%w: pointer of %d bytes on %v", dtype.ErrNotSupported, e.byteSize, d.abi)
	}
	elem, err := d.decode(e.typ, depth+1)
	if notSupported(err) {
		elem, err = &ctype{t: dtype.CVoid, weight: 1, isConst: d.isConst(e.typ)}, nil
	}
	if err != nil {
		return nil, err
	}
	c := &ctype{weight: elem.weight + 1, t: dtype.PointerTo(elem.t)}
	if elem.isConst {
		c.t = dtype.PointerToConst(elem.t)
	}
	return c, nil
}

// isConst reports whether the type at off is const-qualified, whatever it is.
func (d *decoder) isConst(off int) bool {
	var e entry
	u := d.data.unitAt(off)
	return u != nil && u.entry(off, &e) && e.tag == dwarf.TagConstType
}

// array reads the dimensions, first to last, and nests the element type in
// them from the last. One that is unknown, or computed at run time, makes a
// flexible array.
func (d *decoder) array(e *entry, depth int) (*ctype, error) {
	if e.vector {
		return d.vector(e, depth)
	}
	elem, err := d.decode(e.typ, depth+1)
	if err != nil {
		return nil, err
	}
	type dimension struct {
		n        uint64
		flexible bool
	}
	var dims []dimension
	err = e.eachChild(func(sub *entry) error {
		switch {
		case sub.tag != dwarf.TagSubrangeType:
		case sub.has(hasCount):
			dims = append(dims, dimension{n: sub.count})
		case sub.has(hasUpperBound):
			dims = append(dims, dimension{n: sub.upperBound + 1})
		default:
			dims = append(dims, dimension{flexible: true})
		}
		if len(dims) > maxDepth {
			return fmt.Errorf("%w: array of more than %d dimensions", ErrMalformed, maxDepth)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(dims) == 0 {
		dims = []dimension{{flexible: true}}
	}
	c := *elem
	c.weight += len(dims)
	for i := len(dims) - 1; i >= 0; i-- {
		var t *dtype.Array
		if dims[i].flexible {
			t, err = dtype.FlexibleArrayOf(c.t)
		} else {
			t, err = dtype.ArrayOf(c.t, dims[i].n)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", dtype.ErrNotSupported, err)
		}
		c.t = t
	}
	return &c, nil
}

// function reads result and parameters of a function or function type.
//
// Without a prototype, C does not check arguments and promotes them: a
// definition in the old style takes exactly its parameters, promoted, and a
// type such as int (*)() is taken as C23 does, without parameters.
func (d *decoder) function(e *entry, prototyped bool, depth int) (*ctype, error) {
	result, err := d.decode(e.typ, depth+1)
	if err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	if result.record != nil && result.record.special {
		return nil, fmt.Errorf("result: %w: %v by value, which has a constructor or destructor", dtype.ErrNotSupported, result.t)
	}
	c := &ctype{weight: result.weight + 1}
	var params []dtype.Param
	variadic := false
	err = e.eachChild(func(p *entry) error {
		switch p.tag {
		case dwarf.TagUnspecifiedParameters:
			variadic = prototyped
		case dwarf.TagFormalParameter:
			t, err := d.decode(p.typ, depth+1)
			if err != nil {
				return fmt.Errorf("parameter %d: %w", len(params)+1, err)
			}
			if c.weight += t.weight; c.weight > maxWeight {
				return fmt.Errorf("%w: more than %d words to spell the parameters", ErrMalformed, maxWeight)
			}
			param := dtype.Param{Name: p.name, Type: t.t}
			if t.record != nil && t.record.special {
				return fmt.Errorf("parameter %d: %w: %v by value, which has a constructor or destructor", len(params)+1, dtype.ErrNotSupported, t.t)
			}
			switch {
			case t.record != nil && t.record.transparent:
				param.Type = dtype.PointerTo(nil)
			case !prototyped:
				param.Type = dtype.Promote(t.t)
			}
			params = append(params, param)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if c.t, err = dtype.NewFunc(result.t, params, variadic); err != nil {
		return nil, malformed(err)
	}
	return c, nil
}

// enum keeps the compiler's choice of integer type where it differs from the
// one that C compilers choose by themselves.
func (d *decoder) enum(e *entry, depth int) (*ctype, error) {
	var base *dtype.Int
	if e.typ != 0 {
		t, err := d.decode(e.typ, depth+1)
		if err != nil {
			return nil, err
		}
		base, _ = dtype.Resolve(t.t).(*dtype.Int)
	}
	if base == nil {
		base = exactInteger(e.byteSize, e.encoding == encSigned)
	}
	if base == nil {
		return nil, fmt.Errorf("%w: enum %s of %d bytes", dtype.ErrNotSupported, e.name, e.byteSize)
	}
	var consts []dtype.EnumConst
	err := e.eachChild(func(c *entry) error {
		if c.tag == dwarf.TagEnumerator {
			value := dtype.EnumConst{Name: c.name, Value: int64(c.constValue)}
			if !d.abi.Signed(base) {
				value = dtype.UnsignedConst(c.name, c.constValue)
			}
			consts = append(consts, value)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	t, err := dtype.NewEnum(e.name, consts...)
	if err != nil {
		return nil, malformed(err)
	}
	if b := t.Base(); d.abi.IntSize(b) != d.abi.IntSize(base) || d.abi.Signed(b) != d.abi.Signed(base) {
		if t, err = dtype.NewEnumBase(e.name, base, consts...); err != nil {
			return nil, malformed(err)
		}
	}
	c := &ctype{t: t, weight: 1}
	if e.name == "" {
		c.weight += len(consts)
	}
	return c, nil
}

// tagged decodes a struct, union or enum, or takes the one that is like it.
func (d *decoder) tagged(e *entry, depth int) (*ctype, error) {
	if e.full != 0 {
		return d.decode(e.full, depth+1)
	}
	if full, ok := d.complete(e); ok {
		return d.decode(full, depth+1)
	}
	sig, ok := signatureOf(e)
	if ok = ok && e.name != ""; ok && d.same[sig] != nil {
		return d.same[sig], nil
	}
	if d.records++; d.records > maxRecords {
		return nil, fmt.Errorf("%w: more than %d structs, unions and enums", ErrMalformed, maxRecords)
	}
	decode := d.declare
	if e.tag == dwarf.TagEnumerationType {
		decode = d.enum
	}
	c, err := decode(e, depth)
	if ok && err == nil {
		d.same[sig] = c
	}
	return c, err
}

// complete finds the definition of a struct, union or enum that is only
// declared in its unit. Where the library has different ones of that name,
// none is taken.
func (d *decoder) complete(e *entry) (off int, ok bool) {
	r, ok := d.index.records[e.recordKey()]
	if !e.declaration || !ok || r.ambiguous || r.off == e.off {
		return 0, false
	}
	return r.off, true
}

// eachChild decodes the direct children of e, one after the other, into one
// entry that is reused.
func (e *entry) eachChild(visit func(*entry) error) error {
	if !e.children {
		return nil
	}
	var c entry
	for off := e.end; off < e.unit.end; {
		if !e.unit.entry(off, &c) {
			return fmt.Errorf("%w: entry at 0x%x", ErrMalformed, off)
		}
		if c.tag == 0 {
			return nil
		}
		if err := visit(&c); err != nil {
			return err
		}
		off = c.end
		if c.children {
			var ok bool
			if off, ok = e.unit.skipChildren(off, c.sibling); !ok {
				return fmt.Errorf("%w: entry at 0x%x", ErrMalformed, c.off)
			}
		}
	}
	return nil
}
