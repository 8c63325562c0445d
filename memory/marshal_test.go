package memory

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

func TestMarshalJSON(t *testing.T) {
	arena := arenaOn(t, dtype.LinuxAMD64)
	pt := structOf(t, "point", f("x", dtype.CInt), f("y", dtype.CDouble))
	in := unionOf(t, "", f("i", dtype.CInt), f("f", dtype.CFloat))
	color, err := dtype.NewEnum("color", dtype.EnumConst{Name: "RED", Value: 1})
	require.NoError(t, err)
	for _, tt := range []struct {
		typ   dtype.Type
		value any
		want  string
	}{
		{dtype.CInt, -5, `-5`},
		{dtype.CULongLong, uint64(math.MaxUint64), `18446744073709551615`},
		{dtype.CBool, true, `true`},
		{dtype.CChar, 'x', `120`},
		{color, 1, `1`},
		{dtype.CFloat, 0.1, `0.1`},
		{dtype.CDouble, math.NaN(), `"nan"`},
		{dtype.CDouble, math.Inf(-1), `"-inf"`},
		{dtype.CFloat, math.Inf(1), `"inf"`},
		{dtype.CDouble, math.Copysign(0, -1), `-0.0`},
		{dtype.CDouble, 1e300, `1e+300`},
		{dtype.CLongDouble, 0.5, `0.5`},
		{dtype.CLongDouble, math.Inf(1), `"inf"`},
		{dtype.CInt128, math.MinInt64, `"-9223372036854775808"`},
		{dtype.ComplexOf(dtype.CDouble), complex(1, -2.5), `[1,-2.5]`},
		{pt, []any{1, 2.5}, `{"x":1,"y":2.5}`},
		{arrayOf(t, pt, 2), [][]any{{1, 2}, {3}}, `[{"x":1,"y":2},{"x":3,"y":0}]`},
		{arrayOf(t, dtype.CChar, 6), "a\"é", `"a\"é"`},
		{arrayOf(t, dtype.CChar, 4), "a\x00b", `"a\u0000b"`},
		{arrayOf(t, dtype.CChar, 2), "\xff\x01", `[-1,1]`},
		{arrayOf(t, dtype.CUChar, 2), "ab", `[97,98]`},
		{structOf(t, "anon", f("", in), bitField("b", dtype.CUInt, 3)), Record{{"i", 1}, {"b", 5}}, `{"i":1,"f":1e-45,"b":5}`},
	} {
		v := must(arena.NewValue(tt.typ, tt.value))(t)
		text, err := json.Marshal(v)
		require.NoError(t, err, "%v", tt.typ)
		assert.Equal(t, tt.want, string(text), "%v", tt.typ)
		for _, abi := range dtype.ABIs() { // a value for every ABI
			if tt.typ == dtype.Type(dtype.CInt128) && abi != dtype.LinuxAMD64 {
				continue
			}
			w := must(arenaOn(t, abi).New(tt.typ))(t)
			require.NoError(t, json.Unmarshal(text, &w), "%v on %v", tt.typ, abi)
			again, err := json.Marshal(w)
			require.NoError(t, err)
			want := tt.want
			if !abi.Signed(dtype.CChar) {
				want = strings.ReplaceAll(want, "[-1,1]", "[255,1]")
			}
			assert.Equal(t, want, string(again), "%v on %v", tt.typ, abi)
		}
	}
	field := must(must(arena.NewValue(structOf(t, "bits", bitField("b", dtype.CInt, 3)), []int{-2}))(t).Field("b"))(t)
	assert.Equal(t, "-2", string(must(field.MarshalJSON())(t)))
	require.NoError(t, field.UnmarshalJSON([]byte("3")))
	assert.Equal(t, int32(3), loadAny(t, field))
}

