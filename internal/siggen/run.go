package siggen

import (
	"testing"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// batchSize is how many functions one C file has.
const batchSize = 250

// Run draws count functions, spread over the compilers, and checks them all in
// the libraries that open makes of the compiled files.
func Run(t *testing.T, compilers []*Compiler, count, seed uint64, open func(testing.TB, string) wasmffi.Library) {
	kinds := []struct {
		name     string
		features Features
	}{
		{"scalars", Features{}},
		{"wide scalars", Features{Wide: true}},
		{"structs and unions", Features{Aggregates: true}},
		{"everything", Features{Wide: true, Aggregates: true}},
		{"vectors", Features{Wide: true, Aggregates: true, Vectors: true}},
	}
	each := (count + uint64(len(compilers)*len(kinds)) - 1) / uint64(len(compilers)*len(kinds))
	for i, c := range compilers {
		for j, kind := range kinds {
			t.Run(c.Name+"/"+kind.name, func(t *testing.T) {
				g := New(c, kind.features, seed, uint64(i*len(kinds)+j))
				for left := int(each); left > 0 && !t.Failed(); left -= batchSize {
					b := g.Batch(min(left, batchSize))
					lib := open(t, g.compiler.Build(t, b))
					if failed := b.Check(t, lib); len(failed) > 0 {
						g.blame(t, failed, open)
					}
					if err := lib.Close(); err != nil {
						t.Error(err)
					}
				}
				for reason, n := range g.Excluded() {
					t.Logf("%d types LEFT OUT: %s", n, reason)
				}
			})
		}
	}
}

// blame says which types of failed functions are wrong by themselves.
func (g *Generator) blame(t *testing.T, failed []*Function, open func(testing.TB, string) wasmffi.Library) {
	var alone []*Function
	seen := map[dtype.Type]bool{}
	for _, f := range failed {
		for i := range len(f.values) + 1 {
			typ := f.Sig.Result()
			if i < len(f.values) {
				typ = f.values[i].Type
			}
			if seen[typ] || dtype.Resolve(typ) == dtype.CVoid {
				continue
			}
			seen[typ] = true
			alone = append(alone,
				g.withValues(&Function{Name: g.name("alone"), Sig: must(dtype.NewFunc(typ, nil, false))}),
				g.withValues(&Function{Name: g.name("alone"), Sig: must(dtype.NewFunc(nil, []dtype.Param{{Type: typ}, {Type: dtype.CInt}, {Type: dtype.CDouble}}, false))}))
			if i < len(f.values) && i >= f.Sig.Fixed() {
				alone = append(alone, g.withValues(&Function{Name: g.name("alone"),
					Sig: variadic(dtype.CVoid, []dtype.Param{{Type: dtype.CInt}, {Type: typ}, {Type: dtype.CInt}, {Type: dtype.CDouble}}, 1)}))
			}
		}
	}
	b := g.batch(alone)
	t.Log("each type alone:")
	path := g.compiler.Build(t, b)
	for _, f := range alone { // one library each: it may be poisoned by a fault
		lib := open(t, path)
		b.check(t, lib, []*Function{f})
		if err := lib.Close(); err != nil {
			t.Error(err)
		}
	}
}
