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

	// kept is the alignment that Microsoft's rules keep when the type is a
	// member of a packed struct, because aligned(n) asked for it inside.
	kept uint64
}

// A FieldLayout is where a member is in its struct or union.
type FieldLayout struct {
	Field
	// Offset and Size are the member's bytes; for a bit-field, those of the
	// storage unit it is accessed through, which lies inside the struct: the
	// unit of its declared type where that is aligned and inside, else the
	// fewest bytes that hold its bits. A flexible array and a bit-field of
	// width 0 have size 0.
	Offset, Size uint64
	// BitStart is a bit-field's first bit, counted from the struct's first
	// bit, bit 0 being the least significant bit of byte 0, or in a big-endian
	// struct the most significant one.
	BitStart uint64
}

// Layout lays t out. Layouts of structs and unions are computed once for each
// ABI and must not be changed. Errors wrap [ErrIncomplete], [ErrInvalid],
// [ErrOverflow] or [ErrNotSupported] and name the member.
func (a *ABI) Layout(t Type) (*Layout, error) {
	r := recordOf(t)
	if _, typedef := t.(*Named); r != nil && !typedef {
		if l := r.layouts[a.index].Load(); l != nil {
			return l, nil
		}
	}
	info, err := a.complete(t)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return &Layout{Size: info.size, Align: info.align}, nil
	}
	l := r.layouts[a.index].Load()
	if l.Align != info.align { // stated by a typedef
		aligned := *l
		aligned.Align = info.align
		return &aligned, nil
	}
	return l, nil
}

// Size is the size of t in bytes, what sizeof gives.
func (a *ABI) Size(t Type) (uint64, error) {
	info, err := a.complete(t)
	return info.size, err
}

// Align is the alignment of t in bytes, what _Alignof gives.
func (a *ABI) Align(t Type) (uint64, error) {
	info, err := a.complete(t)
	return info.align, err
}

// complete is a.info for a type that must have a size by itself, with errors
// for users to see.
func (a *ABI) complete(t Type) (typeInfo, error) {
	info, err := a.info(t)
	if err == nil && isFlexible(t) {
		err = a.layoutError(t, ErrIncomplete)
	}
	if e, ok := err.(*Error); ok && e.Path != "" {
		e.Path = joinPath(rootName(t), e.Path)
	}
	return info, err
}

func (a *ABI) layoutError(t Type, err error) error {
	return &Error{Op: "layout " + a.name, Type: t, Err: err}
}

// memberError puts the name of the member before an error about its type.
func memberError(name string, err error) error {
	if e, ok := err.(*Error); ok {
		e.Path = joinPath(name, e.Path)
	}
	return err
}

// A typeInfo is what the rules for members ask about a type, in bytes.
type typeInfo struct {
	size, align uint64
	// stated is the alignment that aligned(n) gives to the type itself, by its
	// definition or its typedef, kept the one that it gives to members inside;
	// 0 if it is not used. Only Microsoft's rules ask.
	stated, kept uint64
}

func (a *ABI) info(t Type) (typeInfo, error) {
	switch t := t.(type) {
	case *Bool:
		return typeInfo{size: 1, align: 1}, nil
	case *Int:
		n := a.IntSize(t)
		if n == 16 && !a.int128 {
			return typeInfo{}, a.layoutError(t, ErrNotSupported)
		}
		return typeInfo{size: n, align: n}, nil
	case *Float:
		return typeInfo{size: a.floatSize(t), align: a.floatAlign(t)}, nil
	case *Complex:
		return typeInfo{size: 2 * a.floatSize(t.part), align: a.floatAlign(t.part)}, nil
	case *Vector:
		return a.vectorInfo(t)
	case *Pointer:
		return typeInfo{size: uint64(a.pointer), align: uint64(a.pointer)}, nil
	case *Enum:
		return a.info(a.EnumBase(t))
	case *Named:
		info, err := a.info(t.under)
		if t.align != 0 {
			info.align, info.stated = t.align, t.align
		}
		return info, err
	case *Array:
		return a.arrayInfo(t)
	case *Struct:
		return a.recordInfo(t, &t.record)
	case *Union:
		return a.recordInfo(t, &t.record)
	case *Void, *Func:
		return typeInfo{}, a.layoutError(t, ErrIncomplete)
	}
	return typeInfo{}, a.layoutError(t, fmt.Errorf("%w: unknown kind %T", ErrInvalid, t))
}

func (a *ABI) arrayInfo(t *Array) (typeInfo, error) {
	info, err := a.info(t.elem)
	if err != nil {
		return typeInfo{}, err
	}
	if info.stated != 0 && info.size%info.align != 0 {
		return typeInfo{}, a.layoutError(t, fmt.Errorf("%w: element size %d is no multiple of its alignment %d", ErrInvalid, info.size, info.align))
	}
	if info.size != 0 && t.n > a.maxSize()/info.size {
		return typeInfo{}, a.layoutError(t, fmt.Errorf("%w: %d elements of %d bytes", ErrOverflow, t.n, info.size))
	}
	// Microsoft's empty structs may be aligned to more than their size.
	info.size = alignUp(info.size*t.n, info.align)
	return info, nil
}

