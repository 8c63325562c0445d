package memory

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

func TestCtypesUtilities(t *testing.T) {
	arena := arenaOn(t, dtype.LinuxAMD64)
	d := must(arena.New(structOf(t, "s", f("c", dtype.CChar), f("d", dtype.CDouble))))(t)
	assert.Equal(t, d.Addr()+8, field(t, d, "d").Addr()) // addressof
	assert.EqualValues(t, 16, d.Size())                  // sizeof
	assert.EqualValues(t, 8, d.Align())                  // alignment
	assert.EqualValues(t, 1, must(FromBuffer(dtype.LinuxAMD64, dtype.CChar, []byte{1}, 0))(t).Align())
	assert.Zero(t, View{}.Align())

	// string_at, wstring_at
	buf := must(arena.StringBuffer("ab\x00cd", 0))(t)
	space := arena.Space()
	assert.Equal(t, "ab", must(CString(space, buf.Addr(), 0))(t))       // string_at(buf)
	assert.Equal(t, "ab\x00c", must(StringAt(space, buf.Addr(), 4))(t)) // string_at(buf, 4)
	assert.Equal(t, "", must(StringAt(space, buf.Addr(), 0))(t))
	assert.Equal(t, "b", must(CString(space, buf.Addr()+1, 0))(t))
	for _, abi := range []*dtype.ABI{dtype.LinuxAMD64, dtype.WindowsAMD64} {
		arena := arenaOn(t, abi)
		w := must(arena.UnicodeBuffer("𝄞\x00é", 0))(t)
		assert.Equal(t, "𝄞", must(WString(arena.Space(), w.Addr(), 0))(t))
		assert.Equal(t, "𝄞\x00é\x00", must(WStringAt(arena.Space(), w.Addr(), w.Len()))(t))
	}
	_, err := StringAt(space, 0, 1)
	assert.ErrorIs(t, err, ErrNull)
	_, err = StringAt(space, buf.Addr(), 1<<20)
	assert.ErrorIs(t, err, ErrOutOfBounds)
	_, err = WStringAt(space, buf.Addr(), 1<<63)
	assert.Error(t, err)
	_, err = must(arena.New(dtype.CInt))(t).Pointer().StringN(1)
	assert.ErrorIs(t, err, ErrType)

	// memmove, memset
	a := must(arena.NewOf([]byte("0123456789")))(t)
	p := a.Pointer()
	text := func() string { return string(must(a.Bytes())(t)) }
	require.NoError(t, Memmove(must(p.Add(2))(t), p, 6))
	assert.Equal(t, "0101234589", text())
	require.NoError(t, Memmove(p, must(p.Add(2))(t), 8))
	assert.Equal(t, "0123458989", text())
	require.NoError(t, Memset(p, 'x', 3))
	assert.Equal(t, "xxx3458989", text())
	require.NoError(t, Memset(p, 'x', 0))
	assert.ErrorIs(t, Memset(p, 0, 11), ErrOutOfBounds)
	assert.ErrorIs(t, Memmove(p, must(p.Add(9))(t), 2), ErrOutOfBounds)
	assert.ErrorIs(t, Memmove(must(p.Add(9))(t), p, 2), ErrOutOfBounds)
	foreign := NewPointer(space, nil, a.Addr(), dtype.CChar, 0)
	assert.ErrorIs(t, Memset(foreign, 0, 1), ErrOutOfBounds, "of C's pointers nothing is known")
	assert.Equal(t, "xxx3458989", text(), "nothing was written")
	assert.EqualError(t, Memset(p, 0, 11), "memory: memset uint8_t *: address 0x1030+11 exceeds size 10: out of bounds")
	// between spaces
	there := arenaOn(t, dtype.WASM32)
	b := must(there.NewArray(dtype.CChar, 10))(t)
	require.NoError(t, Memmove(b.Pointer(), p, 10))
	assert.Equal(t, "xxx3458989", string(must(b.Bytes())(t)))
}

