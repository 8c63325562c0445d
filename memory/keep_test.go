package memory

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// allocated is how many pieces of a buffer are in use.
func allocated(s *BufferSpace) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.heap.used)
}

// What a struct points to is not released before the struct, though its own
// arena is closed: ctypes' _objects.
func TestStoredPointersKeepAlive(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<12)
	cell := structOf(t, "cell", f("next", dtype.PointerTo(dtype.CInt)), f("n", dtype.CInt))
	for what, store := range map[string]func(cell, x View) error{
		"member": func(c, x View) error { return must(c.Field("next"))(t).SetPointer(x.Pointer()) },
		"view":   func(c, x View) error { return Store(must(c.Field("next"))(t), x) },
		"Record": func(c, x View) error { return c.Store(Record{{"next", x.Pointer()}, {"n", 1}}) },
		"slice":  func(c, x View) error { return c.Store([]any{x}) },
		"typed":  func(c, x View) error { return Store(must(c.Field("next"))(t), Ptr[int32]{x.Pointer()}) },
		"whole view": func(c, x View) error {
			return Scoped(space, func(a *Arena) error { return c.Store(must(a.NewValue(cell, []any{x}))(t)) })
		},
		"Copy": func(c, x View) error {
			return Scoped(space, func(a *Arena) error { return Copy(c, must(a.NewValue(cell, []any{x}))(t)) })
		},
		"Arena.Store": func(c, x View) error {
			return NewArena(space).Store(c, []any{x})
		},
	} {
		holders, targets := NewArena(space), NewArena(space)
		c := must(holders.New(cell))(t)
		x := must(targets.NewValue(dtype.CInt, 42))(t)
		require.NoError(t, store(c, x), what)
		addr := x.Addr()
		require.NoError(t, targets.Close())
		_, err := x.Load()
		assert.ErrorIs(t, err, ErrEnded, "%s: for Go it is closed", what)
		assert.Contains(t, space.heap.used, addr, "%s: C may follow the pointer", what)
		p := must(Load[Pointer](must(c.Field("next"))(t)))(t)
		assert.Equal(t, int32(42), must(Load[int32](must(p.Contents())(t)))(t), what)
		require.NoError(t, holders.Close())
		assert.NotContains(t, space.heap.used, addr, "%s: nobody points there any more", what)
	}
}

func TestStoredPointersLetGo(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<12)
	holders := NewArena(space)
	p := must(holders.New(dtype.PointerTo(dtype.CInt)))(t)
	pointTo := func() uint64 {
		targets := NewArena(space)
		x := must(targets.New(dtype.CInt))(t)
		require.NoError(t, p.SetPointer(x.Pointer()))
		require.NoError(t, targets.Close())
		return x.Addr()
	}
	for range 100 { // each takes the place of the one before
		pointTo()
	}
	assert.Equal(t, 2, allocated(space))
	require.NoError(t, p.Store(nil))
	assert.Equal(t, 1, allocated(space), "NULL")

	pointTo()
	wrong := must(space.Alloc(16, 16))(t)
	require.NoError(t, space.Free(wrong))
	require.ErrorIs(t, p.Store(1.5), ErrType)
	assert.Equal(t, 2, allocated(space), "nothing was stored: what is there is kept")

	// A struct stored over one with pointers.
	cell := structOf(t, "cell", f("n", dtype.CInt), f("next", dtype.PointerTo(dtype.CInt)))
	c := must(holders.New(cell))(t)
	targets := NewArena(space)
	require.NoError(t, must(c.Field("next"))(t).Store(must(targets.New(dtype.CInt))(t)))
	require.NoError(t, targets.Close())
	before := allocated(space)
	require.NoError(t, c.Store(Record{{"n", 5}}))
	assert.Equal(t, before-1, allocated(space))

	// A lease of the target is worth as much as the pointer.
	require.NoError(t, holders.Close())
	assert.Zero(t, allocated(space))
}

