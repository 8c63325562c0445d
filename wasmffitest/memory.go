package wasmffitest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func memories(t *testing.T, b Backend) {
	t.Run("objects", func(t *testing.T) { objects(t, b) })
	t.Run("pointers from C", func(t *testing.T) { foreignPointers(t, b) })
	t.Run("text", func(t *testing.T) { textBuffers(t, b) })
	t.Run("raw", func(t *testing.T) { rawMemory(t, b) })
	t.Run("hammer", func(t *testing.T) { hammerMemory(t, b) })
}

func objects(t *testing.T, b Backend) {
	t.Run("freed one by one", func(t *testing.T) {
		lib := b.open(t)
		loadInt := bind[func(memory.View) (int32, error)](t, lib, "load_int")
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		v, err := arena.NewOf(int32(5))
		require.NoError(t, err)
		x, err := loadInt(v)
		require.NoError(t, err)
		require.EqualValues(t, 5, x)
		require.NoError(t, arena.Free(v))
		require.ErrorIs(t, arena.Free(v), memory.ErrEnded, "twice")
		_, err = loadInt(v)
		require.ErrorIs(t, err, memory.ErrEnded, "C does not get it either")
		_, err = arena.NewOf(int32(6)) // which may have its address
		require.NoError(t, err)
		_, err = memory.Load[int32](v)
		require.ErrorIs(t, err, memory.ErrEnded)
	})
	t.Run("resized", func(t *testing.T) {
		lib := b.open(t)
		sum := bind[func(memory.View, int32) float64](t, lib, "sum")
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		old, err := arena.NewOf([]float64{1, 2})
		require.NoError(t, err)
		v, err := arena.Resize(old, 100)
		require.NoError(t, err)
		require.EqualValues(t, 3, sum(v, 100))
		_, err = old.Load()
		require.ErrorIs(t, err, memory.ErrEnded)
	})
	t.Run("kept alive by what points to them", func(t *testing.T) {
		lib := b.open(t)
		length := bind[func(memory.View) int32](t, lib, "label_length")
		holders, texts := memory.NewArena(lib.Space()), memory.NewArena(lib.Space())
		defer holders.Close()
		text, err := texts.StringBuffer("hello", 0)
		require.NoError(t, err)
		labelType, err := dtype.NewStruct("label", dtype.Field{Name: "text", Type: dtype.PointerTo(dtype.CChar)}, dtype.Field{Name: "times", Type: dtype.CInt})
		require.NoError(t, err)
		label, err := holders.NewValue(labelType, []any{text, 3})
		require.NoError(t, err)
		require.NoError(t, texts.Close())
		_, err = text.Load()
		require.ErrorIs(t, err, memory.ErrEnded)
		junk := memory.NewArena(lib.Space())
		defer junk.Close()
		for range 20 {
			_, err := junk.StringBuffer("x", 0)
			require.NoError(t, err)
		}
		require.EqualValues(t, 15, length(label))
	})
	t.Run("swapped and copied", func(t *testing.T) {
		lib := b.open(t)
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		v, err := arena.NewOf([]point{{1, 2}, {3, 4}})
		require.NoError(t, err)
		p, err := v.Index(0)
		require.NoError(t, err)
		q, err := v.Index(1)
		require.NoError(t, err)
		require.NoError(t, memory.Swap(p, q))
		bind[func(memory.View, float64, float64)](t, lib, "translate")(p, 10, 10)
		got, err := memory.Load[[]point](v)
		require.NoError(t, err)
		require.Equal(t, []point{{13, 14}, {1, 2}}, got)
		require.NoError(t, memory.Copy(q, p))
		require.NoError(t, memory.Swap(p, p))
		got, err = memory.Load[[]point](v)
		require.NoError(t, err)
		require.Equal(t, []point{{13, 14}, {13, 14}}, got)
	})
	t.Run("looked for when they are not freed", func(t *testing.T) {
		lib := b.open(t)
		tb := &recorder{}
		memory.CheckLeaks(tb, lib.Space())
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		_, err := arena.NewOf([]int32{1, 2})
		require.NoError(t, err)
		tb.cleanup()
		require.Contains(t, tb.errors, "int32_t [2], 8 bytes")
		require.Contains(t, tb.errors, "wasmffitest/memory.go:")
	})
}

// A recorder is the testing.TB of a test that is to fail.
type recorder struct {
	cleanup func()
	errors  string
}

func (r *recorder) Helper()                   {}
func (r *recorder) Cleanup(f func())          { r.cleanup = f }
func (r *recorder) Errorf(f string, a ...any) { r.errors += fmt.Sprintf(f, a...) }

