package siggen

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// fieldTypes are the scalars of the exhaustive set.
var fieldTypes = []dtype.Type{dtype.Int8, dtype.Int16, dtype.Int32, dtype.Int64, dtype.CFloat, dtype.CDouble, dtype.PointerTo(dtype.CVoid)}

// lists are all lists of one to n of the types.
func lists(types []dtype.Type, n int) (all [][]dtype.Type) {
	last := [][]dtype.Type{nil}
	for range n {
		var longer [][]dtype.Type
		for _, l := range last {
			for _, t := range types {
				longer = append(longer, append(l[:len(l):len(l)], t))
			}
		}
		all, last = append(all, longer...), longer
	}
	return all
}

// identities checks identity functions, which return their first parameter
// and are called both ways, of up to params parameters: all lists of the
// scalars int8_t, int16_t, int32_t, int64_t, float, double, void *; and for
// each of the 399 structs of one to three of those, all lists of the scalars
// and the struct that it is in. Of the lists with a struct it takes one of so many.
func identities(t *testing.T, c *Compiler, params, every int, open func(testing.TB, string) wasmffi.Library) {
	g := New(c, Features{}, 1, 1)
	var all []*Function
	g.start()
	flush := func() {
		b := g.batch(all)
		lib := open(t, c.Build(t, b))
		b.Check(t, lib)
		if err := lib.Close(); err != nil {
			t.Error(err)
		}
		g.start()
		all = nil
	}
	add := func(types []dtype.Type) {
		ps := make([]dtype.Param, len(types))
		for i, typ := range types {
			ps[i].Type = typ
		}
		all = append(all, g.withValues(&Function{
			Name: g.name("f"), Sig: must(dtype.NewFunc(types[0], ps, false)), identity: true, hand: hand(len(all) % int(hands))}))
	}
	total := 0
	for _, l := range lists(fieldTypes, params) {
		add(l)
		total++
	}
	seen := 0
	for _, fields := range lists(fieldTypes, 3) {
		if len(all) > 800 {
			flush()
			if t.Failed() {
				return
			}
		}
		var fs []dtype.Field
		for i, f := range fields {
			fs = append(fs, dtype.Field{Name: fmt.Sprintf("m%d", i), Type: f})
		}
		s := must(dtype.NewStruct(g.name("s"), fs...))
		g.defs = append(g.defs, s)
		for _, l := range lists(append([]dtype.Type{s}, fieldTypes...), params) {
			with := false
			for _, typ := range l {
				with = with || typ == dtype.Type(s)
			}
			if !with {
				continue
			}
			if seen++; seen%every == 0 {
				add(l)
				total++
			}
		}
	}
	flush()
	t.Logf("%s: %d functions", c.Name, total)
}

// Exhaustive checks all identity functions of one parameter, and of those of up
// to three a sample, both as compiled at -O2; or all of them at every level if
// WASMFFI_EXHAUSTIVE is set.
func Exhaustive(t *testing.T, compilers []*Compiler, open func(testing.TB, string) wasmffi.Library) {
	all := FromEnv(t, "WASMFFI_EXHAUSTIVE", 0) != 0
	for _, c := range compilers {
		if !all && !strings.HasSuffix(c.Name, "-O2") {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			identities(t, c, 1, 1, open)
			every := 997
			if all {
				every = 1
			}
			identities(t, c, 3, every, open)
		})
	}
}