func (a *ABI) recordInfo(t Type, r *record) (typeInfo, error) {
	l := r.layouts[a.index].Load()
	if l == nil {
		fresh, err := a.layoutRecord(t, r)
		if err != nil {
			return typeInfo{}, err
		}
		// Another goroutine may have been first: a type has one layout.
		r.layouts[a.index].CompareAndSwap(nil, fresh)
		l = r.layouts[a.index].Load()
	}
	info := typeInfo{size: l.Size, align: l.Align, kept: l.kept}
	if r.Attr().Align != 0 {
		info.stated = l.Align
	}
	return info, nil
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

// maxSize is the size of the largest object: PTRDIFF_MAX, as compilers have
// it, but no more than makes offsets in bits fit into 64 bits.
func (a *ABI) maxSize() uint64 { return min(a.MaxAddress()>>1, 1<<60) }

// layoutRecord places the members of a struct or union in order.
func (a *ABI) layoutRecord(t Type, r *record) (*Layout, error) {
	d := r.def.Load()
	if d == nil {
		return nil, a.layoutError(t, ErrIncomplete)
	}
	p := newPlacer(a, isUnion(t), d.attr)
	l := &Layout{Fields: make([]FieldLayout, len(d.fields))}
	for i, f := range d.fields {
		m, err := a.memberOf(f, d.attr)
		if err != nil {
			return nil, memberError(f.Name, err)
		}
		at := p.place(m)
		if at > 8*a.maxSize() || at/8+m.size > a.maxSize() {
			return nil, memberError(f.Name, a.layoutError(f.Type, fmt.Errorf("%w: the member ends at byte %d", ErrOverflow, at/8+m.size)))
		}
		l.Fields[i] = FieldLayout{Field: f, Offset: at / 8, Size: m.size, BitStart: at}
	}
	l.Size, l.Align, l.kept = p.finish()
	if l.Size > a.maxSize() {
		return nil, a.layoutError(t, fmt.Errorf("%w: %d bytes", ErrOverflow, l.Size))
	}
	for i := range l.Fields {
		if f := &l.Fields[i]; f.BitField {
			f.Offset, f.Size = storageUnit(f.BitStart, uint64(f.Bits), f.Size, l.Size)
		} else {
			f.BitStart = 0
		}
	}
	return l, nil
}

// storageUnit is the offset and size of the bytes through which a bit-field is
// accessed, in a struct of the given size.
func storageUnit(start, width, unit, size uint64) (at, n uint64) {
	if width == 0 {
		return start / 8, 0
	}
	if at = start / 8 / unit * unit; start+width <= 8*(at+unit) && at+unit <= size {
		return at, unit
	}
	at = start / 8
	return at, (start+width+7)/8 - at
}

// A member is a field with what its placement depends on.
type member struct {
	Field
	typeInfo
	natural uint64 // alignment of the type without its typedef's aligned(n)
	scalar  uint64 // size of a _Bool, integer or float, also as element; else 0
}

func (a *ABI) memberOf(f Field, attr Attr) (member, error) {
	info, err := a.info(f.Type)
	if err != nil {
		return member{}, err
	}
	m := member{Field: f, typeInfo: info, natural: info.align}
	if _, ok := f.Type.(*Named); ok {
		plain, err := a.info(Resolve(f.Type))
		if err != nil {
			return member{}, err
		}
		m.natural = plain.align
	}
	switch e := elemOf(f.Type).(type) {
	case *Bool:
		m.scalar = 1
	case *Int:
		m.scalar = a.IntSize(e)
	case *Float:
		m.scalar = a.floatSize(e)
	case *Pointer, *Vector: // gcc leaves pointers as they are, and swaps constant vectors only
		if attr.Endian == BigEndian {
			return member{}, a.layoutError(f.Type, fmt.Errorf("%w: %s in a big-endian struct", ErrNotSupported, pointerOrVector(e)))
		}
	}
	if f.BitField && uint64(f.Bits) > 8*info.size {
		return member{}, a.layoutError(f.Type, fmt.Errorf("%w: bit-field of width %d in %d bits", ErrInvalid, f.Bits, 8*info.size))
	}
	return m, nil
}

// elemOf is the element type of an array of any dimensions, or t itself.
func elemOf(t Type) Type {
	for {
		a, ok := Resolve(t).(*Array)
		if !ok {
			return Resolve(t)
		}
		t = a.elem
	}
}

// alignUp rounds n up to a multiple of align, a power of two.
func alignUp(n, align uint64) uint64 { return (n + align - 1) &^ (align - 1) }