// More than fits the room that Memmove has, in both directions.
func TestMemmoveLarge(t *testing.T) {
	space := bufferOf(t, dtype.LinuxAMD64, 1<<20)
	const n = 5*rawChunk/2 + 3
	for _, shift := range []int{1, 7, rawChunk - 1, rawChunk, rawChunk + 1} {
		want := make([]byte, n+shift)
		for i := range want {
			want[i] = byte(i * 7 >> 3)
		}
		p := NewPointer(space, nil, space.Base(), dtype.CUChar, uint64(len(want)))
		q := must(p.Add(int64(shift)))(t)
		for _, up := range []bool{true, false} {
			require.NoError(t, space.WriteAt(want, p.Addr()))
			if up {
				require.NoError(t, Memmove(q, p, n))
				copy(want[shift:], want[:n])
			} else {
				require.NoError(t, Memmove(p, q, n))
				copy(want, want[shift:])
			}
			got := must(space.Bytes(p.Addr(), uint64(len(want))))(t)
			require.True(t, string(got) == string(want), "shift %d, up %v", shift, up)
		}
		require.NoError(t, Memset(q, 5, n))
		require.Equal(t, byte(5), must(space.Bytes(q.Addr()+n-1, 1))(t)[0])
	}
}

func TestCtypesBuffers(t *testing.T) {
	abi := dtype.LinuxAMD64
	pt := structOf(t, "POINT", f("x", dtype.CInt), f("y", dtype.CInt))
	buf := make([]byte, 16)
	a := must(FromBuffer(abi, pt, buf, 4))(t) // POINT.from_buffer(buf, 4)
	require.NoError(t, a.Store([]int{1, 2}))
	assert.Equal(t, []byte{0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}, buf)
	buf[4] = 9
	assert.Equal(t, int32(9), loadAny(t, field(t, a, "x")), "shared")
	over := must(FromBuffer(abi, pt, buf, 8))(t) // overlapping
	assert.Equal(t, int32(2), loadAny(t, field(t, over, "x")))
	require.NoError(t, field(t, over, "x").Store(7))
	assert.Equal(t, int32(7), loadAny(t, field(t, a, "y")))

	arena := arenaOn(t, abi)
	c := must(arena.FromBytes(pt, buf, 4))(t) // POINT.from_buffer_copy(buf, 4)
	buf[4] = 1
	assert.Equal(t, int32(9), loadAny(t, field(t, c, "x")), "a copy")
	for _, off := range []uint64{9, 16, 17, 1<<64 - 1} { // ValueError: Buffer size too small
		_, err := FromBuffer(abi, pt, buf, off)
		assert.ErrorIs(t, err, ErrOutOfBounds)
		_, err = arena.FromBytes(pt, buf, off)
		assert.ErrorIs(t, err, ErrOutOfBounds)
	}
	_, err := FromBuffer(abi, pt, buf, 9)
	assert.EqualError(t, err, "memory: view struct POINT: address 0x9+8 exceeds size 16: out of bounds")

	at := must(NewView(arena.Space(), nil, c.Addr()+4, 0, dtype.CInt))(t) // c_int.from_address
	require.NoError(t, at.Store(77))
	assert.Equal(t, int32(77), loadAny(t, field(t, c, "y")))
}

// Storing some elements leaves alone what the others point to.
func TestStoreSpanKeepsAlive(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<12)
	arena, targets := NewArena(space), NewArena(space)
	v := must(arena.New(arrayOf(t, dtype.PointerTo(dtype.CInt), 3)))(t)
	x := must(targets.New(dtype.CInt))(t)
	require.NoError(t, must(v.Index(1))(t).Store(x))
	require.NoError(t, StoreSpan(v, Range(0, 3, 2), []Pointer{x.Pointer(), x.Pointer()}))
	require.NoError(t, StoreSpan(v, Range(2, Open, -2), []Pointer{{}, {}}))
	require.NoError(t, targets.Close())
	assert.Equal(t, 2, allocated(space))
	assert.ErrorIs(t, StoreSpan(v, All, []any{1.5, nil, nil}), ErrType)
	require.NoError(t, StoreSpan(v, Reverse, []Pointer{{}, {}, {}}))
	assert.Equal(t, 1, allocated(space))
}
