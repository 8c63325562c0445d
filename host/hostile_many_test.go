package host

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

// manyOf is a section of n items, which a function makes.
func manyOf(id byte, n int, item func(i int) []byte) []byte {
	b := uleb(uint64(n))
	for i := range n {
		b = append(b, item(i)...)
	}
	return sectionOf(id, b)
}

func nameOf(s string) []byte { return append(uleb(uint64(len(s))), s...) }

// What opening does for each import or export does not grow with their number.
func TestManyImportsAndExports(t *testing.T) {
	const n = 60_000
	void := sectionOf(1, []byte{1, 0x60, 0, 0})
	got := func(from string, typ ...byte) func(int) []byte {
		return func(i int) []byte { return slices.Concat(nameOf(from), nameOf(fmt.Sprint("g", i)), typ) }
	}
	dylink := customOf("dylink.0", 1, 4, 100, 3, 10, 3)
	tests := []struct {
		name string
		wasm []byte
		want error
	}{
		{"constants", wasmOf(
			sectionOf(6, vectorOf(1, 0x7f, 0, 0x41, 8, 0x0b)),
			manyOf(7, n, func(i int) []byte { return append(nameOf(fmt.Sprint("g", i)), 3, 0) })), nil},
		{"addresses of functions", wasmOf(dylink, void,
			manyOf(2, 2*n+1, func(i int) []byte {
				switch {
				case i == 0:
					return append(append(nameOf("env"), nameOf("t")...), 1, 0x70, 0, 0)
				case i <= n:
					return got("GOT.func", 3, 0x7f, 1)(i)
				}
				return got("env", 0, 0)(i - n)
			})), wasmffi.ErrNotFound},
		{"addresses of variables", wasmOf(dylink,
			manyOf(2, n, got("GOT.mem", 3, 0x7f, 1)),
			sectionOf(6, vectorOf(1, 0x7f, 0, 0x41, 8, 0x0b)),
			manyOf(7, n, func(i int) []byte { return append(nameOf(fmt.Sprint("g", i)), 3, 0xe0, 0xd4, 3) })), nil},
		{"missing functions of a thousand parameters", wasmOf(
			sectionOf(1, []byte{1, 0x60}, vectorOf(1000, 0x7f), []byte{0}),
			manyOf(2, n, got("env", 0, 0))), wasmffi.ErrNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			lib, err := OpenBytes(background, "many", tt.wasm, Options{Timeout: opensFor})
			assert.Less(t, time.Since(start), opensFor)
			if tt.want != nil {
				var missing *MissingImportsError
				require.ErrorIs(t, err, tt.want)
				require.ErrorAs(t, err, &missing)
				assert.Len(t, missing.Imports, mostMissing)
				assert.Equal(t, n-mostMissing, missing.More)
				assert.ErrorContains(t, err, fmt.Sprintf("; and %d more", n-mostPrinted))
				assert.Less(t, len(err.Error()), 2*mostPrinted*mostText)
				return
			}
			require.NoError(t, err)
			require.NoError(t, lib.Close())
		})
	}
	forgetModules()

	wrong := wasmOf(sectionOf(1, []byte{1, 0x60}, vectorOf(1000, 0x7f), []byte{0}),
		manyOf(2, n, func(int) []byte { return slices.Concat(nameOf("env"), nameOf("f"), []byte{0, 0}) }))
	start := time.Now()
	_, err := OpenBytes(background, "wrong", wrong, Options{Timeout: opensFor, Imports: wasmffi.Imports{{Name: "f", Func: func() {}}}})
	assert.Less(t, time.Since(start), opensFor)
	require.ErrorIs(t, err, wasmffi.ErrSignature)
	assert.ErrorContains(t, err, fmt.Sprintf("%d more imports, which were not looked at", n-mostPrinted))
	assert.Less(t, len(err.Error()), 1<<20)
}
