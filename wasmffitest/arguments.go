package wasmffitest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

type point struct{ X, Y float64 }

// record has a bool and a long, so that its bytes are never used in place.
type record struct {
	ID     int32
	Name   [12]dtype.Char
	OK     bool
	Serial dtype.Long
	Weight float64
}

type label struct {
	Text  string
	Times int32
}

// arguments has a case for each sentence of the argument policy.
func arguments(t *testing.T, b Backend) {
	lib := b.open(t)
	t.Run("a string is copied, with a NUL", func(t *testing.T) {
		length := bind[func(string) (dtype.Size, error)](t, lib, "length")
		for _, s := range []string{"", "hello", "naïve", string(make([]byte, 0))} {
			n, err := length(s)
			require.NoError(t, err)
			require.EqualValues(t, len(s), n)
		}
		_, err := length("a\x00b")
		require.ErrorIs(t, err, memory.ErrRange)
		require.ErrorContains(t, err, "NUL at byte 1 of a string of 3")
		s := "unchanged"
		bind[func(string)](t, lib, "upper")(s)
		require.Equal(t, "unchanged", s)
	})
	t.Run("a []byte is the buffer itself", func(t *testing.T) {
		buf := []byte("shout\x00")
		bind[func([]byte)](t, lib, "upper")(buf)
		require.Equal(t, "SHOUT\x00", string(buf))
	})
	t.Run("a slice is the C pointer for the call", func(t *testing.T) {
		x := []float64{1, 2, 3.5}
		require.Equal(t, 6.5, bind[func([]float64, int32) float64](t, lib, "sum")(x, 3))
		bind[func([]float64, int32, float64)](t, lib, "scale")(x, 3, 2)
		require.Equal(t, []float64{2, 4, 7}, x)
	})
	t.Run("a part of a slice is that part", func(t *testing.T) {
		x := []float64{1, 2, 3, 4}
		bind[func([]float64, int32, float64)](t, lib, "scale")(x[1:3], 2, 10)
		require.Equal(t, []float64{1, 20, 30, 4}, x)
	})
	t.Run("In is not copied back, Out arrives", func(t *testing.T) {
		out := make([]int32, 5)
		bind[func(wasmffi.Out[int32], int32)](t, lib, "iota")(out, 5)
		require.Equal(t, []int32{0, 1, 2, 3, 4}, out)
		in := []float64{1, 2}
		require.Equal(t, 3.0, bind[func(wasmffi.In[float64], int32) float64](t, lib, "sum")(in, 2))
		if b.Sandbox {
			bind[func(wasmffi.In[float64], int32, float64)](t, lib, "scale")(in, 2, 5)
			require.Equal(t, []float64{1, 2}, in, "In went to C only")
		}
	})
	t.Run("overlapping slices share one copy", func(t *testing.T) {
		x := make([]int32, 4)
		overlaps := bind[func(a, b []int32) int32](t, lib, "overlaps")
		require.EqualValues(t, 1, overlaps(x, x[1:]))
		require.Equal(t, []int32{0, 77, 0, 0}, x)
		require.EqualValues(t, 0, overlaps(make([]int32, 2), make([]int32, 2)))
	})
	t.Run("an empty slice is not NULL, a nil one is", func(t *testing.T) {
		isNull := bind[func([]int32) int32](t, lib, "is_null")
		require.EqualValues(t, 0, isNull([]int32{}))
		require.EqualValues(t, 1, isNull(nil))
		require.EqualValues(t, 1, bind[func(*int32) int32](t, lib, "is_null")(nil))
	})
	t.Run("a []bool is converted both ways", func(t *testing.T) {
		x := []bool{true, false, true}
		require.EqualValues(t, 2, bind[func([]bool, int32) int32](t, lib, "count_true")(x, 3))
		bind[func([]bool, int32)](t, lib, "invert")(x, 3)
		require.Equal(t, []bool{false, true, false}, x)
	})
	t.Run("pointers to values", func(t *testing.T) {
		a, c := int32(1), int32(2)
		bind[func(a, b *int32)](t, lib, "swap_ints")(&a, &c)
		require.Equal(t, []int32{2, 1}, []int32{a, c})
	})
	t.Run("a struct pointer is the C struct", func(t *testing.T) {
		p := point{1, 2}
		bind[func(p *point, dx, dy float64)](t, lib, "translate")(&p, 10, 20)
		require.Equal(t, point{11, 22}, p)
		square := []point{{0, 0}, {2, 0}, {2, 2}, {0, 2}}
		require.Equal(t, 4.0, bind[func(wasmffi.In[point], int32) float64](t, lib, "polygon_area")(square, 4))
	})
	t.Run("a struct that C lays out otherwise is converted", func(t *testing.T) {
		r := record{ID: 7, OK: true, Serial: 12345, Weight: 1.25}
		bind[func(*record)](t, lib, "touch")(&r)
		require.Equal(t, record{ID: 8, OK: false, Serial: -12345, Weight: 2.5, Name: r.Name}, r)
		require.Equal(t, "touched\x00", string(charBytes(r.Name[:8])))
	})
	t.Run("strings inside structs", func(t *testing.T) {
		l := label{"four", 3}
		require.EqualValues(t, 12, bind[func(*label) int32](t, lib, "label_length")(&l))
		require.Equal(t, label{"four", 3}, l)
	})
	t.Run("float ** from rows", func(t *testing.T) {
		rows := [][]float32{{1, 2, 3}, {4, 5, 6}}
		require.Equal(t, float32(21), bind[func([][]float32, int32, int32) float32](t, lib, "sum_rows")(rows, 2, 3))
		require.Equal(t, [][]float32{{-1, -2, -3}, {-4, -5, -6}}, rows)
	})
	t.Run("wide strings", func(t *testing.T) {
		w := []dtype.WChar{'a', 'é', '€', 0}
		require.EqualValues(t, 3, bind[func(wasmffi.In[dtype.WChar]) dtype.Size](t, lib, "wide_length")(w))
	})
	t.Run("memory of the library is never copied", func(t *testing.T) {
		arena := memory.NewArena(lib.Space())
		defer arena.Close()
		p, err := arena.NewOf(point{1, 2})
		require.NoError(t, err)
		bind[func(memory.View, float64, float64)](t, lib, "translate")(p, 1, 1)
		got, err := memory.Load[point](p)
		require.NoError(t, err)
		require.Equal(t, point{2, 3}, got)
		same := bind[func(memory.View) dtype.Addr](t, lib, "same_pointer")
		require.EqualValues(t, p.Addr(), same(p))
	})
	t.Run("memory of another library is refused", func(t *testing.T) {
		buffer, err := memory.NewBufferSpace(lib.Space().ABI(), 4096)
		require.NoError(t, err)
		v, err := memory.NewArena(buffer).New(dtype.CInt)
		require.NoError(t, err)
		_, err = bind[func(memory.View) (dtype.Addr, error)](t, lib, "same_pointer")(v)
		require.Error(t, err)
	})
	t.Run("a handle carries a Go value through void *", func(t *testing.T) {
		var got []int32
		h, err := wasmffi.NewHandle(lib, &got)
		require.NoError(t, err)
		each := bind[func([]int32, int32, func(int32, wasmffi.Handle) error, wasmffi.Handle) error](t, lib, "each")
		collect := func(x int32, h wasmffi.Handle) error {
			v, err := h.Value()
			if err != nil {
				return err
			}
			p := v.(*[]int32)
			*p = append(*p, x)
			return nil
		}
		require.NoError(t, each([]int32{3, 1, 2}, 3, collect, h))
		require.Equal(t, []int32{3, 1, 2}, got)
		require.NoError(t, h.Delete())
		err = each([]int32{1}, 1, collect, h)
		require.ErrorIs(t, err, memory.ErrEnded, "the handle is stale")
	})
	t.Run("strings come back as copies", func(t *testing.T) {
		require.Equal(t, "hello from C", bind[func() string](t, lib, "greeting")())
		require.Equal(t, "", bind[func() string](t, lib, "no_string")())
		p := bind[func() memory.Pointer](t, lib, "no_string")()
		require.True(t, p.IsNull())
	})
	t.Run("structs by value", func(t *testing.T) {
		mid, err := wasmffi.Bind[func(a, b point) point](lib, "midpoint")
		require.NoError(t, err)
		require.Equal(t, point{2, 3}, mid(point{1, 1}, point{3, 5}))
	})
}

func charBytes(c []dtype.Char) []byte {
	b := make([]byte, len(c))
	for i := range c {
		b[i] = byte(c[i])
	}
	return b
}
