package memory

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

type tree struct {
	Name string
	Tags []string
	Kids []tree
	Size *int32
}

// NewOf places a Go value and all it points to; on every ABI C finds it by
// following the pointers.
func TestArenaNewOf(t *testing.T) {
	size := int32(7)
	value := tree{Name: "root", Tags: []string{"a", "bc"}, Size: &size, Kids: []tree{{Name: "kid"}}}
	for _, abi := range dtype.ABIs() {
		arena := arenaOn(t, abi)
		v := must(arena.NewOf(&value))(t)
		assert.Equal(t, "struct tree", v.Type().String())
		follow := func(v View, path string) View {
			return must(must(v.At(path))(t).Deref())(t)
		}
		name := must(Load[Pointer](must(v.Field("Name"))(t)))(t)
		assert.Equal(t, "root", must(name.GoString())(t), "%v", abi)
		tags := must(Load[Pointer](must(v.Field("Tags"))(t)))(t).Reinterpret(2)
		assert.Equal(t, "bc", must(must(Load[Pointer](must(tags.Index(1))(t)))(t).GoString())(t), "%v", abi)
		assert.Equal(t, int32(7), must(follow(v, "Size").Load())(t), "%v", abi)
		kid := follow(v, "Kids")
		assert.Equal(t, "kid", must(must(Load[Pointer](must(kid.Field("Name"))(t)))(t).GoString())(t), "%v", abi)
		_, err := must(kid.Field("Size"))(t).Deref()
		assert.ErrorIs(t, err, ErrNull, "%v", abi)
		require.NoError(t, arena.Close())
	}
}

func TestArenaNew(t *testing.T) {
	arena := arenaOn(t, dtype.WASM32)
	dirty := must(arena.Space().Alloc(64, 8))(t)
	require.NoError(t, arena.Space().WriteAt([]byte("not zero, not zero"), dirty))
	require.NoError(t, arena.Space().Free(dirty))
	assert.Equal(t, []any{int32(0), int32(0)}, must(must(arena.NewArray(dtype.CInt, 2))(t).Load())(t), "zeroed")
	assert.Equal(t, 0.0, must(must(arena.New(dtype.CDouble))(t).Load())(t))

	for _, tt := range []struct {
		value any
		typ   string
		want  any
	}{
		{int32(5), "int32_t", int32(5)},
		{dtype.Long(5), "long", int32(5)},
		{[]int16{1, 2}, "int16_t [2]", []any{int16(1), int16(2)}},
		{&[]int16{1, 2}, "int16_t [2]", []any{int16(1), int16(2)}},
		{[2]bool{true}, "_Bool [2]", []any{true, false}},
		{"hi", "char [3]", []any{int8('h'), int8('i'), int8(0)}},
		{point{1, 2}, "struct point", Record{{"x", int32(1)}, {"y", int32(2)}}},
	} {
		v, err := arena.NewOf(tt.value)
		require.NoError(t, err, "%T", tt.value)
		assert.Equal(t, tt.typ, v.Type().String())
		assert.Equal(t, tt.want, must(v.Load())(t))
	}
	for _, bad := range []any{nil, 5, (*int32)(nil), make(chan int), []int{1}, "a\x00"} {
		_, err := arena.NewOf(bad)
		assert.Error(t, err, "%T", bad)
	}
	_, err := arena.New(dtype.CVoid)
	assert.ErrorIs(t, err, dtype.ErrIncomplete)
	_, err = arena.NewArray(dtype.CInt, 1<<40)
	assert.ErrorIs(t, err, dtype.ErrOverflow)
	_, err = arena.NewArray(dtype.CInt, 1<<20)
	assert.ErrorIs(t, err, ErrNoMemory)
	aligned := structAttr(t, "aligned", dtype.Attr{Align: 64}, f("c", dtype.CChar))
	for range 3 {
		assert.Zero(t, must(arena.New(aligned))(t).Addr()%64)
	}
	flex := structOf(t, "flex", f("n", dtype.CInt), f("a", flexible(t, dtype.CInt)))
	v := must(arena.NewValue(flex, Record{{"n", 3}, {"a", []int{7, 8, 9}}}))(t)
	assert.Equal(t, Record{{"n", int32(3)}, {"a", []any{int32(7), int32(8), int32(9)}}}, must(v.Load())(t), "room for the flexible array")
}

func TestArenaClose(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<12)
	arena := NewArena(space)
	for range 10 {
		must(arena.NewOf(tree{Name: "x", Tags: []string{"y"}}))(t)
	}
	v := must(arena.New(dtype.CInt))(t)
	require.NoError(t, v.Use(func([]byte) error {
		require.NoError(t, arena.Close())
		assert.NotEmpty(t, space.heap.used, "memory lent is not freed")
		return nil
	}))
	assert.Empty(t, space.heap.used)
	assert.Equal(t, []extent{{space.Base(), space.Base() + 1<<12}}, space.heap.holes)
	require.NoError(t, arena.Close(), "closing twice is no error")
	_, err := arena.New(dtype.CInt)
	assert.EqualError(t, err, "memory: alloc: memory is no longer valid")
	_, err = arena.Alloc(1, 1)
	assert.ErrorIs(t, err, ErrEnded)

	// C freed it already: closing says so.
	arena = NewArena(space)
	v = must(arena.New(dtype.CInt))(t)
	require.NoError(t, space.Free(v.Addr()))
	assert.ErrorContains(t, arena.Close(), "memory: free: address 0x1000: memory is no longer valid: not allocated, or freed twice")
}

func TestArenaEndsWithItsSpace(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<12)
	arena := NewArena(space)
	v := must(arena.New(dtype.CInt))(t)
	require.NoError(t, space.Close())
	_, err := v.Load()
	assert.ErrorIs(t, err, ErrEnded)
	require.NoError(t, arena.Close())
	_, err = NewArena(space).New(dtype.CInt)
	assert.ErrorIs(t, err, ErrEnded)
}

// Two pointers to one piece of Go memory are two pointers to one piece of C's.
func TestArenaKeepsAliases(t *testing.T) {
	type pair struct{ A, B []int32 }
	s := []int32{1, 2, 3}
	v := must(arenaOn(t, dtype.WASM32).NewOf(pair{s, s[1:]}))(t)
	a, b := must(Load[Pointer](must(v.Field("A"))(t)))(t), must(Load[Pointer](must(v.Field("B"))(t)))(t)
	assert.Equal(t, a.Addr()+4, b.Addr())
}

func TestArenaHammer(t *testing.T) {
	for range 20 {
		space := bufferOf(t, dtype.WASM32, 1<<16)
		arena := NewArena(space)
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for i := range int32(200) {
					v, err := arena.NewOf(i)
					if err != nil {
						assert.ErrorIs(t, err, ErrEnded)
						return
					}
					x, err := Load[int32](v)
					if err != nil {
						assert.ErrorIs(t, err, ErrEnded)
						return
					}
					assert.Equal(t, i, x)
					if g == 0 && i == 150 {
						assert.NoError(t, arena.Close())
					}
				}
			})
		}
		wg.Wait()
		assert.Empty(t, space.heap.used)
	}
}
