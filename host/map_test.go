package host

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// TestMap maps a sum over two strided operands, with rounds, against the same
// calls one by one; also where it takes several crossings.
func TestMap(t *testing.T) {
	for _, interpreter := range []bool{false, true} {
		lib := openTest(t, "basic.wasm", Options{Interpreter: interpreter})
		add := prepare(t, lib, "addd", proto(dtype.CDouble, dtype.CDouble, dtype.CDouble)).(wasmffi.Mapper)
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		const inner, outer = 1000, 70
		data := make([]byte, 8*inner*outer)
		for i := range inner * outer {
			binary.LittleEndian.PutUint64(data[8*i:], math.Float64bits(float64(i)))
		}
		v, err := arena.NewArray(dtype.CDouble, inner*outer)
		require.NoError(t, err)
		require.NoError(t, lib.Space().WriteAt(data, v.Addr()))
		out, err := arena.NewArray(dtype.CDouble, inner*outer)
		require.NoError(t, err)
		require.NoError(t, add.Map(context.Background(), &wasmffi.Mapping{Inner: inner, Outer: outer, Operands: []wasmffi.MapOperand{
			{Addr: v.Addr(), Inner: 8, Outer: 8 * inner},
			{Addr: v.Addr() + 8*(inner*outer-1), Inner: -8, Outer: 0},
			{Addr: out.Addr(), Inner: 8 * outer, Outer: 8},
		}}))
		got := make([]byte, len(data))
		require.NoError(t, lib.Space().ReadAt(got, out.Addr()))
		for j := range outer {
			for i := range inner {
				want := float64(j*inner+i) + float64(inner*outer-1-i)
				require.Equal(t, want, math.Float64frombits(binary.LittleEndian.Uint64(got[8*(i*outer+j):])))
			}
		}
		for _, m := range []wasmffi.Mapping{{Inner: 0, Outer: 5}, {Inner: 5, Outer: 0}} {
			m.Operands = make([]wasmffi.MapOperand, 3)
			require.NoError(t, add.Map(nil, &m))
		}
	}
}

func TestMapErrors(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	add := prepare(t, lib, "addd", proto(dtype.CDouble, dtype.CDouble, dtype.CDouble)).(wasmffi.Mapper)
	ops := make([]wasmffi.MapOperand, 3)
	require.ErrorIs(t, add.Map(nil, &wasmffi.Mapping{Inner: 1, Outer: 1, Operands: ops[:2]}), wasmffi.ErrArgCount)

	ops[0] = wasmffi.MapOperand{Addr: math.MaxUint32 - 3}
	err := add.Map(nil, &wasmffi.Mapping{Inner: 1, Outer: 1, Operands: ops})
	require.True(t, errors.Is(err, wasmffi.ErrTrap) || errors.Is(err, memory.ErrOutOfBounds), "%v", err)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	ops[0] = wasmffi.MapOperand{Addr: 1024}
	require.ErrorIs(t, add.Map(ctx, &wasmffi.Mapping{Inner: 1, Outer: 1, Operands: ops}), context.Canceled)
}

// looks is a context that counts how often it is asked.
type looks struct {
	context.Context
	n int
}

func (c *looks) Err() error { c.n++; return nil }

// A function that is long, though it neither calls nor loops, is not called many
// times without a look at the context.
func TestMapLooks(t *testing.T) {
	const calls = 3 * mapChunk
	for name, end := range map[string]string{
		"straight":    "\x20\x00\x0b",                                         // local.get 0; end
		"past a loop": "\x20\x00\x04\x40\x03\x40\x0c\x00\x0b\x0b\x20\x00\x0b", // local.get 0; if; loop; br 0; end; end; …
	} {
		body := "\x00" + strings.Repeat("\x01", 20_000) + end // no locals; nop; …
		wasm := binary.AppendUvarint([]byte("\x00asm\x01\x00\x00\x00\x01\x06\x01\x60\x01\x7f\x01\x7f\x03\x02\x01\x00\x05\x03\x01\x00\x01"+
			"\x07\x08\x01\x04same\x00\x00\x0a"), uint64(len(body)+4))
		wasm = append(binary.AppendUvarint(append(wasm, 1), uint64(len(body))), body...)
		lib, err := OpenBytes(background, "long.wasm", wasm, Options{})
		require.NoError(t, err, name)
		defer lib.Close()
		f := prepare(t, lib, "same", proto(dtype.CInt, dtype.CInt)).(wasmffi.Mapper)
		c := &looks{Context: background}
		require.NoError(t, f.Map(c, &wasmffi.Mapping{Inner: calls, Outer: 1, Operands: []wasmffi.MapOperand{{Addr: 8}, {Addr: 16}}}))
		require.Greater(t, c.n, calls/5, name)
	}
}

func BenchmarkMap(b *testing.B) {
	lib := openTest(b, "basic.wasm", Options{})
	add := prepare(b, lib, "addd", proto(dtype.CDouble, dtype.CDouble, dtype.CDouble)).(wasmffi.Mapper)
	arena := memory.NewArena(lib.Space())
	defer arena.Close()
	const n = 100_000
	v, err := arena.NewArray(dtype.CDouble, n)
	require.NoError(b, err)
	m := wasmffi.Mapping{Inner: n, Outer: 1, Operands: []wasmffi.MapOperand{
		{Addr: v.Addr(), Inner: 8}, {Addr: v.Addr(), Inner: 8}, {Addr: v.Addr(), Inner: 8},
	}}
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, add.Map(nil, &m))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/element")
}
