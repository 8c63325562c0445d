package guestabi_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"

	"github.com/wasmffi/wasmffi/guestabi"
)

// mutant changes a few bytes of a module.
func mutant(r *rand.Rand, seed []byte) []byte {
	b := slices.Clone(seed)
	for range 1 + r.IntN(3) {
		i := r.IntN(len(b)-8) + 8
		switch r.IntN(5) {
		case 0:
			b[i] ^= 1 << r.IntN(8)
		case 1:
			b[i] = byte(r.IntN(256))
		case 2:
			b[i]++
		case 3:
			b[i] = b[r.IntN(len(b))]
		case 4: // swap neighbours
			b[i], b[i-1] = b[i-1], b[i]
		}
	}
	return b
}

type oracle struct {
	ctx context.Context
	rt  wazero.Runtime
}

func newOracle(tb testing.TB) *oracle {
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features))
	tb.Cleanup(func() { rt.Close(ctx) })
	return &oracle{ctx, rt}
}

// verdict is wazero's. It panics on some modules, which is a refusal too.
func (o *oracle) verdict(wasm []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	c, err := o.rt.CompileModule(o.ctx, wasm)
	if err == nil {
		c.Close(o.ctx)
	}
	return err
}

// validate returns the module if it could be parsed.
func validate(wasm []byte) (*guestabi.Module, error) {
	m, err := guestabi.Parse(wasm)
	if err != nil {
		return nil, err
	}
	return m, guestabi.Validate(m)
}

// compareVerdicts holds ours against wazero's: what we accept, wazero has to
// accept, as it came and rewritten; what we reject, it may only accept for a
// reason listed here.
func compareVerdicts(tb testing.TB, o *oracle, wasm []byte) (accepted bool) {
	m, err := validate(wasm)
	theirs := errors.New("not asked")
	if harmless(m) {
		theirs = o.verdict(wasm)
	}
	if err != nil {
		if theirs == nil {
			require.True(tb, stricter(err), "rejected here: %v: %x", err, wasm)
		}
		return false
	}
	if harmless(m) {
		require.NoError(tb, theirs, "accepted here: %x", wasm)
	}
	for _, opts := range []guestabi.Options{{}, {Uninstrumented: true}} {
		res, err := guestabi.Rewrite(wasm, opts)
		if errors.Is(err, guestabi.ErrLimit) {
			continue
		}
		require.NoError(tb, err)
		require.NoError(tb, o.verdict(res.Wasm), "rewritten: %x", wasm)
		requireValid(tb, res.Wasm)
	}
	return true
}

// harmless reports whether wazero can be asked at all: it allocates what
// lengths claim before it looks whether that can be, as it reads names.
func harmless(m *guestabi.Module) bool {
	if m == nil {
		return false
	}
	for _, c := range m.Customs {
		if c.Name == "name" || c.Data.Len == 0 { // empty ones it reports as cut off
			return false
		}
	}
	for _, c := range m.Codes {
		if c.Locals > 100_000 {
			return false
		}
	}
	return true
}

// stricter reports whether an error is of a rule that wazero leaves out.
func stricter(err error) bool {
	for _, rule := range []string{
		"integer exceeds",        // unused bits of the last byte
		"unknown reference type", // of an imported table
		"unknown value type",     // of an imported global
		"in a constant expression is mutable",
	} {
		if strings.Contains(err.Error(), rule) {
			return true
		}
	}
	return errors.Is(err, guestabi.ErrNotSupported)
}

func TestMutants(t *testing.T) {
	o := newOracle(t)
	r := rand.New(rand.NewPCG(1, 2))
	accepted, rejected := 0, 0
	for _, seed := range seeds(t) {
		for range 1000 {
			if compareVerdicts(t, o, mutant(r, seed)) {
				accepted++
			} else {
				rejected++
			}
		}
	}
	assert.Greater(t, accepted, 1000)
	assert.Greater(t, rejected, 1000)
}

// FuzzRewrite looks for modules on which wazero and this package disagree, that
// crash it, or that become invalid by being rewritten.
func FuzzRewrite(f *testing.F) {
	o := newOracle(f)
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, wasm []byte) { compareVerdicts(t, o, wasm) })
}

// FuzzParse looks for modules that crash the parser, which must leave every
// span inside of the module.
func FuzzParse(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, wasm []byte) {
		m, err := guestabi.Parse(wasm)
		if err != nil {
			var e *guestabi.Error
			require.ErrorAs(t, err, &e)
			require.LessOrEqual(t, e.Offset, uint64(len(wasm)))
			return
		}
		for _, c := range m.Codes {
			require.LessOrEqual(t, int(c.Body.End()), len(wasm))
			m.Bytes(c.Instrs)
		}
		for _, c := range m.Customs {
			m.Bytes(c.Data)
		}
		for _, d := range m.Datas {
			m.Bytes(d.Init)
		}
	})
}

// seeds are valid modules to start from.
func seeds(tb testing.TB) [][]byte {
	var all [][]byte
	for _, b := range readKernels(tb) {
		all = append(all, withoutCustoms(b))
	}
	table := guestabi.Name{Module: "m", Name: "t"}
	sig := guestabi.FuncType{Params: []guestabi.ValueType{guestabi.F64, guestabi.V128}, Results: []guestabi.ValueType{guestabi.I64, guestabi.I32}}
	all = append(all, guestabi.PoolModule(sig, 5, table, "host"), guestabi.CallIndirectModule(sig, table))
	for _, b := range all[:3] {
		res, err := guestabi.Rewrite(b, guestabi.Options{})
		require.NoError(tb, err)
		all = append(all, res.Wasm)
	}
	slices.SortFunc(all, slices.Compare)
	return all
}

func withoutCustoms(wasm []byte) []byte {
	out := slices.Clone(wasm[:8])
	for rest := wasm[8:]; len(rest) > 0; {
		size, n := binary.Uvarint(rest[1:])
		section := rest[:1+n+int(size)]
		if section[0] != byte(guestabi.SectionCustom) {
			out = append(out, section...)
		}
		rest = rest[len(section):]
	}
	return out
}

// TestSpecMutants changes the modules of the specification's test suite.
func TestSpecMutants(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(specDir(t), "*", "testdata", "*.wasm"))
	require.NoError(t, err)
	o := newOracle(t)
	r := rand.New(rand.NewPCG(3, 4))
	for _, path := range paths {
		wasm, err := os.ReadFile(path)
		require.NoError(t, err)
		if _, err := validate(wasm); err != nil || len(wasm) < 12 {
			continue
		}
		wasm = withoutCustoms(wasm)
		for range 20 {
			if len(wasm) > 12 {
				compareVerdicts(t, o, mutant(r, wasm))
			}
		}
	}
}
