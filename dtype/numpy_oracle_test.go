package dtype

import (
	_ "embed"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

//go:embed testdata/dtypes.py
var dtypesPy string

// A numpyCase is a dtype and what NumPy says of it.
type numpyCase struct {
	Text         string
	Size         uint64
	Fields       map[string][2]uint64 // offset and size
	Kind         string               // whose scalars: shared with ctypes, ours, nobody's
	Overlapping  bool
	Big          bool // a scalar of the other byte order
	Canonical    any
	Format       *string // that NumPy exports, and how it reads it
	FormatSize   uint64
	FormatFields map[string][2]uint64
	Refused      *string // by as_ctypes_type
	Ctypes       *struct {
		Size   uint64
		Union  bool
		Fields map[string]uint64
	}
}

// A ctypesCase is the format of a ctypes struct.
type ctypesCase struct {
	Format string
	Size   uint64
	Fields map[string]uint64
}

// Random dtypes of every construct mean the same here as in NumPy, and where
// ctypes has a type for them, as there: sizes, offsets, unions, refusals. What
// is written as a dtype or buffer format NumPy reads back as the same.
//
// WASMFFI_DTYPES is the number of dtypes (400 if not set), WASMFFI_SEED
// repeats a run.
func TestAgainstNumPy(t *testing.T) {
	abi := hostOf(t)
	count := envNumber(t, "WASMFFI_DTYPES", 400)
	seed := envNumber(t, "WASMFFI_SEED", rand.Uint64()>>32)
	t.Logf("WASMFFI_SEED=%d", seed)
	var cases struct {
		NumPy  []numpyCase
		Ctypes []ctypesCase
	}
	python(t, "numpy", "python3-numpy", dtypesPy, map[string]uint64{"seed": seed, "count": count}, &cases)
	require.Len(t, cases.NumPy, int(count))

	var written [][2]*string
	var expected []numpyCase
	refused, formats := 0, 0
	for _, c := range cases.NumPy {
		typ, err := abi.FromNumPy(c.Text)
		if c.Overlapping || c.Big || c.Kind == "nobody" {
			refused++
			require.ErrorIs(t, err, ErrNotSupported, "%s", c.Text)
			continue
		}
		require.NoError(t, err, "%s", c.Text)
		checkNumPyLayout(t, abi, typ, c)
		if c.Format != nil {
			formats++
			checkBufferFormat(t, abi, c)
		}
		dtype, err := abi.NumPy(typ)
		require.NoError(t, err, "%s", c.Text)
		format, err := abi.BufferFormat(typ)
		if err != nil {
			require.ErrorIs(t, err, ErrNotSupported, "%s", c.Text)
			written = append(written, [2]*string{&dtype, nil})
		} else {
			written = append(written, [2]*string{&dtype, &format})
		}
		expected = append(expected, c)
	}
	var back []struct{ Dtype, Format any }
	python(t, "numpy", "python3-numpy", dtypesPy, map[string]any{"texts": written}, &back)
	require.Len(t, back, len(expected))
	for i, c := range expected {
		if !assert.ObjectsAreEqual(c.Canonical, back[i].Dtype) {
			t.Fatalf("%s\nwritten as %s", c.Text, *written[i][0])
		}
		if written[i][1] != nil && !assert.ObjectsAreEqual(c.Canonical, back[i].Format) {
			t.Fatalf("%s\nwritten as %s", c.Text, *written[i][1])
		}
	}
	for _, c := range cases.Ctypes {
		typ, err := abi.FromBufferFormat(c.Format)
		require.NoError(t, err, "%s", c.Format)
		l, err := abi.Layout(typ)
		require.NoError(t, err)
		assert.Equal(t, c.Size, l.Size, "%s", c.Format)
		for name, offset := range c.Fields {
			at, err := abi.Find(typ, name)
			require.NoError(t, err, "%s", c.Format)
			assert.Equal(t, offset, at.Offset, "%s: %s", c.Format, name)
		}
	}
	t.Logf("%d dtypes, %d refused, %d buffer formats, %d of ctypes", count, refused, formats, len(cases.Ctypes))
}

func checkNumPyLayout(t *testing.T, abi *ABI, typ Type, c numpyCase) {
	t.Helper()
	l, err := abi.Layout(typ)
	require.NoError(t, err)
	require.Equal(t, c.Size, l.Size, "%s", c.Text)
	if c.Kind == "shared" && c.Refused == nil {
		require.Equal(t, c.Ctypes.Size, l.Size, "%s", c.Text)
		require.Equal(t, c.Ctypes.Union, isUnion(typ), "%s", c.Text)
	}
	for name, want := range c.Fields {
		at, err := abi.Member(typ, name)
		require.NoError(t, err, "%s: %s in %s", c.Text, name, Define(typ))
		size, err := abi.Size(at.Type)
		require.NoError(t, err)
		require.Equal(t, want, [2]uint64{at.Offset, size}, "%s: %s", c.Text, name)
		if c.Ctypes != nil {
			require.Equal(t, c.Ctypes.Fields[name], at.Offset, "%s: %s", c.Text, name)
		}
	}
}

// checkBufferFormat reads the format that NumPy exports for a dtype.
func checkBufferFormat(t *testing.T, abi *ABI, c numpyCase) {
	t.Helper()
	typ, err := abi.FromBufferFormat(*c.Format)
	require.NoError(t, err, "%s: %s", c.Text, *c.Format)
	size, err := abi.Size(typ)
	require.NoError(t, err)
	require.Equal(t, c.FormatSize, size, "%s: %s", c.Text, *c.Format)
	for name, want := range c.FormatFields {
		at, err := abi.Member(typ, name)
		if errors.Is(err, ErrNoMember) && want[1] == 0 {
			continue
		}
		require.NoError(t, err, "%s: %s: %s", c.Text, *c.Format, name)
		size, err := abi.Size(at.Type)
		require.NoError(t, err)
		require.Equal(t, want, [2]uint64{at.Offset, size}, "%s: %s: %s", c.Text, *c.Format, name)
	}
}
