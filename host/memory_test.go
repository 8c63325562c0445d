package host

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func int32s(xs ...int32) []byte {
	b := make([]byte, 0, 4*len(xs))
	for _, x := range xs {
		b = binary.LittleEndian.AppendUint32(b, uint32(x))
	}
	return b
}

func TestBlocks(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	sum := prepare(t, lib, "sum", proto(dtype.CInt, dtype.PointerToConst(dtype.CInt), dtype.CInt))
	// A few bytes go on C's stack, many to malloc.
	for _, n := range []int{1, 10, 100_000} {
		data := bytes.Repeat(int32s(3), n)
		f := wasmffi.Frame{
			Words:    []uint64{0, uint64(n), 0},
			Blocks:   []memory.Block{{Data: data, Align: 4, Flow: memory.In}},
			Pointers: []memory.BlockPointer{{Offset: 0, To: 0}},
		}
		require.NoError(t, sum.Call(&f))
		assert.EqualValues(t, 3*n, f.Words[2])
		assert.NotZero(t, f.Words[0], "the address that C was given")
		requireUsable(t, lib)
	}
}

func TestBlockFlow(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	scale := prepare(t, lib, "scale", proto(dtype.CVoid, dtype.PointerTo(dtype.CDouble), dtype.CInt, dtype.CDouble))
	for flow, want := range map[memory.Flow]float64{memory.In: 3, memory.Out: 0, memory.InOut: 6} {
		data := binary.LittleEndian.AppendUint64(nil, math.Float64bits(3))
		f := wasmffi.Frame{
			Words:    []uint64{0, 1, math.Float64bits(2)},
			Blocks:   []memory.Block{{Data: data, Align: 8, Flow: flow}},
			Pointers: []memory.BlockPointer{{}},
		}
		require.NoError(t, scale.Call(&f))
		assert.Equal(t, want, math.Float64frombits(binary.LittleEndian.Uint64(data)), flow)
	}
}

func TestOverlappingBlocks(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	overlap := prepare(t, lib, "overlap", proto(dtype.CInt, dtype.PointerTo(dtype.CInt), dtype.PointerTo(dtype.CInt)))
	data := int32s(1, 2, 3)
	f := wasmffi.Frame{
		Words:    make([]uint64, 3),
		Blocks:   []memory.Block{{Data: data[4:], Align: 4, Flow: memory.InOut}, {Data: data[:8], Align: 4, Flow: memory.InOut}},
		Pointers: []memory.BlockPointer{{Offset: 0, To: 1}, {Offset: 8, To: 0}},
	}
	require.NoError(t, overlap.Call(&f))
	assert.EqualValues(t, 7, f.Words[2], "what is written through one is read through the other")
	assert.Equal(t, int32s(1, 7, 3), data)
}

func TestBlockPointers(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	sumRows := prepare(t, lib, "sum_rows", proto(dtype.CInt, dtype.PointerTo(dtype.PointerTo(dtype.CInt)), dtype.CInt, dtype.CInt))
	f := wasmffi.Frame{
		Words: []uint64{0, 2, 3, 0},
		Blocks: []memory.Block{
			{Data: make([]byte, 8), Align: 4, Flow: memory.In, Pointers: []memory.BlockPointer{{Offset: 0, To: 1}, {Offset: 4, To: 2}}},
			{Data: int32s(1, 2, 3), Align: 4, Flow: memory.In},
			{Data: int32s(10, 20, 30), Align: 4, Flow: memory.In},
		},
		Pointers: []memory.BlockPointer{{}},
	}
	require.NoError(t, sumRows.Call(&f))
	assert.EqualValues(t, 66, f.Words[3])

	f.Blocks[0].Pointers[1].Offset = 5
	require.ErrorIs(t, sumRows.Call(&f), memory.ErrRange)
	f.Blocks[0].Pointers = nil
	f.Pointers[0].To = 3
	require.ErrorIs(t, sumRows.Call(&f), memory.ErrRange)
}

