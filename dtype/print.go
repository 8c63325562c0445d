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
func (t *Enum) String() string    { return Declare(t, "") }
func (t *Struct) String() string  { return Declare(t, "") }
func (t *Union) String() string   { return Declare(t, "") }
func (t *Pointer) String() string { return Declare(t, "") }
func (t *Array) String() string   { return Declare(t, "") }
func (t *Func) String() string    { return Declare(t, "") }

// Format prints the type in C. With %+v it prints its layout on this machine,
// or on wasm32 where the machine has no row in the table: offsets, holes, bits.
func (t *Struct) Format(f fmt.State, verb rune) { formatRecord(t, f, verb) }

// Format is as for a struct.
func (t *Union) Format(f fmt.State, verb rune) { formatRecord(t, f, verb) }

func formatRecord(t Type, f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('+') {
		abi := Host()
		if abi == nil {
			abi = WASM32
		}
		d, err := abi.Describe(t)
		if err != nil {
			fmt.Fprintf(f, "%v // %v", t, err)
			return
		}
		fmt.Fprint(f, d)
		return
	}
	fmt.Fprintf(f, fmt.FormatString(f, verb), t.String())
}

// Declare is the C declaration of name with type t, without a semicolon:
// "int (*cmp)(const void *, const void *)". An empty name gives the type name.
// A type without a tag is given by its definition, C having no other way to
// write it; if that is very long, or contains itself, its end is cut short.
func Declare(t Type, name string) string {
	return newPrinter().declare(t, name, false)
}

// typeName is the type name with types that have no tag given by their keyword
// alone: "struct *".
func typeName(t Type) string {
	p := newPrinter()
	p.brief = true
	return p.declare(t, "", false)
}

// A printer writes C declarations.
type printer struct {
	brief bool             // types without a tag are their keyword alone
	whole bool             // vectors are one specifier, see vector
	pack  uint64           // the #pragma pack in force
	open  map[*record]bool // whose definition is being written
	room  int              // bytes that definitions may still take
}

func newPrinter() *printer {
	return &printer{open: map[*record]bool{}, room: 1 << 16}
}

// declare builds the declarator inside out: what is left of the name depends
// on what t finally is, so the name grows on its way down.
func (p *printer) declare(t Type, decl string, isConst bool) string {
	var base string
	switch t := t.(type) {
	case *Pointer:
		decl = "*" + qualifier(isConst, decl) + decl
		switch t.elem.(type) {
		case *Array, *Func:
			decl = "(" + decl + ")"
		}
		return p.declare(t.elem, decl, t.constElem)
	case *Array:
		if t.flexible {
			return p.declare(t.elem, decl+"[]", isConst)
		}
		if t.n == 0 {
			defer p.wholeVectors()()
		}
		return p.declare(t.elem, fmt.Sprintf("%s[%d]", decl, t.n), isConst)
	case *Func:
		return p.declare(t.result, decl+"("+p.paramList(t)+")", false)
	case *Struct:
		base = p.tagged("struct", t.tag, func() string { return p.record("struct", "", &t.record) })
	case *Union:
		base = p.tagged("union", t.tag, func() string { return p.record("union", "", &t.record) })
	case *Enum:
		base = p.tagged("enum", t.tag, func() string { return p.enum(t) })
	case *Vector:
		base = p.vector(t)
	case nil:
		base = "(no type)"
	default:
		base = t.String()
	}
	if isConst {
		base = "const " + base
	}
	if decl == "" {
		return base
	}
	return base + " " + decl
}

func (p *printer) tagged(kind, tag string, definition func() string) string {
	if tag == "" && !p.brief {
		return definition()
	}
	return join(kind, tag)
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

func (p *printer) paramList(t *Func) string {
	if len(t.params) == 0 && !t.variadic {
		return "void"
	}
	var ps []string
	for _, param := range t.params[:t.fixed] {
		ps = append(ps, p.declare(param.Type, param.Name, false))
	}
	if t.variadic {
		ps = append(ps, "...")
	}
	return strings.Join(ps, ", ")
}

func join(kind, tag string) string {
	if tag == "" {
		return kind
	}
	return kind + " " + tag
}
