package memory

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// A view of an object that was freed is an error, also when another object has
// its address now.
func TestArenaFree(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<12)
	arena := NewArena(space)
	v := must(arena.NewOf([]int32{1, 2, 3}))(t)
	elem, p := must(v.Index(1))(t), v.Pointer()
	require.NoError(t, arena.Free(v))
	w := must(arena.NewOf([]int32{7, 8, 9}))(t)
	require.Equal(t, v.Addr(), w.Addr(), "the address is used again")
	_, err := elem.Load()
	assert.EqualError(t, err, "memory: load int32_t [3][1]: memory is no longer valid")
	assert.ErrorIs(t, Store(elem, 1), ErrEnded)
	_, err = must(p.Contents())(t).Load()
	assert.ErrorIs(t, err, ErrEnded)
	assert.EqualError(t, arena.Free(v), "memory: free int32_t [3]: memory is no longer valid: freed before")
	assert.Equal(t, []int32{7, 8, 9}, must(Load[[]int32](w))(t))
	require.NoError(t, arena.Close())
	assert.ErrorIs(t, arena.Free(w), ErrEnded)
	assert.Zero(t, allocated(space))
}

func TestArenaFreeOf(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<12)
	arena := NewArena(space)
	v := must(arena.NewOf(tree{Name: "root", Tags: []string{"a", "b"}}))(t)
	other := must(NewArena(space).New(dtype.CInt))(t)
	assert.ErrorIs(t, arena.Free(View{}), ErrNull)
	assert.ErrorIs(t, arena.Free(other), ErrType, "another arena's")
	assert.ErrorIs(t, arena.Free(must(v.Field("Size"))(t)), ErrType, "a part")
	raw := must(arena.Alloc(4, 4))(t)
	assert.ErrorIs(t, arena.Free(must(NewView(space, nil, raw, 0, dtype.CInt))(t)), ErrType)
	require.NoError(t, v.Use(func([]byte) error {
		require.NoError(t, arena.Free(v))
		assert.Contains(t, space.heap.used, v.Addr(), "a lease is out")
		return nil
	}))
	assert.Equal(t, 2, allocated(space), "all that the object pointed to is freed with it")
}

func TestArenaResize(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<12)
	arena := NewArena(space)
	v := must(arena.NewOf([]int16{1, 2, 3, 4}))(t)
	w := must(arena.Resize(v, 6))(t)
	assert.Equal(t, "int16_t [6]", w.Type().String())
	assert.Equal(t, []int16{1, 2, 3, 4, 0, 0}, must(Load[[]int16](w))(t))
	_, err := v.Load()
	assert.ErrorIs(t, err, ErrEnded, "views of the old object do not follow")
	_, err = arena.Resize(v, 8)
	assert.ErrorIs(t, err, ErrEnded)
	w = must(arena.Resize(w, 2))(t)
	assert.Equal(t, []int16{1, 2}, must(Load[[]int16](w))(t))
	assert.Equal(t, 1, allocated(space))

	flex := structOf(t, "flex", f("n", dtype.CInt), f("a", flexible(t, dtype.CInt)))
	v = must(arena.NewValue(flex, Record{{"n", 1}, {"a", []int{7}}}))(t)
	v = must(arena.Resize(v, 3))(t)
	assert.Equal(t, Record{{"n", int32(1)}, {"a", []any{int32(7), int32(0), int32(0)}}}, must(v.Load())(t))

	_, err = arena.Resize(must(arena.New(dtype.CInt))(t), 2)
	assert.ErrorIs(t, err, ErrType)
	_, err = arena.Resize(must(FromBuffer(dtype.WASM32, arrayOf(t, dtype.CInt, 1), make([]byte, 4), 0))(t), 2)
	assert.ErrorIs(t, err, ErrType, "not the arena's")
	_, err = arena.Resize(w, 1<<20)
	assert.ErrorIs(t, err, ErrNoMemory)
	assert.Equal(t, []int16{1, 2}, must(Load[[]int16](w))(t), "the old object stays")
	_, err = arena.Resize(w, 1<<40)
	assert.ErrorIs(t, err, dtype.ErrOverflow)
}

// A resized array of pointers keeps alive what the old one did.
func TestArenaResizeKeepsAlive(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<12)
	arena, targets := NewArena(space), NewArena(space)
	v := must(arena.New(arrayOf(t, dtype.PointerTo(dtype.CInt), 1)))(t)
	require.NoError(t, must(v.Index(0))(t).Store(must(targets.NewValue(dtype.CInt, 5))(t)))
	old := v
	v = must(arena.Resize(v, 2))(t)
	w := must(arena.New(dtype.PointerTo(dtype.CInt)))(t)
	require.Equal(t, old.Addr(), w.Addr(), "where the old one was")
	require.NoError(t, w.Store(nil))
	require.NoError(t, targets.Close())
	p := must(Load[Pointer](must(v.Index(0))(t)))(t)
	assert.Equal(t, int32(5), must(must(p.Contents())(t).Load())(t))
	assert.Equal(t, 3, allocated(space))
}