func TestStructs(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		lib := openTest(t, "basic.wasm", opts)
		point := func(x, y int32) uint64 { return binary.NativeEndian.Uint64(int32s(x, y)) }
		got, err := call(t, lib, "dot", proto(dtype.CInt, pointType, pointType), point(2, 3), point(4, 5))
		require.NoError(t, err)
		assert.EqualValues(t, 23, got)
		got, err = call(t, lib, "swap", proto(pointType, pointType), point(2, -3))
		require.NoError(t, err)
		assert.Equal(t, point(-3, 2), got)
		one := mustStruct("one", dtype.Field{Name: "d", Type: dtype.CDouble})
		got, err = call(t, lib, "wrap", proto(one, dtype.CDouble), math.Float64bits(2))
		require.NoError(t, err)
		assert.Equal(t, 3.0, math.Float64frombits(got))
		requireUsable(t, lib)
	})
}

func TestLongDouble(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	addl := prepare(t, lib, "addl", proto(dtype.CLongDouble, dtype.CLongDouble, dtype.CLongDouble))
	// 1 and 2 in IEEE binary128, low half first.
	out, err := callWords(nil, addl, 0, 0x3fff<<48, 0, 0x4000<<48)
	require.NoError(t, err)
	assert.Equal(t, []uint64{0, 0x4000_8000_0000_0000}, out, "3")
}

func TestVariadic(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	sumv, err := dtype.NewFunc(dtype.CInt, []dtype.Param{{Type: dtype.CInt}}, true)
	require.NoError(t, err)
	for n := range 4 {
		types := []dtype.Type{dtype.CFloat, dtype.CDouble, dtype.CDouble}[:n]
		sig, err := sumv.WithArgs(types...)
		require.NoError(t, err)
		words := []uint64{uint64(n)}
		for i := range n {
			words = append(words, math.Float64bits(float64(i+1)))
		}
		got, err := call(t, lib, "sumv", sig, words...)
		require.NoError(t, err)
		assert.EqualValues(t, n*(n+1)/2, got)
	}
	requireUsable(t, lib)
}

func TestErrno(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	c := prepare(t, lib, "set_errno", proto(dtype.CInt, dtype.CInt))
	f := wasmffi.Frame{Words: []uint64{5, 0}, WantErrno: true, Errno: 3}
	require.NoError(t, c.Call(&f))
	assert.EqualValues(t, 3, f.Words[1])
	assert.EqualValues(t, 5, f.Errno)

	bare := openTest(t, "bare.wasm", Options{})
	f = wasmffi.Frame{Words: make([]uint64, 3), WantErrno: true}
	err := prepare(t, bare, "add", proto(dtype.CInt, dtype.CInt, dtype.CInt)).Call(&f)
	require.ErrorIs(t, err, wasmffi.ErrNotSupported)
}

func TestSpace(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{MemoryLimit: 1 << 20})
	s := lib.Space()
	assert.Equal(t, dtype.WASM32, s.ABI())
	sym, err := lib.Lookup("counter")
	require.NoError(t, err)
	require.Equal(t, wasmffi.VarSymbol, sym.Kind)
	var b [4]byte
	require.NoError(t, s.ReadAt(b[:], sym.Addr))
	assert.Equal(t, int32s(40), b[:])
	require.NoError(t, s.WriteAt(int32s(99), sym.Addr))
	got, err := call(t, lib, "next", proto(dtype.CInt))
	require.NoError(t, err)
	assert.EqualValues(t, 100, got)

	size := lib.in.mem.size.Load()
	for _, addr := range []uint64{size - 3, size, 1 << 32, 1<<64 - 1} {
		require.ErrorIs(t, s.ReadAt(b[:], addr), memory.ErrOutOfBounds, "%#x", addr)
		require.ErrorIs(t, s.WriteAt(b[:], addr), memory.ErrOutOfBounds, "%#x", addr)
		_, err := s.Bytes(addr, 4)
		require.ErrorIs(t, err, memory.ErrOutOfBounds, "%#x", addr)
	}
	require.ErrorIs(t, s.ReadAt(b[:], 0), memory.ErrNull)
	require.NoError(t, s.ReadAt(b[:], size-4))
}

