package dtype

import "slices"

// Identical reports whether a and b are the same C type, typedef names and
// tags included. Parameter names do not count.
func Identical(a, b Type) bool {
	return (&comparer{}).same(a, b)
}

// Equivalent reports whether a and b are identical after typedef names are
// resolved, as C's compatible types are (C11 6.2.7). Tags count; a struct that
// is only declared is equivalent to any of its tag; two anonymous types are
// equivalent when their members are.
func Equivalent(a, b Type) bool {
	return (&comparer{resolve: true}).same(a, b)
}

// LayoutEqual reports whether every byte of x means the same in y on this ABI:
// scalars of the same size, signedness and kind at the same offsets. Names,
// tags and typedefs do not count, but a struct that is only declared is equal
// to those of its tag. Pointers are equal when what they point to is, or when
// one of them is void *.
func (a *ABI) LayoutEqual(x, y Type) bool {
	return (&comparer{resolve: true, abi: a}).same(x, y)
}

// A comparer walks two types side by side. Pairs of records that are being
// compared are taken as equal when met again, which ends recursion.
type comparer struct {
	resolve bool
	abi     *ABI // layout equality when set
	open    map[[2]*record]bool
}

func (c *comparer) same(x, y Type) bool {
	if c.resolve {
		x, y = Resolve(x), Resolve(y)
	}
	if x == y {
		return true
	}
	if c.abi != nil {
		x, y = c.abi.withoutEnum(x), c.abi.withoutEnum(y)
	}
	switch x := x.(type) {
	case *Void:
		_, ok := y.(*Void)
		return ok
	case *Bool:
		_, ok := y.(*Bool)
		return ok
	case *Int:
		y, ok := y.(*Int)
		if ok && c.abi != nil {
			return c.abi.IntSize(x) == c.abi.IntSize(y) && c.abi.Signed(x) == c.abi.Signed(y)
		}
		return ok && *x == *y
	case *Float:
		y, ok := y.(*Float)
		return ok && c.sameFloat(x, y)
	case *Complex:
		y, ok := y.(*Complex)
		return ok && c.sameFloat(x.part, y.part)
	case *Pointer:
		y, ok := y.(*Pointer)
		if !ok {
			return false
		}
		if c.abi != nil {
			return isVoid(x.elem) || isVoid(y.elem) || c.same(x.elem, y.elem)
		}
		return x.constElem == y.constElem && c.same(x.elem, y.elem)
	case *Array:
		y, ok := y.(*Array)
		return ok && x.n == y.n && x.flexible == y.flexible && c.same(x.elem, y.elem)
	case *Vector:
		y, ok := y.(*Vector)
		return ok && x.lanes == y.lanes && c.same(x.elem, y.elem)
	case *Enum:
		y, ok := y.(*Enum)
		return ok && sameEnum(x, y)
	case *Func:
		y, ok := y.(*Func)
		return ok && c.sameFunc(x, y)
	case *Named:
		y, ok := y.(*Named)
		return ok && x.name == y.name && x.align == y.align && c.same(x.under, y.under)
	case *Struct:
		y, ok := y.(*Struct)
		return ok && c.sameRecord(x, y, &x.record, &y.record)
	case *Union:
		y, ok := y.(*Union)
		return ok && c.sameRecord(x, y, &x.record, &y.record)
	}
	return false
}

func isVoid(t Type) bool {
	_, ok := Resolve(t).(*Void)
	return ok
}

func (a *ABI) withoutEnum(t Type) Type {
	if e, ok := t.(*Enum); ok {
		return a.EnumBase(e)
	}
	return t
}

func (c *comparer) sameFloat(x, y *Float) bool {
	if c.abi != nil {
		return c.abi.floatSize(x) == c.abi.floatSize(y)
	}
	return *x == *y
}

func sameEnum(x, y *Enum) bool {
	if x.tag != y.tag || x.fixed != y.fixed || *x.base != *y.base || len(x.consts) != len(y.consts) {
		return false
	}
	for i := range x.consts {
		if x.consts[i] != y.consts[i] {
			return false
		}
	}
	return true
}

func (c *comparer) sameFunc(x, y *Func) bool {
	if x.variadic != y.variadic || x.fixed != y.fixed || len(x.params) != len(y.params) || !c.same(x.result, y.result) {
		return false
	}
	for i := range x.params {
		if !c.same(x.params[i].Type, y.params[i].Type) {
			return false
		}
	}
	return true
}

func (c *comparer) sameRecord(xt, yt Type, x, y *record) bool {
	return c.sameMembers(xt, yt, x, y, false)
}

// sameMembers compares two structs or two unions. That C spells the definition
// of an unnamed member without its tag, anonymous tells.
func (c *comparer) sameMembers(xt, yt Type, x, y *record, anonymous bool) bool {
	pair := [2]*record{x, y}
	if c.open[pair] {
		return true
	}
	if c.open == nil {
		c.open = map[[2]*record]bool{}
	}
	c.open[pair] = true
	dx, dy := x.def.Load(), y.def.Load()
	if dx == nil || dy == nil {
		return x.tag == y.tag && x.tag != "" && (c.resolve || dx == dy)
	}
	if c.abi != nil {
		return c.sameLayout(xt, yt)
	}
	if x.tag != y.tag && !anonymous || dx.attr != dy.attr || len(dx.fields) != len(dy.fields) {
		return false
	}
	for i, f := range dx.fields {
		g := dy.fields[i]
		ft, gt := f.Type, g.Type
		f.Type, g.Type = nil, nil
		if f != g || !c.sameMember(f.Name, ft, gt) {
			return false
		}
	}
	return true
}

func (c *comparer) sameMember(name string, x, y Type) bool {
	rx, ry := recordOf(x), recordOf(y)
	if name == "" && rx != nil && ry != nil {
		return isUnion(x) == isUnion(y) && c.sameMembers(Resolve(x), Resolve(y), rx, ry, true)
	}
	return c.same(x, y)
}

// sameLayout compares where members are, not what they are called. Unnamed
// bit-fields have no meaning.
func (c *comparer) sameLayout(x, y Type) bool {
	lx, errx := c.abi.Layout(x)
	ly, erry := c.abi.Layout(y)
	if errx != nil || erry != nil || lx.Size != ly.Size {
		return false
	}
	swapped := func(t Type) bool { return recordOf(t).Attr().Endian == BigEndian }
	if swapped(x) != swapped(y) {
		return false
	}
	fx, fy := meaningful(lx.Fields), meaningful(ly.Fields)
	return slices.EqualFunc(fx, fy, func(f, g FieldLayout) bool {
		if f.BitField != g.BitField || f.BitStart != g.BitStart || f.Bits != g.Bits {
			return false
		}
		if f.BitField {
			return c.abi.bitsSigned(f.Type) == c.abi.bitsSigned(g.Type)
		}
		return f.Offset == g.Offset && c.same(f.Type, g.Type)
	})
}

// bitsSigned reports whether a bit-field of type t is signed.
func (a *ABI) bitsSigned(t Type) bool {
	i, ok := a.withoutEnum(Resolve(t)).(*Int)
	return ok && a.Signed(i)
}

func meaningful(fields []FieldLayout) []FieldLayout {
	return slices.DeleteFunc(slices.Clone(fields), func(f FieldLayout) bool { return f.BitField && f.Name == "" })
}