// A list in one arena holds nothing of its own, so that it can be released.
func TestPointersWithinAnArena(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<12)
	arena := NewArena(space)
	cell := dtype.DeclareStruct("cell")
	require.NoError(t, cell.Define(dtype.Attr{}, f("next", dtype.PointerTo(cell))))
	a, b := must(arena.New(cell))(t), must(arena.New(cell))(t)
	require.NoError(t, must(a.Field("next"))(t).SetPointer(b.Pointer()))
	require.NoError(t, must(b.Field("next"))(t).SetPointer(a.Pointer()))
	// A pointer read from an object outlives it: a list is freed from its head.
	next := must(Load[Pointer](must(a.Field("next"))(t)))(t)
	require.NoError(t, arena.Free(a))
	again := must(next.Contents())(t)
	require.NoError(t, must(again.Field("next"))(t).SetPointer(Pointer{}))
	require.NoError(t, arena.Close())
	assert.Zero(t, allocated(space))

	// Memory that ends later than the holder needs no keeping: a variable of
	// the library's, the library itself.
	arena = NewArena(space)
	p := must(arena.New(dtype.PointerTo(dtype.CInt)))(t)
	global := NewPointer(space, nil, space.Base(), dtype.CInt, 1)
	require.NoError(t, p.SetPointer(global))
	assert.Empty(t, arena.life.keeps)
}

func TestPointersInACircleOfArenas(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<12)
	cell := dtype.DeclareStruct("cell")
	require.NoError(t, cell.Define(dtype.Attr{}, f("next", dtype.PointerTo(cell))))
	var arenas []*Arena
	var cells []View
	for range 3 {
		arenas = append(arenas, NewArena(space))
		cells = append(cells, must(arenas[len(arenas)-1].New(cell))(t))
	}
	link := func(from, to int) error { return must(cells[from].Field("next"))(t).SetPointer(cells[to].Pointer()) }
	require.NoError(t, link(0, 1))
	require.NoError(t, link(1, 2))
	assert.ErrorIs(t, link(1, 0), ErrNotSupported)
	err := link(2, 0)
	assert.ErrorIs(t, err, ErrNotSupported)
	assert.EqualError(t, err, "memory: store struct cell.next: not supported: pointers between two lifetimes: they would keep each other alive for ever")
	p := must(Load[Pointer](must(cells[2].Field("next"))(t)))(t)
	assert.True(t, p.IsNull(), "nothing was stored")
	for _, a := range arenas[1:] {
		require.NoError(t, a.Close())
	}
	assert.Equal(t, 3, allocated(space))
	require.NoError(t, arenas[0].Close())
	assert.Zero(t, allocated(space))
}

// A variable of the library's may point into an arena: its memory stays until
// something else is stored there, or the library is closed.
func TestVariablesKeepAlive(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<12)
	global := must(NewView(space, nil, must(space.Alloc(4, 4))(t), 0, dtype.PointerTo(dtype.CInt)))(t)
	arena := NewArena(space)
	require.NoError(t, global.SetPointer(must(arena.New(dtype.CInt))(t).Pointer()))
	require.NoError(t, arena.Close())
	assert.Equal(t, 2, allocated(space))
	require.NoError(t, global.SetPointer(Pointer{}))
	assert.Equal(t, 1, allocated(space))

	arena = NewArena(space)
	require.NoError(t, global.SetPointer(must(arena.New(dtype.CInt))(t).Pointer()))
	require.NoError(t, arena.Close())
	drained := false
	must(space.Lifetime().OnEnd(func() { drained = true }))(t)
	require.NoError(t, space.Close())
	assert.True(t, drained, "the end of the library lets go of all")
	assert.Empty(t, space.life.keeps)

	// What has ended already cannot be stored.
	space = bufferOf(t, dtype.WASM32, 1<<12)
	arena = NewArena(space)
	x := must(arena.New(dtype.CInt))(t)
	require.NoError(t, arena.Close())
	global = must(NewView(space, nil, space.Base(), 0, dtype.PointerTo(dtype.CInt)))(t)
	assert.ErrorIs(t, global.SetPointer(x.Pointer()), ErrEnded)
}
