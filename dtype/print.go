package dtype

import (
	"fmt"
	"strings"
)

func (*Void) String() string      { return "void" }
func (*Bool) String() string      { return "_Bool" }
func (t *Int) String() string     { return t.name }
func (t *Float) String() string   { return t.name }
func (t *Complex) String() string { return "_Complex " + t.part.name }
func (t *Named) String() string   { return t.name }
func (t *Enum) String() string    { return taggedName("enum", t.tag, t) }
func (t *Struct) String() string  { return taggedName("struct", t.tag, t) }
func (t *Union) String() string   { return taggedName("union", t.tag, t) }
func (t *Pointer) String() string { return Declare(t, "") }
func (t *Array) String() string   { return Declare(t, "") }
func (t *Func) String() string    { return Declare(t, "") }

// taggedName is "struct tag", or the whole definition of a type without a tag,
// since C has no other way to write it.
func taggedName(kind, tag string, t Type) string {
	if tag != "" {
		return kind + " " + tag
	}
	return Define(t)
}

// Declare is the C declaration of name with type t, without a semicolon:
// "int (*cmp)(const void *, const void *)". An empty name gives the type name.
func Declare(t Type, name string) string {
	return declare(t, name, false)
}

// declare builds the declarator inside out: what is left of the name depends
// on what t finally is, so the name grows on its way down.
func declare(t Type, decl string, isConst bool) string {
	switch t := t.(type) {
	case *Pointer:
		decl = "*" + qualifier(isConst, decl) + decl
		switch t.elem.(type) {
		case *Array, *Func:
			decl = "(" + decl + ")"
		}
		return declare(t.elem, decl, t.constElem)
	case *Array:
		if t.flexible {
			return declare(t.elem, decl+"[]", isConst)
		}
		return declare(t.elem, fmt.Sprintf("%s[%d]", decl, t.n), isConst)
	case *Func:
		return declare(t.result, decl+"("+paramList(t)+")", false)
	}
	s := t.String()
	if isConst {
		s = "const " + s
	}
	if decl == "" {
		return s
	}
	return s + " " + decl
}

func qualifier(isConst bool, next string) string {
	switch {
	case !isConst:
		return ""
	case next == "":
		return "const"
	}
	return "const "
}

func paramList(t *Func) string {
	if len(t.params) == 0 && !t.variadic {
		return "void"
	}
	var ps []string
	for _, p := range t.params[:t.fixed] {
		ps = append(ps, Declare(p.Type, p.Name))
	}
	if t.variadic {
		ps = append(ps, "...")
	}
	return strings.Join(ps, ", ")
}

// Define is the C definition of a struct, union, enum or typedef, without a
// semicolon: "struct point { int x; int y; }". Other types and incomplete ones
// give their name.
func Define(t Type) string {
	switch t := t.(type) {
	case *Named:
		return "typedef " + Declare(t.under, t.name)
	case *Enum:
		var cs []string
		next := int64(0)
		for _, c := range t.consts {
			s := c.Name
			if c.Value != next {
				s = fmt.Sprintf("%s = %d", c.Name, c.Value)
			}
			cs = append(cs, s)
			next = c.Value + 1
		}
		return join("enum", t.tag) + " { " + strings.Join(cs, ", ") + " }"
	case *Struct:
		return defineRecord("struct", &t.record)
	case *Union:
		return defineRecord("union", &t.record)
	}
	return t.String()
}

func defineRecord(kind string, r *record) string {
	d := r.def.Load()
	if d == nil {
		return join(kind, r.tag)
	}
	var b strings.Builder
	if d.attr.Pack != 0 {
		fmt.Fprintf(&b, "_Pragma(\"pack(push, %d)\") ", d.attr.Pack)
	}
	b.WriteString(kind)
	for _, a := range attributes(d.attr) {
		b.WriteString(" __attribute__((" + a + "))")
	}
	if r.tag != "" {
		b.WriteString(" " + r.tag)
	}
	b.WriteString(" {")
	for _, f := range d.fields {
		b.WriteString(" " + defineField(f) + ";")
	}
	b.WriteString(" }")
	if d.attr.Pack != 0 {
		b.WriteString(" _Pragma(\"pack(pop)\")")
	}
	return b.String()
}

func attributes(a Attr) (as []string) {
	if a.Packed {
		as = append(as, "packed")
	}
	if a.Align != 0 {
		as = append(as, fmt.Sprintf("aligned(%d)", a.Align))
	}
	switch a.Dialect {
	case SysVDialect:
		as = append(as, "gcc_struct")
	case MSDialect:
		as = append(as, "ms_struct")
	}
	switch a.Endian {
	case LittleEndian:
		as = append(as, `scalar_storage_order("little-endian")`)
	case BigEndian:
		as = append(as, `scalar_storage_order("big-endian")`)
	}
	return as
}

func defineField(f Field) string {
	s := declare(f.Type, f.Name, f.Const)
	if f.BitField {
		if f.Name != "" {
			s = fmt.Sprintf("%s : %d", s, f.Bits)
		} else {
			s = fmt.Sprintf("%s : %d", f.Type, f.Bits)
		}
	}
	if f.Packed {
		s += " __attribute__((packed))"
	}
	if f.Align != 0 {
		s += fmt.Sprintf(" __attribute__((aligned(%d)))", f.Align)
	}
	return s
}

func join(kind, tag string) string {
	if tag == "" {
		return kind
	}
	return kind + " " + tag
}