func TestScoped(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<12)
	var leaked View
	err := Scoped(space, func(a *Arena) (err error) {
		leaked, err = a.New(dtype.CInt)
		return err
	})
	require.NoError(t, err)
	_, err = leaked.Load()
	assert.ErrorIs(t, err, ErrEnded)
	assert.Zero(t, allocated(space))
	assert.ErrorIs(t, Scoped(space, func(a *Arena) error { return ErrRange }), ErrRange)
	assert.Panics(t, func() {
		_ = Scoped(space, func(a *Arena) error {
			must(a.New(dtype.CInt))(t)
			panic("f")
		})
	})
	assert.Zero(t, allocated(space), "a panic closes it too")
}

// One goroutine frees, closes and makes anew while others read: they see their
// own object's value, or that it has gone.
func TestArenaFreeHammer(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<16)
	for range 20 {
		arena := NewArena(space)
		var wg sync.WaitGroup
		for i := range int32(60) {
			v, err := arena.NewOf(i)
			require.NoError(t, err)
			for range 2 {
				wg.Go(func() {
					for {
						x, err := Load[int32](v)
						if err != nil {
							assert.ErrorIs(t, err, ErrEnded)
							return
						}
						if !assert.Equal(t, i, x, "another object's value") {
							return
						}
					}
				})
			}
			wg.Go(func() {
				if i%3 == 0 {
					return
				}
				if err := arena.Free(v); err != nil {
					assert.ErrorIs(t, err, ErrEnded, "the arena was closed before")
				}
			})
		}
		wg.Go(func() { assert.NoError(t, arena.Close()) })
		wg.Wait()
	}
	assert.Zero(t, allocated(space))
}

type fakeTB struct {
	cleanups []func()
	errors   []string
}

func (f *fakeTB) Helper()              {}
func (f *fakeTB) Cleanup(clean func()) { f.cleanups = append(f.cleanups, clean) }
func (f *fakeTB) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

func TestCheckLeaks(t *testing.T) {
	space := bufferOf(t, dtype.WASM32, 1<<12)
	before := NewArena(space)
	tb := &fakeTB{}
	CheckLeaks(tb, space)
	closed, open := NewArena(space), NewArena(space)
	must(closed.New(dtype.CInt))(t)
	must(before.New(dtype.CInt))(t)
	must(open.New(dtype.CDouble))(t)
	v := must(open.NewOf([]int32{1, 2, 3}))(t)
	require.NoError(t, open.Free(must(open.New(dtype.CInt))(t)))
	must(open.Alloc(8, 8))(t)
	elsewhere := NewArena(bufferOf(t, dtype.WASM32, 64))
	must(elsewhere.New(dtype.CInt))(t)
	require.NoError(t, closed.Close())
	tb.cleanups[0]()
	require.Len(t, tb.errors, 1)
	lines := strings.Split(tb.errors[0], "\n")
	require.Len(t, lines, 3, tb.errors[0])
	assert.Regexp(t, `^memory: an arena made at .*object_test\.go:\d+ is not closed; it holds 2 objects and 1 pieces from Alloc$`, lines[0])
	assert.Regexp(t, `^\tdouble, 8 bytes at 0x\w+, made at .*object_test\.go:\d+$`, lines[1])
	assert.Regexp(t, fmt.Sprintf(`^\tint32_t \[3\], 12 bytes at %#x, made at .*object_test\.go:\d+$`, v.Addr()), lines[2])

	tb = &fakeTB{}
	CheckLeaks(tb, space)
	require.NoError(t, Scoped(space, func(a *Arena) error { must(a.New(dtype.CInt))(t); return nil }))
	tb.cleanups[0]()
	assert.Empty(t, tb.errors)
	assert.Zero(t, watching.Load())
	assert.Empty(t, watches)
}

func TestGuardedNeedsPages(t *testing.T) {
	_, err := NewArenaWith(bufferOf(t, dtype.WASM32, 64), ArenaOptions{Guarded: true})
	assert.EqualError(t, err, "memory: arena: not supported: guarded memory")
	require.NoError(t, must(NewArenaWith(bufferOf(t, dtype.WASM32, 64), ArenaOptions{}))(t).Close())
}
