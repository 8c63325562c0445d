package memory

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// An ndCase is an array and what is demanded of it, for NumPy to judge.
type ndCase struct {
	Base      []int    `json:"base"`
	DType     string   `json:"dtype"`
	Slices    [][3]int `json:"slices"`
	Transpose bool     `json:"transpose"`
	Readonly  bool     `json:"readonly"`
	Want      string   `json:"want"`
	NDim      int      `json:"ndim"`
	Shape     []int    `json:"shape"`
	Flags     string   `json:"flags"`
}

// TestNDPointerNumPy compares with what numpy.ctypeslib.ndpointer takes.
func TestNDPointerNumPy(t *testing.T) {
	py := python(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	dtypes := []string{"<f8", "<f4", "<i4", "<u4", "|u1", ">f8", ">i4"}
	// Each flag at most once: NumPy adds the bits of what it is given twice.
	names := [][]string{{"C", "C_CONTIGUOUS", "CONTIGUOUS"}, {"F", "FORTRAN", "F_CONTIGUOUS"}, {"W", "WRITEABLE"}, {"A", "ALIGNED"}}
	var in bytes.Buffer
	var ours []bool
	var cases []ndCase
	for range 2000 {
		c := ndCase{DType: dtypes[rnd.IntN(len(dtypes))], Transpose: rnd.IntN(3) == 0, Readonly: rnd.IntN(4) == 0, Slices: [][3]int{}, Base: []int{}}
		for range rnd.IntN(4) {
			n := 1 + rnd.IntN(4)
			step := 1 + rnd.IntN(2)
			c.Base = append(c.Base, n)
			c.Slices = append(c.Slices, [3]int{rnd.IntN(2), n, step})
		}
		a := c.array(t)
		var n NDPointer
		if rnd.IntN(2) == 0 {
			c.Want = c.DType
			if rnd.IntN(3) == 0 {
				c.Want = dtypes[rnd.IntN(len(dtypes))]
			}
			if c.Want[0] == '>' { // NDPointer's is the library's byte order
				c.Want = "<" + c.Want[1:]
			}
			n.Elem = elemOf(t, c.Want)
		}
		if rnd.IntN(3) == 0 {
			c.NDim = 1 + rnd.IntN(3)
			n.Dims = c.NDim
		}
		if rnd.IntN(3) == 0 {
			c.Shape = a.Shape()
			if rnd.IntN(3) == 0 && len(c.Shape) > 0 {
				c.Shape[rnd.IntN(len(c.Shape))]++
			}
			n.Shape = c.Shape
			if c.NDim != 0 && c.NDim != len(c.Shape) {
				c.NDim, n.Dims = 0, 0 // NumPy does not look at the shape then
			}
		}
		var flags []string
		for _, spellings := range names {
			if rnd.IntN(4) == 0 {
				flags = append(flags, spellings[rnd.IntN(len(spellings))])
			}
		}
		c.Flags = strings.Join(flags, ",")
		var err error
		n.Flags, err = ParseFlags(c.Flags)
		require.NoError(t, err)
		err = n.Check(a)
		if err != nil {
			require.ErrorIs(t, err, ErrNDPointer)
		}
		ours = append(ours, err == nil)
		cases = append(cases, c)
		require.NoError(t, json.NewEncoder(&in).Encode(c))
	}
	cmd := exec.Command(py, "testdata/ndpointer_oracle.py")
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	lines := strings.Fields(string(out))
	require.Len(t, lines, len(ours))
	takes := 0
	for i, line := range lines {
		require.Equal(t, line == "yes", ours[i], "seed %d: %+v", seed, cases[i])
		if ours[i] {
			takes++
		}
	}
	require.Greater(t, takes, 300)
	require.Less(t, takes, 1700)
}

func elemOf(t *testing.T, s string) dtype.Type {
	t.Helper()
	switch s[1:] {
	case "f8":
		return dtype.CDouble
	case "f4":
		return dtype.CFloat
	case "i4":
		return dtype.Int32
	case "u4":
		return dtype.Uint32
	}
	return dtype.Uint8
}

func (c *ndCase) array(t *testing.T) Array {
	a, err := Zeros(dtype.LinuxAMD64, elemOf(t, c.DType), c.Base...)
	require.NoError(t, err)
	if c.DType[0] == '>' {
		a, err = a.NewByteOrder(dtype.BigEndian)
		require.NoError(t, err)
	}
	var spans []Span
	for _, s := range c.Slices {
		spans = append(spans, Range(s[0], s[1], s[2]))
	}
	a, err = a.Slice(spans...)
	require.NoError(t, err)
	if c.Transpose {
		a, err = a.Transpose()
		require.NoError(t, err)
	}
	if c.Readonly {
		a = a.ReadOnly()
	}
	return a
}

func TestParseFlags(t *testing.T) {
	for s, want := range map[string]Flags{
		"": 0, "C": CContiguous, "c_contiguous, aligned": CContiguous | Aligned, "F,O,W,A,X": FContiguous | OwnData | Writeable | Aligned | WriteBackIfCopy,
		"CONTIGUOUS": CContiguous, "FORTRAN": FContiguous, "UPDATEIFCOPY": WriteBackIfCopy, "U": WriteBackIfCopy, "OWNDATA,WRITEABLE,ALIGNED,WRITEBACKIFCOPY,F_CONTIGUOUS": OwnData | Writeable | Aligned | WriteBackIfCopy | FContiguous,
	} {
		got, err := ParseFlags(s)
		require.NoError(t, err, s)
		require.Equal(t, want, got, s)
		again, err := ParseFlags(got.String())
		require.NoError(t, err)
		require.Equal(t, want, again)
	}
	_, err := ParseFlags("C,Q")
	require.ErrorIs(t, err, ErrType)
}

func TestArrayCtypes(t *testing.T) {
	space, err := NewBufferSpace(dtype.LinuxAMD64, 4096)
	require.NoError(t, err)
	arena := NewArena(space)
	defer arena.Close()
	a, err := arena.Zeros(dtype.CDouble, 2, 3)
	require.NoError(t, err)
	require.EqualValues(t, 6, a.Data().Len())
	require.Equal(t, a.Addr(), a.Data().Addr())
	require.EqualValues(t, 12, a.DataAs(dtype.Int32).Len())
	v, err := a.AsCtypes()
	require.NoError(t, err)
	require.Equal(t, "double [2][3]", v.Type().String())
	require.NoError(t, Store(mustView(v.At("[1][2]")), 4.5))
	require.Equal(t, "[[0.  0.  0. ]\n [0.  0.  4.5]]", a.String())
	back, err := AsArray(v)
	require.NoError(t, err)
	require.Equal(t, a.Shape(), back.Shape())

	rows, err := a.Slice(All, Range(0, 3, 2))
	require.NoError(t, err)
	_, err = rows.AsCtypes()
	require.ErrorIs(t, err, ErrNotContiguous)
	require.EqualValues(t, 1, rows.Data().Len())
	shape, err := rows.ShapeAs(arena, dtype.CLong)
	require.NoError(t, err)
	strides, err := rows.StridesAs(arena, dtype.Int32)
	require.NoError(t, err)
	s, err := AsArray(shape)
	require.NoError(t, err)
	require.Equal(t, "[2 2]", s.String())
	s, err = AsArray(strides)
	require.NoError(t, err)
	require.Equal(t, "[24 16]", s.String())
	wide, err := a.AsStrided([]int{1000}, []int64{0})
	require.NoError(t, err)
	_, err = wide.ShapeAs(arena, dtype.Int8)
	require.ErrorIs(t, err, ErrRange)
}

func mustView(v View, err error) View {
	if err != nil {
		panic(err)
	}
	return v
}

func TestNDPointerResult(t *testing.T) {
	space, err := NewBufferSpace(dtype.LinuxAMD64, 4096)
	require.NoError(t, err)
	arena := NewArena(space)
	defer arena.Close()
	v, err := arena.NewArray(dtype.Int32, 6)
	require.NoError(t, err)
	for i := range uint64(6) {
		require.NoError(t, mustView(v.Index(i)).Store(int(i)))
	}
	n := NDPointer{Elem: dtype.Int32, Shape: []int{2, 3}}
	a, err := n.Array(v.Pointer())
	require.NoError(t, err)
	require.Equal(t, "[[0 1 2]\n [3 4 5]]", a.String())
	n.Flags = FContiguous
	a, err = n.Array(v.Pointer())
	require.NoError(t, err)
	require.Equal(t, "[[0 2 4]\n [1 3 5]]", a.String())
	require.True(t, a.Flags().Has(FContiguous))
	_, err = n.Array(Pointer{})
	require.ErrorIs(t, err, ErrNull)
	n.Nullable = true
	a, err = n.Array(Pointer{})
	require.NoError(t, err)
	require.Nil(t, a.Space())
	n.Shape = []int{-1}
	_, err = n.Array(v.Pointer())
	require.ErrorIs(t, err, ErrType)
}
