package native

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// TestVaNext compares, on every convention, where va_arg looks for arguments,
// behind what is declared, with where the call has put them.
func TestVaNext(t *testing.T) {
	pair, err := dtype.NewStruct("pair", dtype.Field{Name: "x", Type: dtype.CDouble}, dtype.Field{Name: "y", Type: dtype.CDouble})
	require.NoError(t, err)
	mixed, err := dtype.NewStruct("mixed", dtype.Field{Name: "i", Type: dtype.CLong}, dtype.Field{Name: "d", Type: dtype.CDouble})
	require.NoError(t, err)
	three, err := dtype.ArrayOf(dtype.CLong, 3)
	require.NoError(t, err)
	large, err := dtype.NewStruct("large", dtype.Field{Name: "v", Type: three})
	require.NoError(t, err)
	types := []dtype.Type{dtype.CInt, dtype.CLong, dtype.CDouble, dtype.PointerTo(dtype.CVoid), dtype.CLongDouble,
		dtype.CInt128, dtype.ComplexOf(dtype.CDouble), dtype.ComplexOf(dtype.CFloat), pair, mixed, large}

	const ints, stack = 0x1000, 0x10000
	for _, conv := range []*convention{sysV, aapcs64, appleARM64, win64} {
		rule, ok := vaRules[conv.name]
		require.True(t, ok, conv.name)
		floats := uint64(0x2000)
		if conv == sysV {
			floats = ints + 6*8 // right behind
		}
		seed := rand.Uint64()
		rnd := rand.New(rand.NewPCG(seed, 3))
		for range 500 {
			fixed := 1 + rnd.IntN(3)
			var params []dtype.Param
			for range fixed + rnd.IntN(16) {
				params = append(params, dtype.Param{Type: types[rnd.IntN(len(types))]})
			}
			f, err := dtype.NewFunc(nil, params[:fixed], true)
			require.NoError(t, err)
			sig, err := signatureOf(conv.abi, f)
			require.NoError(t, err)
			declared, err := conv.lower(sig)
			require.NoError(t, err)
			var rest []dtype.Type
			for _, p := range params[fixed:] {
				rest = append(rest, p.Type)
			}
			f, err = f.WithArgs(rest...)
			require.NoError(t, err)
			sig, err = signatureOf(conv.abi, f)
			require.NoError(t, err)
			low, err := conv.lower(sig)
			require.NoError(t, err)

			st := declared.rest
			st.stack += stack
			if rule.size > 0 {
				st.intArea, st.floatArea = ints, floats
			}
			for i := fixed; i < len(params); i++ {
				if rule.size > 0 { // through C's struct and back
					b := make([]byte, rule.size)
					st.pack(b)
					var again vaState
					again.unpack(b)
					require.Equal(t, st, again)
				}
				pieces, indirect := rule.next(&st, &sig.params[i])
				require.Equal(t, low.params[i].indirect, indirect, "%s %v, seed %d", conv.name, f, seed)
				placed := low.params[i].pieces
				if conv == win64 { // floats are in both files, and the integer registers' room is on the stack
					placed = placed[len(placed)-1:]
					if placed[0].file == intFile {
						placed[0].file, placed[0].at = stackFile, placed[0].at*8
					}
				}
				require.Len(t, pieces, len(placed))
				for j, q := range placed {
					want := vaPiece{stack + q.at, q.off, q.size}
					switch q.file {
					case intFile:
						want.addr = ints + 8*q.at
					case floatFile:
						want.addr = floats + 16*q.at
					}
					require.Equal(t, want, pieces[j], "%s: argument %d of %v, seed %d", conv.name, i+1, f, seed)
				}
			}
		}
	}
}
