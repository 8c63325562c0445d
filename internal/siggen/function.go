package siggen

import (
	"fmt"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// A Function is a C function: its signature, and the values that it is to
// receive and to return.
type Function struct {
	Name string
	Sig  *dtype.Func

	values []Value // of the parameters
	result Value
	// identity: it returns its first parameter.
	identity bool
	// calls are the function types of the parameters that it calls.
	calls map[int]*Function
	// calledBack: C passes its arguments as the ABI says.
	calledBack bool
	// hand is how C comes by the callback of this type.
	hand hand
}

// A hand is a way in which C is given a function pointer.
type hand int

const (
	asParameter hand = iota
	inStruct         // by value
	stored           // in a struct of the library's
	hands
)

const maxParams = 12

// function draws a function.
func (g *Generator) function(name string) *Function {
	f := &Function{Name: name, calls: map[int]*Function{}, hand: hand(g.rnd.IntN(int(hands)))}
	n := g.rnd.IntN(maxParams + 1)
	if g.chance(5) {
		n = maxParams + g.rnd.IntN(20)
	}
	fixed := n
	if n > 1 && g.chance(20) {
		fixed = 1 + g.rnd.IntN(n-1)
	}
	var params []dtype.Param
	for i := range n {
		if called := g.callback(); called != nil {
			f.calls[i] = called
			params = append(params, dtype.Param{Type: dtype.PointerTo(called.Sig)})
			continue
		}
		role := Parameters
		if i >= fixed {
			role = Variadic
		}
		params = append(params, dtype.Param{Type: g.value(role)})
	}
	var result dtype.Type = dtype.CVoid
	if g.chance(90) {
		result = g.value(Anywhere)
	}
	if fixed < n {
		f.Sig = variadic(result, params, fixed)
	} else {
		f.Sig = must(dtype.NewFunc(result, params, false))
	}
	return g.withValues(f)
}

// callback sometimes finds a function whose type is to be called back.
func (g *Generator) callback() *Function {
	if len(g.drawn) == 0 || !g.chance(5) {
		return nil
	}
	if f := pick(g, g.drawn...); f.calledBack {
		return f
	}
	return nil
}

// variadic makes the parameters after the fixed ones match "...".
func variadic(result dtype.Type, params []dtype.Param, fixed int) *dtype.Func {
	sig := must(dtype.NewFunc(result, params[:fixed], true))
	var rest []dtype.Type
	for _, p := range params[fixed:] {
		rest = append(rest, p.Type)
	}
	return must(sig.WithArgs(rest...))
}

func (g *Generator) withValues(f *Function) *Function {
	f.calledBack = true
	for _, p := range f.Sig.Params()[f.Sig.Fixed():] {
		if reason := g.compiler.excludes(p.Type, Passed); reason != "" {
			f.calledBack = false
			g.excluded[reason]++
		}
	}
	for _, p := range f.Sig.Params() {
		f.values = append(f.values, g.newValue(p.Type))
	}
	if f.identity {
		f.result = f.values[0]
	} else {
		f.result = g.newValue(f.Sig.Result())
	}
	return f
}

// Prototype is the function's, with the types that match "...".
func (f *Function) Prototype() string {
	s := dtype.Declare(f.Sig, f.Name)
	if f.Sig.Variadic() {
		var rest []string
		for _, p := range f.Sig.Params()[f.Sig.Fixed():] {
			rest = append(rest, p.Type.String())
		}
		s += " with " + strings.Join(rest, ", ")
	}
	return s
}

// Definitions are those of the types in the signature, in C.
func (f *Function) Definitions() string {
	var b strings.Builder
	seen := map[dtype.Type]bool{}
	var define func(t dtype.Type)
	define = func(t dtype.Type) {
		if seen[t] {
			return
		}
		seen[t] = true
		switch t := t.(type) {
		case *dtype.Array:
			define(t.Elem())
		case *dtype.Named:
			define(t.Underlying())
			fmt.Fprintf(&b, "%s;\n", dtype.Define(t))
		case *dtype.Struct, *dtype.Union:
			for _, m := range dtype.Members(t) {
				define(m.Type)
			}
			fmt.Fprintf(&b, "%s;\n", dtype.Define(t))
		}
	}
	for _, p := range f.Sig.Params() {
		define(p.Type)
	}
	define(f.Sig.Result())
	return b.String()
}