func TestAlloc(t *testing.T) {
	for _, name := range []string{"basic.wasm", "bare.wasm"} {
		t.Run(name, func(t *testing.T) {
			lib := openTest(t, name, Options{MemoryLimit: 1 << 20})
			s := lib.Space()
			var addrs []uint64
			seen := map[uint64]bool{}
			for _, size := range []uint64{0, 0, 1, 8, 100, 4096, 100_000} {
				for _, align := range []uint64{0, 1, 8, 16, 64, 4096} {
					addr, err := s.Alloc(size, align)
					require.NoError(t, err)
					require.NotZero(t, addr)
					require.Zero(t, addr%max(align, 1), "align %d", align)
					require.False(t, seen[addr])
					require.NoError(t, s.WriteAt(bytes.Repeat([]byte{0xa5}, int(size)), addr))
					seen[addr] = true
					addrs = append(addrs, addr)
					if size > 50_000 {
						require.NoError(t, s.Free(addr))
						addrs = addrs[:len(addrs)-1]
						delete(seen, addr)
					}
				}
			}
			for _, addr := range addrs {
				require.NoError(t, s.Free(addr))
			}
			require.NoError(t, s.Free(0))

			_, err := s.Alloc(1<<20, 8)
			require.ErrorIs(t, err, memory.ErrNoMemory)
			_, err = s.Alloc(1<<40, 8)
			require.ErrorIs(t, err, memory.ErrNoMemory)
			_, err = s.Alloc(8, 3)
			require.ErrorIs(t, err, memory.ErrRange)
			addr, err := s.Alloc(200_000, 8)
			require.NoError(t, err, "what was freed can be had again")
			require.NoError(t, s.Free(addr))
		})
	}
}

func TestFreeOfNothing(t *testing.T) {
	lib := openTest(t, "bare.wasm", Options{})
	require.ErrorIs(t, lib.Space().Free(4096), memory.ErrRange)
}

// TestGrowthKeepsViews: the base of memory never moves.
func TestGrowthKeepsViews(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	sym, err := lib.Lookup("counter")
	require.NoError(t, err)
	view, err := lib.Space().Bytes(sym.Addr, 4)
	require.NoError(t, err)
	before := lib.in.mem.size.Load()
	got, err := call(t, lib, "grab", proto(dtype.PointerTo(nil), dtype.SizeT), 50<<20)
	require.NoError(t, err)
	require.NotZero(t, got)
	require.GreaterOrEqual(t, lib.in.mem.size.Load(), before+50<<20)
	_, err = call(t, lib, "next", proto(dtype.CInt))
	require.NoError(t, err)
	assert.Equal(t, int32s(41), view)
}

func TestMemoryLimit(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{MemoryLimit: 1 << 20})
	sig := proto(dtype.PointerTo(nil), dtype.SizeT)
	got, err := call(t, lib, "grab", sig, 2<<20)
	require.NoError(t, err)
	assert.Zero(t, got, "malloc returns NULL")
	got, err = call(t, lib, "grab", sig, 1000)
	require.NoError(t, err)
	assert.NotZero(t, got)

	_, err = OpenBytes(background, "basic.wasm", fixture(t, "basic.wasm"), Options{MemoryLimit: 1 << 16})
	require.ErrorIs(t, err, wasmffi.ErrLimit)
}

// TestLeaseOutlivesClose: memory that somebody looks at stays mapped.
func TestLeaseOutlivesClose(t *testing.T) {
	lib, err := OpenBytes(background, "basic.wasm", fixture(t, "basic.wasm"), Options{})
	require.NoError(t, err)
	sym, err := lib.Lookup("counter")
	require.NoError(t, err)
	life := lib.Space().Lifetime()
	require.NoError(t, life.Acquire())
	b, err := lib.Space().Bytes(sym.Addr, 4)
	require.NoError(t, err)
	require.NoError(t, lib.Close())
	assert.Equal(t, int32s(40), b)
	life.Release()
	require.ErrorIs(t, life.Acquire(), memory.ErrEnded)
	require.ErrorIs(t, lib.Space().ReadAt(make([]byte, 4), sym.Addr), memory.ErrEnded)
	_, err = lib.Space().Bytes(sym.Addr, 4)
	require.ErrorIs(t, err, memory.ErrEnded)
}