// What C says of sizes is checked before Go uses it.
func foreignPointers(t *testing.T, b Backend) {
	lib := b.open(t)
	p := bind[func(int32) memory.Pointer](t, lib, "make_ints")(4).Cast(dtype.CInt)
	defer bind[func(memory.Pointer)](t, lib, "release")(p)
	require.Zero(t, p.Len())
	_, err := p.Index(0)
	require.ErrorIs(t, err, memory.ErrOutOfBounds)
	require.ErrorIs(t, memory.Memset(p, 0, 1), memory.ErrOutOfBounds)
	q, err := p.Bounded(4)
	require.NoError(t, err)
	v, err := q.Array()
	require.NoError(t, err)
	got, err := memory.Load[[]int32](v)
	require.NoError(t, err)
	require.Equal(t, []int32{0, 1, 4, 9}, got)
	for _, n := range []int64{-1, 1 << 40, 1 << 58, 1<<63 - 1, -1 << 63} {
		_, err := p.Bounded(n)
		require.Error(t, err, "%d", n)
		_, err = p.Reinterpret(uint64(n)).Array()
		if err == nil { // then it fits the address space, but is not mapped
			v, err := p.Reinterpret(uint64(n)).Array()
			require.NoError(t, err)
			_, err = v.Bytes()
			require.ErrorIs(t, err, memory.ErrOutOfBounds)
		}
	}
	second, err := q.Add(2)
	require.NoError(t, err)
	back, err := second.Add(-1)
	require.NoError(t, err)
	v, err = back.Contents()
	require.NoError(t, err)
	x, err := memory.Load[int32](v)
	require.NoError(t, err)
	require.EqualValues(t, 1, x)
}

func textBuffers(t *testing.T, b Backend) {
	lib := b.open(t)
	arena := memory.NewArena(lib.Space())
	defer arena.Close()
	v, err := arena.StringBuffer("shout", 10)
	require.NoError(t, err)
	bind[func(memory.View)](t, lib, "upper")(v)
	s, err := memory.Load[string](v)
	require.NoError(t, err)
	require.Equal(t, "SHOUT", s)
	require.NoError(t, v.SetText("a"))
	require.EqualValues(t, 1, bind[func(memory.View) dtype.Size](t, lib, "length")(v))
	s, err = memory.StringAt(lib.Space(), v.Addr(), 5)
	require.NoError(t, err)
	require.Equal(t, "a\x00OUT", s)

	w, err := arena.UnicodeBuffer("grüß", 8)
	require.NoError(t, err)
	require.EqualValues(t, 4, bind[func(memory.View) dtype.Size](t, lib, "wide_length")(w))
	s, err = memory.WString(lib.Space(), w.Addr(), 0)
	require.NoError(t, err)
	require.Equal(t, "grüß", s)
	s, err = memory.WStringAt(lib.Space(), w.Addr(), 6)
	require.NoError(t, err)
	require.Equal(t, "grüß\x00\x00", s)
}

func rawMemory(t *testing.T, b Backend) {
	lib := b.open(t)
	space := lib.Space()
	for _, addr := range []uint64{0, 1 << 32, space.ABI().MaxAddress() - 3, 1<<64 - 4} {
		for _, n := range []int{1, 4, 5, 4096} {
			require.Error(t, space.ReadAt(make([]byte, n), addr), "%#x", addr)
			require.Error(t, space.WriteAt(make([]byte, n), addr), "%#x", addr)
			_, err := space.Bytes(addr, uint64(n))
			require.Error(t, err, "%#x", addr)
		}
	}
	_, err := memory.CString(space, 0, 0)
	require.ErrorIs(t, err, memory.ErrNull)

	arena := memory.NewArena(space)
	defer arena.Close()
	v, err := arena.NewOf([]int32{1, 2, 3, 4})
	require.NoError(t, err)
	p := v.Pointer()
	next, err := p.Add(1)
	require.NoError(t, err)
	require.NoError(t, memory.Memmove(next, p, 12))
	require.NoError(t, memory.Memset(p, 0xff, 4))
	got, err := memory.Load[[]int32](v)
	require.NoError(t, err)
	require.Equal(t, []int32{-1, 1, 2, 3}, got)

	// To a buffer of another ABI, as JSON and as gob sends it.
	far, err := memory.NewBufferSpace(dtype.WindowsAMD64, 4096)
	require.NoError(t, err)
	w, err := memory.NewArena(far).NewArray(dtype.Int32, 4)
	require.NoError(t, err)
	require.NoError(t, memory.Memmove(w.Pointer(), p, 16))
	text, err := v.MarshalJSON()
	require.NoError(t, err)
	require.Equal(t, "[-1,1,2,3]", string(text))
	require.NoError(t, w.UnmarshalJSON([]byte("[9]")))
	data, err := v.MarshalBinary()
	require.NoError(t, err)
	require.NoError(t, w.UnmarshalBinary(data))
	got, err = memory.Load[[]int32](w)
	require.NoError(t, err)
	require.Equal(t, []int32{-1, 1, 2, 3}, got)
}

