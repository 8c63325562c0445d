package cdecl

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"modernc.org/cc/v4"

	"github.com/wasmffi/wasmffi/dtype"
)

// All iterates over the declarations of the given kinds, of all kinds if none
// is given: in the order of the text, macros after all others. Declarations
// that could not be read are left out.
func (d *Decls) All(kinds ...Kind) iter.Seq[Decl] {
	var want Kind
	for _, k := range kinds {
		want |= k
	}
	if want == 0 {
		want = ^Kind(0)
	}
	return func(yield func(Decl) bool) {
		for _, sym := range d.scope.order {
			if sym.Kind&want != 0 && sym.err == nil && !yield(sym.Decl) {
				return
			}
		}
		if want&Constant == 0 {
			return
		}
		consts := d.consts()
		for _, name := range d.macroNames() {
			if sym := consts[name]; sym != nil && !yield(sym.Decl) {
				return
			}
		}
	}
}

// find is the declaration of a name that is of a certain kind.
func (d *Decls) find(name string, kind Kind, what string) (*symbol, error) {
	sym := d.scope.names[name]
	if sym != nil && sym.Kind == kind {
		return sym, sym.err
	}
	msg := fmt.Sprintf("no %s %q", what, name)
	if sym != nil {
		return nil, &Error{File: sym.File, Line: sym.Line, Msg: fmt.Sprintf("%s: %s is declared as a %s", msg, name, sym.Kind)}
	}
	var names []string
	for n, s := range d.scope.names {
		if s.Kind == kind {
			names = append(names, n)
		}
	}
	return nil, &Error{Msg: msg + nearest(name, names)}
}

// String names a single kind.
func (k Kind) String() string {
	switch k {
	case Function:
		return "function"
	case Variable:
		return "variable"
	case Typedef:
		return "type"
	case Tag:
		return "tag"
	case Constant:
		return "constant"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Func finds a function by name.
func (d *Decls) Func(name string) (*dtype.Func, error) {
	sym, err := d.find(name, Function, "function")
	if err != nil {
		return nil, err
	}
	return sym.Type.(*dtype.Func), nil
}

// Var finds a variable's type by name.
func (d *Decls) Var(name string) (dtype.Type, error) {
	sym, err := d.find(name, Variable, "variable")
	if err != nil {
		return nil, err
	}
	return sym.Type, nil
}

// Const finds an enumeration constant, or a macro that is a constant
// expression.
func (d *Decls) Const(name string) (Decl, error) {
	if _, ok := d.macros[name]; ok {
		if sym := d.consts()[name]; sym != nil {
			return sym.Decl, nil
		}
		return Decl{}, &Error{Msg: fmt.Sprintf("macro %s is no constant expression", name)}
	}
	sym, err := d.find(name, Constant, "constant")
	if err != nil {
		return Decl{}, err
	}
	return sym.Decl, nil
}

// Type finds or makes a type by any name that C has for it, in the context of
// the declarations: "point_t", "struct point", "char[64]", "int (*)(int)".
func (d *Decls) Type(name string) (dtype.Type, error) {
	return d.types.get(name, func() (dtype.Type, error) { return d.typeByName(name) })
}

func (d *Decls) typeByName(name string) (dtype.Type, error) {
	words := strings.Fields(name)
	if len(words) == 2 && (words[0] == "struct" || words[0] == "union" || words[0] == "enum") && isIdent(words[1]) {
		full := words[0] + " " + words[1]
		sym := d.scope.tag(words[1])
		if sym == nil || sym.Name != full {
			return nil, &Error{Msg: fmt.Sprintf("no %s%s", full, d.scope.nearTypes(full))}
		}
		return sym.Type, sym.err
	}
	if len(words) == 1 && isIdent(name) && !keywords[name] && d.macroText(name) == "" {
		switch sym := d.scope.lookup(name); {
		case sym == nil:
			return nil, &Error{Msg: fmt.Sprintf("no type %q%s", name, d.scope.nearTypes(name))}
		case sym.Kind != Typedef:
			return nil, &Error{Msg: fmt.Sprintf("no type %q: it is declared as a %s", name, sym.Kind)}
		default:
			return sym.Type, sym.err
		}
	}
	u, err := d.context("<type>", name)
	if err != nil {
		return nil, err
	}
	part := &unit{text: slices.Concat([]byte(sizeofBefore), u.text, []byte(sizeofAfter)), parent: u, base: -len(sizeofBefore)}
	q, err := typeIn(part, newScope(d.scope, d.platform.abi))
	return q.t, err
}

// What is put around a type name so that it is C which the parser reads.
const (
	sizeofBefore = "int _ = sizeof("
	sizeofAfter  = "\n);"
)

// typeIn reads the type name in a text made with sizeofBefore.
func typeIn(u *unit, s *scope) (q qualified, err error) {
	r, tree, err := read(u, s)
	if err != nil {
		return q, err
	}
	size, ok := onlyInitializer(tree).(*cc.UnaryExpression)
	if !ok || size.Case != cc.UnaryExpressionSizeofType {
		return q, u.newError(r.next(len(sizeofBefore)-1), "not a type", nil)
	}
	err = protect(u, func() error {
		q, err = r.typeName(size.TypeName)
		return err
	})
	return q, err
}

// proto is what a prototype declares.
type proto struct {
	name string
	f    *dtype.Func
}

// Proto reads one function prototype in the context of the declarations:
// "double cos(double)", with or without a semicolon. What it declares is not
// added to them. Asking for the same text again costs next to nothing.
func (d *Decls) Proto(text string) (name string, f *dtype.Func, err error) {
	p, err := d.protos.get(text, func() (proto, error) { return d.readProto(text) })
	return p.name, p.f, err
}

func (d *Decls) readProto(text string) (proto, error) {
	u, err := d.context("<prototype>", text)
	if err != nil {
		return proto{}, err
	}
	s, err := declare(u, newScope(d.scope, d.platform.abi))
	if err != nil {
		return proto{}, err
	}
	var found *symbol
	for _, sym := range s.order {
		if sym.Kind&(Tag|Constant) != 0 {
			continue
		}
		if found != nil {
			return proto{}, &Error{File: "<prototype>", Line: 1, Text: text, Msg: fmt.Sprintf("one prototype expected, found %s and %s", found.Name, sym.Name)}
		}
		found = sym
	}
	switch {
	case found == nil:
		return proto{}, &Error{File: "<prototype>", Line: 1, Text: text, Msg: "no function is declared"}
	case found.err != nil:
		return proto{}, found.err
	case found.Kind != Function:
		return proto{}, &Error{File: "<prototype>", Line: 1, Text: text, Msg: fmt.Sprintf("%s is declared as a %s, not a function", found.Name, found.Kind)}
	}
	return proto{found.Name, found.Type.(*dtype.Func)}, nil
}

func isIdent(s string) bool {
	for i := range len(s) {
		if !isIdentPart(s[i]) {
			return false
		}
	}
	return s != "" && isIdentStart(s[0])
}
