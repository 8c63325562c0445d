package dtype

import (
	"fmt"
	"strings"
)

// Define is the C definition of a struct, union, enum or typedef, without a
// semicolon at the end: "struct point { int x; int y; }". A struct under
// #pragma pack has the pragma before it and its end after it. Other types and
// incomplete ones give their name.
func Define(t Type) string {
	p := newPrinter()
	switch t := t.(type) {
	case *Named:
		if t.align != 0 {
			p.wholeVectors()
		}
		return p.packed(inlined(t.under), "typedef "+p.declare(t.under, t.name, false)+aligned(t.align))
	case *Enum:
		return p.enum(t)
	case *Struct:
		return p.packed(&t.record, p.record("struct", t.tag, &t.record))
	case *Union:
		return p.packed(&t.record, p.record("union", t.tag, &t.record))
	}
	return p.declare(t, "", false)
}

func (p *printer) enum(t *Enum) string {
	s := join("enum", t.tag)
	if t.fixed {
		s += " : " + t.base.name
	}
	var cs []string
	prev := EnumConst{Value: -1}
	for _, c := range t.consts {
		if c.follows(prev) {
			cs = append(cs, c.Name)
		} else {
			cs = append(cs, c.definition())
		}
		prev = c
	}
	return s + " { " + strings.Join(cs, ", ") + " }"
}

func (p *printer) record(kind, tag string, r *record) string {
	d := r.def.Load()
	switch {
	case d == nil:
		return join(kind, tag)
	case p.open[r], p.room <= 0:
		return kind + " { ... }"
	}
	p.open[r] = true
	defer delete(p.open, r)
	outer := p.pack
	p.pack = d.attr.Pack
	defer func() { p.pack = outer }()

	var b strings.Builder
	b.WriteString(kind)
	for _, a := range attributes(d.attr) {
		b.WriteString(" __attribute__((" + a + "))")
	}
	if tag != "" {
		b.WriteString(" " + tag)
	}
	b.WriteString(" {")
	for _, f := range d.fields {
		in := inlined(f.Type)
		if f.Name == "" {
			in = recordOf(f.Type)
		}
		s := p.packed(in, p.field(f))
		p.room -= len(s)
		b.WriteString(" " + s + ";")
	}
	b.WriteString(" }")
	return b.String()
}

func (p *printer) field(f Field) string {
	var s string
	switch r := recordOf(f.Type); {
	case f.Name == "" && r != nil: // C wants the definition here, without a tag
		kind := "struct"
		if isUnion(f.Type) {
			kind = "union"
		}
		s = p.record(kind, "", r)
	case f.Name == "":
		s = p.declare(f.Type, "", f.Const) + " "
	default:
		if f.Packed {
			defer p.wholeVectors()()
		}
		s = p.declare(f.Type, f.Name, f.Const)
	}
	if f.BitField {
		s += fmt.Sprintf(": %d", f.Bits)
	}
	if f.Packed {
		s += " __attribute__((packed))"
	}
	return s + aligned(f.Align)
}

// packed puts a declaration under the #pragma pack of the struct that it
// defines, if that is not the one in force.
func (p *printer) packed(defined *record, decl string) string {
	if defined == nil || defined.Attr().Pack == p.pack {
		return decl
	}
	return fmt.Sprintf(`_Pragma("pack(push, %d)") %s; _Pragma("pack(pop)")`, defined.Attr().Pack, decl)
}

// inlined is the struct or union without a tag whose definition a declaration
// with type t must hold, or nil.
func inlined(t Type) *record {
	switch t := t.(type) {
	case *Pointer:
		return inlined(t.elem)
	case *Array:
		return inlined(t.elem)
	case *Func:
		return inlined(t.result)
	case *Struct, *Union:
		if r := recordOf(t); r.tag == "" {
			return r
		}
	}
	return nil
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

func aligned(n uint64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" __attribute__((aligned(%d)))", n)
}