func TestUnmarshalJSONErrors(t *testing.T) {
	arena := arenaOn(t, dtype.WASM32)
	pt := structOf(t, "point", f("x", dtype.CInt), f("l", dtype.CLong), f("a", arrayOf(t, dtype.CChar, 2)))
	v := must(arena.NewValue(pt, []any{1, 2, "ab"}))(t)
	for text, want := range map[string]string{
		`{"x":1,"z":2}`:             "memory: unmarshal struct point: no such member: no member \"z\" in struct point",
		`{"x":2147483648}`:          "memory: store struct point.x: value out of range: 2147483648 does not fit int (-2147483648…2147483647)",
		`{"l":9223372036854775807}`: "memory: store struct point.l: value out of range: 9223372036854775807 does not fit long (-2147483648…2147483647)",
		`{"x":1.5}`:                 "memory: unmarshal struct point.x: wrong type: \"1.5\" for C int",
		`{"x":null}`:                "memory: unmarshal struct point.x: wrong type: JSON null for C int",
		`{"x":[1]}`:                 "memory: unmarshal struct point.x: wrong type: a JSON array for C int",
		`{"x":{}}`:                  "memory: unmarshal struct point.x: wrong type: a JSON object for C int",
		`{"x":"one"}`:               "memory: unmarshal struct point.x: wrong type: \"one\" for C int",
		`{"a":"abc"}`:               "memory: store struct point.a: value out of range: too many initialisers: 3 for 2",
		`{"a":[1,2,3]}`:             "memory: store struct point.a: value out of range: too many initialisers: 3 for 2",
		`[1]`:                       "memory: unmarshal struct point: wrong type: a JSON array for C struct point",
		`{`:                         "memory: unmarshal struct point: wrong type: unexpected EOF",
	} {
		assert.EqualError(t, v.UnmarshalJSON([]byte(text)), want, text)
	}
	assert.Equal(t, `{"x":1,"l":2,"a":"ab"}`, string(must(v.MarshalJSON())(t)), "nothing was stored")
	require.NoError(t, v.UnmarshalJSON([]byte(`{"l":7}`)))
	assert.Equal(t, `{"x":0,"l":7,"a":""}`, string(must(v.MarshalJSON())(t)), "what is not given is zero")
}

// What has pointers is not for elsewhere: ctypes objects containing pointers
// cannot be pickled.
func TestMarshalRefusesPointers(t *testing.T) {
	arena := arenaOn(t, dtype.LinuxAMD64)
	p := dtype.PointerTo(dtype.CInt)
	for _, typ := range []dtype.Type{p, arrayOf(t, p, 2), structOf(t, "s", f("i", dtype.CInt), f("p", p)), unionOf(t, "u", f("i", dtype.CInt), f("a", arrayOf(t, p, 1)))} {
		v := must(arena.New(typ))(t)
		want := fmt.Sprintf("memory: marshal %v: wrong type: %v has pointers", typ, typ)
		_, err := v.MarshalJSON()
		assert.EqualError(t, err, want)
		_, err = v.MarshalBinary()
		assert.EqualError(t, err, want)
		assert.ErrorIs(t, v.UnmarshalJSON([]byte("{}")), ErrType)
		assert.ErrorIs(t, v.UnmarshalBinary(nil), ErrType)
	}
	assert.ErrorIs(t, View{}.UnmarshalJSON([]byte("1")), ErrNull)
	assert.ErrorIs(t, View{}.UnmarshalBinary([]byte("1")), ErrNull)
}

