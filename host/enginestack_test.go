package host

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// wideFrames is a module whose f calls itself n times, in frames of 160 KiB: a
// branch that is never taken has ten thousand vectors alive across a call.
func wideFrames() []byte {
	const vectors = 10_000
	branch := slices.Concat([]byte{0x20, 0}, // the address of the store
		slices.Repeat([]byte{0x20, 0, 0xfd, 0, 0, 0}, vectors),                  // local.get 0; v128.load
		[]byte{0x20, 0, 0x10, 0},                                                // local.get 0; call 0
		slices.Repeat([]byte{0xfd, 0xce, 1}, vectors-1), []byte{0xfd, 11, 0, 0}) // i64x2.add; v128.store
	body := slices.Concat([]byte{0},
		[]byte{0x20, 0, 0x45, 0x04, 0x40, 0x0f, 0x0b},                    // if n == 0 { return }
		[]byte{0x20, 0, 0x41, 0, 0x48, 0x04, 0x40}, branch, []byte{0x0b}, // if n < 0 { branch }
		[]byte{0x20, 0, 0x41, 1, 0x6b, 0x10, 0, 0x0b}) // f(n-1)
	return wasmOf(
		sectionOf(1, []byte{1, 0x60, 1, 0x7f, 0}),
		sectionOf(3, []byte{1, 0}),
		sectionOf(5, []byte{1, 0, 1}),
		sectionOf(7, vectorOf(1, 1, 'f', 0, 0)),
		sectionOf(10, []byte{1}, uleb(uint64(len(body))), body))
}

// No function keeps a large stack of the engine's, however little C has done to
// make it grow, and where it does not tick at all.
func TestStacksLetGo(t *testing.T) {
	for _, tt := range []struct {
		name string
		wasm []byte
		opts Options
		sig  *dtype.Func
		deep uint64
	}{
		{"f", wideFrames(), Options{}, proto(dtype.CVoid, dtype.CInt), 30},
		{"descend", fixture(t, "bombs.wasm"), Options{Uninstrumented: true}, proto(dtype.CVoid, dtype.CInt, dtype.CInt), 100_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lib, err := OpenBytes(background, tt.name, tt.wasm, tt.opts)
			require.NoError(t, err)
			defer lib.Close()
			f := prepare(t, lib, tt.name, tt.sig).(*fewCallable)
			for range 100 { // the last ones with a tenure
				_, err := f.CallFew(1, 0, 0, 0)
				require.NoError(t, err)
			}
			_, err = f.CallFew(tt.deep, 0, 0, 0)
			require.NoError(t, err)
			require.LessOrEqual(t, len(*f.first.runs), keptStack, "by registers")
			require.NoError(t, f.CallWords(nil, []uint64{tt.deep, 0}[:len(f.masks)]))
			require.LessOrEqual(t, len(*f.first.runs), keptStack, "by words")
		})
	}
}
