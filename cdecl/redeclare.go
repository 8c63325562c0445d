package cdecl

import (
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// add declares a symbol. A name may be declared again as what it is already
// (C11 6.7p4), which headers do; the declaration that says more is kept.
func (r *reader) add(sym *symbol, pos int) error {
	old := r.scope.names[sym.Name]
	switch {
	case old == nil:
		r.scope.names[sym.Name] = sym
		r.scope.order = append(r.scope.order, sym)
		return nil
	case old.Kind != sym.Kind || old.Kind == Constant && old.Value != sym.Value:
		return r.errorAt(pos, nil, "%q is declared as something else at %s:%d", sym.Name, old.File, old.Line)
	case old.err != nil || sym.err != nil || sym.Kind == Constant:
		return nil
	case !r.compatible(old.Type, sym.Type):
		return r.errorAt(pos, nil, "%q is declared as %q here and as %q at %s:%d", sym.Name, spelt(sym), spelt(old), old.File, old.Line)
	case r.saysMore(sym.Type, old.Type):
		old.Type = withRulesOf(sym.Type, old.Type)
	}
	return nil
}

// spelt is a declaration in C.
func spelt(sym *symbol) string {
	if n, ok := sym.Type.(*dtype.Named); ok && sym.Kind == Typedef {
		return "typedef " + dtype.Declare(n.Underlying(), n.Name())
	}
	return dtype.Declare(sym.Type, sym.Name)
}

// compatible reports whether two declarations of one name agree.
func (r *reader) compatible(x, y dtype.Type) bool {
	if dtype.Identical(x, y) || r.abi.LayoutEqual(x, y) {
		return true
	}
	switch x := x.(type) {
	case *dtype.Func:
		y, ok := y.(*dtype.Func)
		return ok && (r.scope.loose[x] || r.scope.loose[y]) && r.abi.LayoutEqual(x.Result(), y.Result())
	case *dtype.Array:
		y, ok := y.(*dtype.Array)
		return ok && (x.Flexible() || y.Flexible()) && dtype.Identical(x.Elem(), y.Elem())
	}
	return false
}

// withRulesOf is a type that takes the place of another; of functions, with the
// other's rules if it has none.
func withRulesOf(t, other dtype.Type) dtype.Type {
	f, ok := t.(*dtype.Func)
	old, was := other.(*dtype.Func)
	if !ok || !was || f.HasContract() || !old.HasContract() || len(f.Params()) != len(old.Params()) {
		return t
	}
	if sameName := func(a, b dtype.Param) bool { return a.Name == b.Name }; !nameless(old) && !slices.EqualFunc(f.Params(), old.Params(), sameName) {
		return t
	}
	if merged, err := f.WithImplied(old.Rules()); err == nil {
		return merged // their names are $1 or f's
	}
	return t
}

// saysMore reports whether a declaration tells parameters, their names, rules or
// an array's length that an earlier one did not.
func (r *reader) saysMore(x, old dtype.Type) bool {
	switch x := x.(type) {
	case *dtype.Func:
		old := old.(*dtype.Func)
		return r.scope.loose[old] || !r.scope.loose[x] && (nameless(old) || directed(x) && !directed(old) || x.HasContract() && !old.HasContract())
	case *dtype.Array:
		return old.(*dtype.Array).Flexible()
	}
	return false
}

// directed reports whether a function states the direction of a parameter.
func directed(f *dtype.Func) bool {
	return slices.ContainsFunc(f.Params(), func(p dtype.Param) bool { return p.Dir != dtype.Unstated })
}

func nameless(f *dtype.Func) bool {
	for _, p := range f.Params() {
		if p.Name != "" {
			return false
		}
	}
	return true
}