func TestGob(t *testing.T) {
	pt := structOf(t, "point", f("x", dtype.CInt), f("l", dtype.CLong), f("d", dtype.CLongDouble), f("s", arrayOf(t, dtype.CChar, 3)), bitField("b", dtype.CUInt, 3))
	type message struct {
		Name string
		At   View
	}
	value := Record{{"x", int32(-1)}, {"l", 7}, {"d", 0.1}, {"s", "ab"}, {"b", 5}}
	for _, from := range dtype.ABIs() {
		v := must(arenaOn(t, from).NewValue(pt, value))(t)
		var buf bytes.Buffer
		require.NoError(t, gob.NewEncoder(&buf).Encode(message{"m", v}))
		for _, to := range dtype.ABIs() {
			got := message{At: must(arenaOn(t, to).New(pt))(t)}
			addr := got.At.Addr()
			require.NoError(t, gob.NewDecoder(bytes.NewReader(buf.Bytes())).Decode(&got), "%v to %v", from, to)
			assert.Equal(t, addr, got.At.Addr(), "into the same object")
			r := loadAny(t, got.At).(Record)
			l, _ := r.Get("l")
			assert.EqualValues(t, 7, l)
			assert.Equal(t, "ab", must(Load[string](field(t, got.At, "s")))(t))
			assert.InDelta(t, 0.1, must(Load[float64](field(t, got.At, "d")))(t), 1e-17)
			assert.Equal(t, uint32(5), loadAny(t, field(t, got.At, "b")))
		}
	}
	// Numbers that the other ABI's long cannot hold.
	v := must(arenaOn(t, dtype.LinuxAMD64).NewValue(dtype.CLong, int64(1)<<40))(t)
	b := must(v.MarshalBinary())(t)
	w := must(arenaOn(t, dtype.WASM32).New(dtype.CLong))(t)
	assert.ErrorIs(t, w.UnmarshalBinary(b), ErrRange)
	assert.ErrorIs(t, must(arenaOn(t, dtype.WASM32).New(dtype.CInt))(t).UnmarshalBinary(b), ErrType)
	for n := range b { // cut short
		assert.Error(t, v.UnmarshalBinary(b[:n]))
	}
	assert.ErrorIs(t, v.UnmarshalBinary(append(b, 0)), ErrType)
}

// Random types of random values: out and in again is the same, on the same ABI
// to the bit, and JSON of it is the same JSON.
func TestMarshalRoundTrip(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %#x", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	tried := 0
	for tried < 300 {
		raw := make([]byte, 60)
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		m := typeMaker{data: raw, exact: true}
		typ := m.make(3, false)
		arena := arenaOn(t, dtype.LinuxAMD64)
		v, err := arena.New(typ)
		if err != nil || hasPointers(typ) {
			continue
		}
		tried++
		data := make([]byte, v.Size())
		for i := range data {
			data[i] = byte(r.Uint32()) & 0x3f // few NaNs
		}
		require.NoError(t, v.SetBytes(data))
		b := must(v.MarshalBinary())(t)
		w := must(arena.New(typ))(t)
		require.NoError(t, w.UnmarshalBinary(b))
		require.Equal(t, data, must(w.Bytes())(t), "%+v", typ)
		text, err := v.MarshalJSON()
		if errors.Is(err, ErrNotSupported) {
			continue // a big-endian long double
		}
		require.NoError(t, err)
		require.True(t, json.Valid(text), "%s", text)
		w = must(arena.New(typ))(t)
		require.NoError(t, w.UnmarshalJSON(text), "%+v: %s", typ, text)
		if m.exact {
			require.Equal(t, string(text), string(must(w.MarshalJSON())(t)), "%+v", typ)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	pt, err := dtype.NewStruct("p", dtype.Field{Name: "x", Type: dtype.CInt}, dtype.Field{Name: "d", Type: dtype.CLongDouble}, dtype.Field{Name: "c", Type: dtype.ComplexOf(dtype.CFloat)})
	require.NoError(f, err)
	v := must(arenaOn(f, dtype.WASM32).New(pt))(f)
	f.Add([]byte(`{"x":1,"d":1e4000,"c":[1,"nan"]}`))
	f.Add(must(v.MarshalBinary())(f))
	f.Add(must(must(arenaOn(f, dtype.WindowsAMD64).New(pt))(f).MarshalBinary())(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		if v.UnmarshalJSON(data) == nil {
			text := must(v.MarshalJSON())(t)
			require.True(t, json.Valid(text), "%s", text)
			require.NoError(t, v.UnmarshalJSON(text), "%s", text)
		}
		_ = v.UnmarshalBinary(data)
	})
}
