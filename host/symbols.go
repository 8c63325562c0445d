package host

import (
	"fmt"
	"iter"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
)

// symbols are what a library exports.
type symbols struct {
	byName map[string]wasmffi.Symbol
	names  []string // in the module's order
}

// init collects the functions, and the variables: wasm-ld exports the address
// of a C variable as a constant i32 global.
func (s *symbols) init(in *instance) {
	s.byName = map[string]wasmffi.Symbol{}
	src := in.mod.res.Module
	for _, e := range src.Exports {
		sym := wasmffi.Symbol{Name: e.Name}
		switch e.Kind {
		case guestabi.KindFunc:
			t, _ := src.FuncType(e.Index)
			sym.Signature = signatureText(t)
		case guestabi.KindGlobal:
			addr, ok := in.constantOf(e)
			if !ok {
				continue
			}
			sym.Kind, sym.Addr = wasmffi.VarSymbol, addr
		default:
			continue
		}
		s.byName[e.Name] = sym
		s.names = append(s.names, e.Name)
	}
}

// constant is the value of an exported constant i32 global, an address.
func (in *instance) constant(name string) (uint64, bool) {
	e, ok := in.mod.res.Module.Export(name)
	if !ok || e.Kind != guestabi.KindGlobal {
		return 0, false
	}
	return in.constantOf(e)
}

func (in *instance) constantOf(e guestabi.Export) (uint64, bool) {
	g := in.wasm.ExportedGlobal(e.Name)
	if _, mutable := g.(api.MutableGlobal); mutable || g.Type() != api.ValueTypeI32 {
		return 0, false
	}
	return uint64(uint32(g.Get()) + in.mod.res.MemoryBase), true
}

// signatureText is a wasm function type as in "(i32, f64) -> i32".
func signatureText(t guestabi.FuncType) string {
	list := func(ts []guestabi.ValueType) string {
		names := make([]string, len(ts))
		for i, t := range ts {
			names[i] = t.String()
		}
		return strings.Join(names, ", ")
	}
	if len(t.Results) == 1 {
		return fmt.Sprintf("(%s) -> %s", list(t.Params), t.Results[0])
	}
	return fmt.Sprintf("(%s) -> (%s)", list(t.Params), list(t.Results))
}

// Lookup finds an exported function or variable.
func (l *Library) Lookup(name string) (wasmffi.Symbol, error) {
	if err := wasmffi.Audit(wasmffi.AuditEvent{Op: wasmffi.AuditLookup, Library: l.Name(), Symbol: name}); err != nil {
		return wasmffi.Symbol{}, err
	}
	if l.in.closed.Load() {
		return wasmffi.Symbol{}, wasmffi.ErrClosed
	}
	sym, ok := l.byName[name]
	if !ok {
		return wasmffi.Symbol{}, l.notFound(name)
	}
	return sym, nil
}

func (l *Library) notFound(name string) error {
	return wasmffi.NotFound(name, func(yield func(string) bool) {
		for _, n := range l.names {
			if !yield(n) {
				return
			}
		}
	})
}

// Symbols are the exported functions and variables, in the module's order.
func (l *Library) Symbols() iter.Seq[wasmffi.Symbol] {
	return func(yield func(wasmffi.Symbol) bool) {
		for _, n := range l.names {
			if !yield(l.byName[n]) {
				return
			}
		}
	}
}
