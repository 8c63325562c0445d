package dtype

import "fmt"

// A Layout is where a type's bytes are on one ABI. Sizes, alignments and
// offsets are in bytes.
type Layout struct {
	Size  uint64
	Align uint64
	// Fields are the members of a struct or union in order of declaration.
	// Unnamed bit-fields are among them.
	Fields []FieldLayout
}

// A FieldLayout is where a member is in its struct or union.
type FieldLayout struct {
	Field
	// Offset and Size are the member's bytes; for a bit-field, those of the
	// storage unit it is accessed through, which lies inside the struct.
	Offset, Size uint64
	// BitStart is a bit-field's first bit, counted from the struct's first
	// bit, bit 0 being the least significant bit of byte 0.
	BitStart uint64
}

// Layout lays t out. Layouts of structs and unions are computed once for each
// ABI and must not be changed. Errors wrap [ErrIncomplete], [ErrOverflow] or
// [ErrNotSupported].
func (a *ABI) Layout(t Type) (*Layout, error) {
	if r := recordOf(t); r != nil {
		if l := r.layouts[a.index].Load(); l != nil {
			return l, nil
		}
		l, err := a.layoutRecord(Resolve(t), r)
		if err != nil {
			return nil, err
		}
		r.layouts[a.index].Store(l)
		return l, nil
	}
	size, align, err := a.sizeAlign(t)
	if err != nil {
		return nil, err
	}
	return &Layout{Size: size, Align: align}, nil
}

// Size is the size of t in bytes.
func (a *ABI) Size(t Type) (uint64, error) {
	size, _, err := a.sizeAlign(t)
	return size, err
}

// Align is the alignment of t in bytes.
func (a *ABI) Align(t Type) (uint64, error) {
	_, align, err := a.sizeAlign(t)
	return align, err
}

func (a *ABI) sizeAlign(t Type) (size, align uint64, err error) {
	fail := func(err error) (uint64, uint64, error) {
		return 0, 0, &Error{Op: "layout " + a.name, Type: t, Err: err}
	}
	switch t := t.(type) {
	case *Bool:
		return 1, 1, nil
	case *Int:
		n := a.IntSize(t)
		if n == 16 && !a.int128 {
			return fail(ErrNotSupported)
		}
		return n, n, nil
	case *Float:
		n := a.floatSize(t)
		return n, a.floatAlign(t), nil
	case *Complex:
		return 2 * a.floatSize(t.part), a.floatAlign(t.part), nil
	case *Pointer:
		return uint64(a.pointer), uint64(a.pointer), nil
	case *Enum:
		return a.sizeAlign(t.base)
	case *Named:
		return a.sizeAlign(t.under)
	case *Array:
		es, ea, err := a.sizeAlign(t.elem)
		if err != nil {
			return 0, 0, err
		}
		size, ok := mul(es, t.n)
		if !ok || size > a.maxSize() {
			return fail(ErrOverflow)
		}
		return size, ea, nil
	case *Struct, *Union:
		l, err := a.Layout(t)
		if err != nil {
			return 0, 0, err
		}
		return l.Size, l.Align, nil
	case *Void, *Func:
		return fail(ErrIncomplete)
	}
	return fail(fmt.Errorf("%w: %T", ErrInvalid, t))
}

func (a *ABI) floatSize(t *Float) uint64 {
	switch {
	case t.size != 0:
		return uint64(t.size)
	case a.ldFormat == LongDoubleIsDouble:
		return 8
	}
	return 16
}

func (a *ABI) floatAlign(t *Float) uint64 {
	if t.size != 0 {
		return uint64(t.size)
	}
	return uint64(a.ldouble)
}

// maxSize is the size of the largest object: PTRDIFF_MAX, as compilers have it.
func (a *ABI) maxSize() uint64 { return a.MaxAddress() >> 1 }

func (a *ABI) layoutRecord(t Type, r *record) (*Layout, error) {
	d := r.def.Load()
	if d == nil {
		return nil, &Error{Op: "layout " + a.name, Type: t, Err: ErrIncomplete}
	}
	_, isUnion := t.(*Union)
	p := placer{abi: a, union: isUnion, attr: d.attr, align: 1}
	l := &Layout{Fields: make([]FieldLayout, len(d.fields))}
	for i, f := range d.fields {
		fl, err := p.place(f)
		if err != nil {
			return nil, &Error{Op: "layout " + a.name, Path: f.Name, Type: t, Err: err}
		}
		l.Fields[i] = fl
	}
	l.Align = max(p.align, d.attr.Align)
	size, ok := alignUp(p.end, l.Align)
	if !ok || size > a.maxSize() {
		return nil, &Error{Op: "layout " + a.name, Type: t, Err: ErrOverflow}
	}
	l.Size = size
	return l, nil
}

// A placer puts the members of one struct or union, in order.
type placer struct {
	abi   *ABI
	union bool
	attr  Attr
	end   uint64 // first byte after what has been placed
	align uint64
}

func (p *placer) place(f Field) (FieldLayout, error) {
	if f.BitField {
		return FieldLayout{}, fmt.Errorf("%w: bit-field", ErrNotSupported)
	}
	size, align, err := p.abi.sizeAlign(f.Type)
	if err != nil {
		return FieldLayout{}, err
	}
	if p.attr.Packed || f.Packed {
		align = 1
	}
	align = max(align, f.Align)
	if p.attr.Pack != 0 {
		align = min(align, p.attr.Pack)
	}
	at := uint64(0)
	ok := true
	if !p.union {
		if at, ok = alignUp(p.end, align); !ok {
			return FieldLayout{}, ErrOverflow
		}
	}
	end := at + size
	if end < at || end > p.abi.maxSize() {
		return FieldLayout{}, ErrOverflow
	}
	p.end = max(p.end, end)
	p.align = max(p.align, align)
	return FieldLayout{Field: f, Offset: at, Size: size}, nil
}

// alignUp rounds n up to a multiple of align, a power of two.
func alignUp(n, align uint64) (uint64, bool) {
	r := (n + align - 1) &^ (align - 1)
	return r, r >= n
}

func mul(a, b uint64) (uint64, bool) {
	if a == 0 || b <= ^uint64(0)/a {
		return a * b, true
	}
	return 0, false
}