// Memory that grows, is freed or closed while others read: an error, never a
// wrong value, never a crash.
func hammerMemory(t *testing.T, b Backend) {
	const readers = 3
	// read reads views of n ints that are all want, until it is over. It
	// reports whether it ended because the memory did.
	read := func(t *testing.T, v memory.View, want int32, over *atomic.Bool) {
		for i := 0; !over.Load(); i++ {
			var got []int32
			var err error
			switch i % 3 {
			case 0:
				got, err = memory.Load[[]int32](v)
			case 1:
				err = memory.Use(v, func(s []int32) error {
					got = append(got, s...)
					return nil
				})
			case 2:
				var e memory.View
				if e, err = v.Index(uint64(i) % v.Len()); err == nil {
					var x int32
					x, err = memory.Load[int32](e)
					got = []int32{x}
				}
			}
			if err != nil {
				assert.ErrorIs(t, err, memory.ErrEnded)
				return
			}
			for _, x := range got {
				if !assert.Equal(t, want, x) {
					return
				}
			}
		}
	}
	filled := func(x int32) []int32 {
		s := make([]int32, 500)
		for i := range s {
			s[i] = x
		}
		return s
	}

	t.Run("growth", func(t *testing.T) {
		lib := b.open(t)
		obtain := bind[func(dtype.Size) memory.Pointer](t, lib, "obtain")
		arena := memory.NewArena(lib.Space())
		var over atomic.Bool
		var wg sync.WaitGroup
		v, err := arena.NewOf(filled(7))
		require.NoError(t, err)
		for range readers {
			wg.Go(func() { read(t, v, 7, &over) })
		}
		for range 40 {
			p := obtain(1 << 20).Cast(dtype.CChar)
			if p.IsNull() {
				break // the sandbox has no more
			}
			assert.NoError(t, memory.Memset(p.Reinterpret(1<<20), 1, 1<<20))
		}
		over.Store(true)
		wg.Wait()
		require.NoError(t, arena.Close())
	})
	t.Run("free", func(t *testing.T) {
		lib := b.open(t)
		arena := memory.NewArena(lib.Space())
		var wg sync.WaitGroup
		var over atomic.Bool
		for i := range int32(60) {
			v, err := arena.NewOf(filled(i))
			require.NoError(t, err)
			for range readers {
				wg.Go(func() { read(t, v, i, &over) })
			}
			if i%2 == 0 {
				require.NoError(t, arena.Free(v)) // the next one is likely to lie there
			}
		}
		require.NoError(t, arena.Close())
		wg.Wait()
	})
	t.Run("arenas closed", func(t *testing.T) {
		lib := b.open(t)
		var wg sync.WaitGroup
		var over atomic.Bool
		for i := range int32(40) {
			err := memory.Scoped(lib.Space(), func(arena *memory.Arena) error {
				v, err := arena.NewOf(filled(i))
				for range readers {
					wg.Go(func() { read(t, v, i, &over) })
				}
				return err
			})
			require.NoError(t, err)
		}
		wg.Wait()
	})
	t.Run("the library closed", func(t *testing.T) {
		for i := range int32(10) {
			lib := b.Open(t)
			arena := memory.NewArena(lib.Space())
			v, err := arena.NewOf(filled(i))
			require.NoError(t, err)
			counter, err := wasmffi.Var(lib, "counter", dtype.CInt)
			require.NoError(t, err)
			var wg sync.WaitGroup
			var over atomic.Bool
			for range readers {
				wg.Go(func() { read(t, v, i, &over) })
				wg.Go(func() {
					for {
						if _, err := memory.Load[int32](counter); err != nil {
							assert.ErrorIs(t, err, memory.ErrEnded)
							return
						}
					}
				})
				wg.Go(func() {
					for {
						v, err := arena.NewOf(filled(-1))
						if err == nil {
							err = arena.Free(v)
						}
						if err != nil {
							assert.True(t, errors.Is(err, memory.ErrEnded) || errors.Is(err, wasmffi.ErrClosed) ||
								strings.Contains(err.Error(), "closed"), "%v", err)
							return
						}
					}
				})
			}
			require.NoError(t, lib.Close())
			wg.Wait()
			require.NoError(t, arena.Close())
		}
	})
}
