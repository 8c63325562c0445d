package memory

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

func TestPointer(t *testing.T) {
	arena := arenaOn(t, dtype.WASM32)
	v := must(arena.NewOf([]int32{10, 20, 30, 40}))(t)
	p := v.Pointer()
	assert.Equal(t, v.Addr(), p.Addr())
	assert.EqualValues(t, 4, p.Len())
	assert.Equal(t, dtype.Type(dtype.Int32), p.Elem())
	assert.False(t, p.IsNull())
	assert.Equal(t, int32(10), must(must(p.Contents())(t).Load())(t))
	assert.Equal(t, int32(40), must(must(p.Index(3))(t).Load())(t))
	for _, i := range []int64{4, -1, math.MaxInt64, math.MinInt64} {
		_, err := p.Index(i)
		assert.ErrorIs(t, err, ErrOutOfBounds, "%d", i)
	}
	_, err := p.Index(4)
	assert.EqualError(t, err, "memory: index int32_t *: address 0x1000: out of bounds: index 4 of 4 known elements")
	assert.Equal(t, []int32{10, 20, 30, 40}, must(Load[[]int32](must(p.Array())(t)))(t))
	assert.Equal(t, v.Pointer(), p, "pointers compare")
	assert.Equal(t, "(int32_t *) 0x1000", p.String())

	// What came from C has no length until the caller gives it one.
	c := must(arena.NewValue(dtype.PointerTo(dtype.Int32), p))(t)
	got := must(Load[Pointer](c))(t)
	assert.Equal(t, p.Addr(), got.Addr())
	assert.Zero(t, got.Len())
	assert.Equal(t, int32(10), must(must(got.Contents())(t).Load())(t), "*p needs no length")
	_, err = got.Index(0)
	assert.ErrorIs(t, err, ErrOutOfBounds)
	assert.Equal(t, int32(20), must(must(got.Reinterpret(2).Index(1))(t).Load())(t))
	_, err = must(got.Reinterpret(1 << 20).Index(1 << 19))(t).Load()
	assert.ErrorIs(t, err, ErrOutOfBounds, "not beyond the end of memory")
	_, err = got.Reinterpret(math.MaxUint64).Index(math.MaxInt64)
	assert.ErrorIs(t, err, ErrOutOfBounds)

	bytes := p.Cast(dtype.CUChar)
	assert.EqualValues(t, 16, bytes.Len())
	assert.EqualValues(t, 2, p.Cast(dtype.CDouble).Len())
	assert.Zero(t, p.Cast(dtype.CVoid).Len())
	assert.Zero(t, p.Reinterpret(math.MaxUint64).Cast(dtype.CUChar).Len())

	deref := must(c.Deref())(t)
	assert.Equal(t, p.Addr(), deref.Addr())
	_, err = v.Deref()
	assert.ErrorIs(t, err, ErrType)
}

func TestPointerNull(t *testing.T) {
	var null Pointer
	assert.True(t, null.IsNull())
	_, err := null.Contents()
	assert.EqualError(t, err, "memory: deref: NULL pointer access")
	assert.ErrorIs(t, err, ErrNull)
	typed := NewPointer(nil, nil, 0, dtype.CInt, 5)
	_, err = typed.Contents()
	assert.EqualError(t, err, "memory: deref int *: NULL pointer access")
	_, err = typed.Index(0)
	assert.ErrorIs(t, err, ErrNull)
	_, err = typed.Array()
	assert.ErrorIs(t, err, ErrNull)
	_, err = typed.GoString()
	assert.ErrorIs(t, err, ErrNull)
	assert.Equal(t, "(int *) NULL", typed.String())
	assert.Equal(t, "(void *) NULL", null.String())
	assert.True(t, typed.Cast(dtype.CChar).IsNull())

	v := must(arenaOn(t, dtype.WASM32).New(dtype.PointerTo(dtype.CInt)))(t)
	_, err = v.Deref()
	assert.EqualError(t, err, "memory: deref int *: NULL pointer access")
}

func TestSetPointer(t *testing.T) {
	arena := arenaOn(t, dtype.WASM32)
	slot := must(arena.New(dtype.PointerTo(dtype.CInt)))(t)
	x := must(arena.NewOf(int32(5)))(t)
	require.NoError(t, slot.SetPointer(x.Pointer()))
	assert.Equal(t, int32(5), must(must(slot.Deref())(t).Load())(t))
	require.NoError(t, slot.SetPointer(Pointer{}))
	_, err := slot.Deref()
	assert.ErrorIs(t, err, ErrNull)
	d := must(arena.NewOf(1.5))(t)
	assert.EqualError(t, slot.SetPointer(d.Pointer()), "memory: store int *: wrong type: C double * for C int *")
	require.NoError(t, slot.SetPointer(d.Pointer().Cast(dtype.CVoid)))
	foreign := must(arenaOn(t, dtype.WASM32).NewOf(int32(1)))(t)
	assert.EqualError(t, slot.SetPointer(foreign.Pointer()), "memory: store int *: wrong type: a pointer into another space")
	assert.EqualError(t, slot.Store([]int32{1}), "memory: store int *: wrong type: a Go []int32 for int * needs memory of its own")
	assert.ErrorIs(t, slot.Store("text"), ErrType)
}

type listNode struct {
	Value int32
	Next  Ptr[listNode]
}

