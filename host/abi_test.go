package host

import (
	"bytes"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// abiShapes are the types of testdata/abi.c by their names there.
func abiShapes() map[string]dtype.Type {
	f := func(t dtype.Type) dtype.Field { return dtype.Field{Name: "a", Type: t} }
	named := func(name string, t dtype.Type) dtype.Field { return dtype.Field{Name: name, Type: t} }
	arrayOf := func(t dtype.Type, n uint64) dtype.Type {
		a, err := dtype.ArrayOf(t, n)
		if err != nil {
			panic(err)
		}
		return a
	}
	union := func(fields ...dtype.Field) dtype.Type {
		u, err := dtype.NewUnion("u", fields...)
		if err != nil {
			panic(err)
		}
		return u
	}
	bit := f(dtype.CInt)
	bit.BitField, bit.Bits = true, 5
	sDouble := mustStruct("s_double", f(dtype.CDouble))
	return map[string]dtype.Type{
		"bool": dtype.CBool, "schar": dtype.CSChar, "uchar": dtype.CUChar, "short": dtype.CShort, "ushort": dtype.CUShort,
		"int": dtype.CInt, "uint": dtype.CUInt, "longlong": dtype.CLongLong, "float": dtype.CFloat, "double": dtype.CDouble,
		"longdouble": dtype.CLongDouble, "int128": dtype.CInt128, "pointer": dtype.PointerTo(nil),
		"cfloat": dtype.ComplexOf(dtype.CFloat), "cdouble": dtype.ComplexOf(dtype.CDouble),
		"s_char": mustStruct("s_char", f(dtype.CSChar)), "s_short": mustStruct("s_short", f(dtype.CUShort)),
		"s_int": mustStruct("s_int", f(dtype.CInt)), "s_longlong": mustStruct("s_longlong", f(dtype.CLongLong)),
		"s_float": mustStruct("s_float", f(dtype.CFloat)), "s_double": sDouble,
		"s_quad": mustStruct("s_quad", f(dtype.CLongDouble)),
		"s_two":  mustStruct("s_two", f(dtype.CInt), named("b", dtype.CInt)),
		"s_mixed": mustStruct("s_mixed", f(dtype.CChar), named("b", dtype.CDouble),
			named("c", dtype.CShort)),
		"s_big": mustStruct("s_big", f(arrayOf(dtype.CLongLong, 5))), "s_one": mustStruct("s_one", f(sDouble)),
		"s_array1": mustStruct("s_array1", f(arrayOf(dtype.CFloat, 1))), "s_bit": mustStruct("s_bit", bit),
		"u_one": union(f(dtype.CFloat)), "u_two": union(f(dtype.CFloat), named("b", dtype.CLongLong)),
	}
}

// randomWords are words for a value of type t, and which of their bits count:
// padding may come back changed.
func randomWords(r *rand.Rand, t dtype.Type) (words, counts []uint64) {
	size, err := dtype.WASM32.Size(t)
	if err != nil {
		panic(err)
	}
	bits := make([]byte, size)
	for i := range bits {
		bits[i] = byte(r.Uint32())
	}
	mask := bytes.Repeat([]byte{0xff}, int(size))
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Bool:
		bits[0] &= 1
	case *dtype.Struct:
		l, err := dtype.WASM32.Layout(t)
		if err != nil {
			panic(err)
		}
		clear(mask)
		for _, f := range l.Fields {
			for i := range f.Size {
				mask[f.Offset+i] = 0xff
			}
			if f.BitField {
				clear(mask)
				mask[0] = 1<<f.Bits - 1
			}
		}
	}
	words, counts = make([]uint64, (size+7)/8), make([]uint64, (size+7)/8)
	copy(wordBytes(words), bits)
	copy(wordBytes(counts), mask)
	if p, err := placeOf(t); err == nil && !isRecord(t) && size <= 8 {
		words[0] = p.apply(words[0]) // a canonical word
		counts[0] = math.MaxUint64
	}
	return words, counts
}

// placeOf is how a scalar of type t becomes a canonical word.
func placeOf(t dtype.Type) (wordOp, error) {
	plan, err := planGo(proto(t))
	if err != nil {
		return wordOp{}, err
	}
	if !plan.scalar {
		return wordOp{kind: wordUnsigned}, nil
	}
	return plan.result, nil
}

func masked(words, mask []uint64) []uint64 {
	out := make([]uint64, len(words))
	for i := range words {
		out[i] = words[i] & mask[i]
	}
	return out
}

// TestABI sends values of every shape to C and back, as arguments, results,
// what matches "...", and through callbacks.
func TestABI(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		lib := openTest(t, "abi.wasm", opts)
		r := rand.New(rand.NewPCG(1, 2))
		one, two, half := uint64(1), math.Float64bits(2), math.Float64bits(2.5)
		shapes := abiShapes()
		for _, name := range slices.Sorted(maps.Keys(shapes)) {
			typ := shapes[name]
			t.Run(name, func(t *testing.T) {
				sig := proto(typ, dtype.CInt, typ, dtype.CDouble)
				id := prepare(t, lib, "id_"+name, sig)
				through := prepare(t, lib, "call_"+name, proto(typ, dtype.PointerTo(sig), typ))
				var got []uint64
				cb, err := lib.Callback(wasmffi.CallbackSpec{Sig: sig, Func: func(f *wasmffi.Frame) error {
					n := len(got)
					assert.Equal(t, one, f.Words[0])
					assert.Equal(t, two, f.Words[1+n])
					copy(got, f.Words[1:])
					copy(f.Words[2+n:], f.Words[1:1+n])
					return nil
				}})
				require.NoError(t, err)
				for range 20 {
					words, counts := randomWords(r, typ)
					want := masked(words, counts)
					out, err := callWords(nil, id, append(append([]uint64{one}, words...), two)...)
					require.NoError(t, err)
					require.Equal(t, want, masked(out, counts))

					got = make([]uint64, len(words))
					out, err = callWords(nil, through, append([]uint64{cb.Address()}, words...)...)
					require.NoError(t, err)
					require.Equal(t, want, masked(got, counts), "callback's parameter")
					require.Equal(t, want, masked(out, counts), "callback's result")

					sym, err := lib.Lookup("va_" + name)
					if err != nil {
						continue // narrower than int
					}
					for n := range 3 {
						variadic, err := dtype.NewFunc(typ, []dtype.Param{{Type: dtype.CInt}}, true)
						require.NoError(t, err)
						var types []dtype.Type
						args := []uint64{uint64(n)}
						for i := range n {
							types, args = append(types, dtype.CInt), append(args, uint64(i))
						}
						shape, err := variadic.WithArgs(append(types, typ, dtype.CDouble)...)
						require.NoError(t, err)
						c, err := lib.Prepare(sym, shape)
						require.NoError(t, err)
						out, err = callWords(nil, c, append(append(args, words...), half)...)
						require.NoError(t, err)
						require.Equal(t, want, masked(out, counts), "after %d ints", n)
					}
				}
			})
		}
		requireStackIntact(t, lib)
	})
}