// A Ptr is the pointer to a Go struct's C type: a C list as a Go list.
func TestPtr(t *testing.T) {
	for _, abi := range dtype.ABIs() {
		arena := arenaOn(t, abi)
		var head Ptr[listNode]
		for i := range int32(3) {
			v, err := arena.NewOf(listNode{i, head})
			require.NoError(t, err, "%v", abi)
			head = Ptr[listNode]{v.Pointer()}
		}
		var values []int32
		for p := head; !p.IsNull(); {
			n := must(p.Get())(t)
			values = append(values, n.Value)
			p = n.Next
		}
		assert.Equal(t, []int32{2, 1, 0}, values, "%v", abi)
		require.NoError(t, head.Set(listNode{Value: 9}))
		assert.Equal(t, listNode{Value: 9, Next: must(head.Get())(t).Next}, must(head.Get())(t))
		assert.True(t, must(head.Get())(t).Next.IsNull())
		_, err := Ptr[listNode]{}.Get()
		assert.ErrorIs(t, err, ErrNull)
		assert.ErrorIs(t, Ptr[listNode]{}.Set(listNode{}), ErrNull)
	}
}

func TestCString(t *testing.T) {
	for _, abi := range dtype.ABIs() {
		space := bufferOf(t, abi, 4096)
		arena := NewArena(space)
		long := make([]byte, 2000)
		for i := range long {
			long[i] = 'a' + byte(i%26)
		}
		for _, s := range []string{"", "x", "héllo", string(long)} {
			v := must(arena.CString(s))(t)
			assert.EqualValues(t, len(s)+1, v.Size())
			assert.Equal(t, s, must(CString(space, v.Addr(), 0))(t))
			assert.Equal(t, s, must(CString(space, v.Addr(), uint64(len(s))))(t))
			assert.Equal(t, s, must(CString(space, v.Addr(), math.MaxUint64))(t))
			assert.Equal(t, s, must(v.Pointer().GoString())(t))
			if len(s) > 1 {
				_, err := CString(space, v.Addr(), uint64(len(s)-1))
				assert.ErrorIs(t, err, ErrOutOfBounds)
				_, err = v.Pointer().CString(1)
				assert.ErrorIs(t, err, ErrOutOfBounds)
			}
		}
		wide := must(arena.NewValue(arrayOf(t, dtype.WCharT, 5), "h𝄞é"))(t)
		assert.Equal(t, "h𝄞é", must(WString(space, wide.Addr(), 0))(t), "%v", abi)
		assert.Equal(t, "h𝄞é", must(wide.Pointer().GoString())(t), "%v", abi)
		assert.Equal(t, "h𝄞é", must(Load[string](wide))(t), "%v", abi)
	}
}

func TestCStringErrors(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 2048)
	end := space.Base() + 2048
	require.NoError(t, space.WriteAt([]byte("no end"), end-6))
	_, err := CString(space, end-6, 0)
	assert.EqualError(t, err, "memory: string: address 0x17fa: out of bounds: no NUL in the 6 bytes before the end of memory")
	require.NoError(t, space.WriteAt([]byte{0}, end-1))
	assert.Equal(t, "no en", must(CString(space, end-6, 0))(t), "up to the last byte of memory")
	_, err = CString(space, end-6, 3)
	assert.EqualError(t, err, "memory: string: address 0x17fa: out of bounds: no NUL after 3 characters")
	_, err = CString(space, 0, 0)
	assert.EqualError(t, err, "memory: string: NULL pointer access")
	_, err = CString(space, 16, 0)
	assert.ErrorIs(t, err, ErrOutOfBounds)
	_, err = NewPointer(space, nil, end-6, dtype.CInt, 0).GoString()
	assert.ErrorIs(t, err, ErrType)
	require.NoError(t, space.Close())
	_, err = CString(space, end-6, 0)
	assert.ErrorIs(t, err, ErrEnded)

	arena := arenaOn(t, dtype.WASM32)
	_, err = arena.CString("a\x00b")
	assert.EqualError(t, err, "memory: new char *: value out of range: NUL at byte 1 of a string of 3")
}

// A sharedSpace has its addresses in common with others of the same buffer.
type sharedSpace struct{ *BufferSpace }

func (s *sharedSpace) SharesWith(other Space) bool {
	o, ok := other.(*sharedSpace)
	return ok && o.BufferSpace == s.BufferSpace
}

// Pointers go from one library of a process to another.
func TestSharedAddresses(t *testing.T) {
	buffer := bufferOf(t, dtype.LinuxAMD64, 1024)
	libc, libm := &sharedSpace{buffer}, &sharedSpace{buffer}
	x := must(NewArena(libc).NewOf(int32(7)))(t)
	slot := must(NewArena(libm).New(dtype.PointerTo(dtype.CInt)))(t)
	require.NoError(t, slot.SetPointer(x.Pointer()))
	assert.Equal(t, int32(7), must(must(slot.Deref())(t).Load())(t))
	require.NoError(t, must(NewArena(libm).New(dtype.PointerTo(dtype.CInt)))(t).Store(slot))
	foreign := must(arenaOn(t, dtype.LinuxAMD64).NewOf(int32(1)))(t)
	assert.ErrorIs(t, slot.SetPointer(foreign.Pointer()), ErrType)
}
