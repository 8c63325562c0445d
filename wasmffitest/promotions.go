package wasmffitest

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// variadicPromotions passes every Go type that C's default promotions know.
func variadicPromotions(t *testing.T, b Backend) {
	lib := b.open(t)
	addUp := bind[func(kinds string, args ...any) (float64, error)](t, lib, "add_up")
	type enum int16
	x := int32(5)
	for _, c := range []struct {
		kinds string
		args  []any
		want  float64
	}{
		{"iiiii", []any{-1, int8(-2), int16(-3), int32(-4), enum(-5)}, -15},
		{"iiiu", []any{uint8(255), uint16(65535), true, uint32(1 << 31)}, 255 + 65535 + 1 + 1<<31},
		{"u", []any{uint(7)}, 7},
		{"i", []any{'x'}, 'x'},
		{"i", []any{dtype.Char('c')}, 'c'},
		{"l", []any{dtype.Long(-1 << 31)}, -1 << 31},
		{"l", []any{dtype.ULong(9)}, 9},
		{"qq", []any{int64(-1) << 40, uint64(1) << 41}, 1 << 40},
		{"qi", []any{1 << 40, 1}, 1<<40 + 1},
		{"zz", []any{dtype.Size(3), dtype.SSize(4)}, 7},
		{"dd", []any{1.5, float32(2.25)}, 3.75},
		{"L", []any{dtype.LongDouble(1.25)}, 1.25},
		{"iLi", []any{1, dtype.LongDouble(-2), 3}, 2},
		{"sss", []any{"abc", []byte("de\x00"), ""}, 5},
		{"ppp", []any{nil, &x, dtype.Addr(1)}, 2},
		{"P", []any{point{3, 4}}, 12},
		{"itPod", []any{1, tiny{-20}, point{2, 5}, odd{C: 3, I: 100}, 0.5}, 1 - 20 + 10 + 300 + 0.5},
		{"rir", []any{rect{1, 2, 3, 4}, 100, rect{5, 6, 7, 8}}, 136},
		{"f", []any{func(x int32) int32 { return x + 1 }}, 21},
		{"dddddddddddd", []any{1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0}, 78},
		{"iiiiiiiiiiii", []any{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 78},
		{"PPPPPt", []any{point{1, 1}, point{1, 2}, point{1, 3}, point{1, 4}, point{1, 5}, tiny{6}}, 21},
		{"", nil, 0},
	} {
		got, err := addUp(c.kinds, c.args...)
		require.NoError(t, err, "%s", c.kinds)
		require.Equal(t, c.want, got, "%s %v", c.kinds, c.args)
		dyn := bindFuncOf(t, lib, "add_up", variadicOf(t, dtype.CDouble, text))
		r, err := dyn.Call(nil, append([]any{c.kinds}, c.args...)...)
		require.NoError(t, err)
		require.Equal(t, c.want, r)
	}
	t.Run("snprintf", func(t *testing.T) {
		format := bind[func([]byte, dtype.Size, string, ...any) int32](t, lib, "format")
		buf := make([]byte, 128)
		for _, c := range []struct {
			want, format string
			args         []any
		}{
			{"Hello, World!\n", "Hello, %s\n", []any{"World!"}},
			{"42 bottles of beer\n", "%d bottles of beer\n", []any{42}},
			{"42.500000 bottles of beer\n", "%f bottles of beer\n", []any{42.5}},
			{"An int 1234, a double 3.140000\n", "An int %d, a double %f\n", []any{1234, 3.14}},
			{"String 'Hi', Int 10, Double 2.200000\n", "String '%s', Int %d, Double %f\n", []any{"Hi", 10, 2.2}},
			{"ff 4294967295 -1 x 1e+10", "%x %u %hhd %c %g", []any{255, ^uint32(0), int8(-1), 'x', 1e10}},
			{"7 9223372036854775807 18446744073709551615", "%ld %lld %llu", []any{dtype.Long(7), int64(1<<63 - 1), ^uint64(0)}},
			{"0005 +5 5   | ab", "%04d %+d %-4d| %.2s", []any{5, 5, 5, "abc"}},
		} {
			n := format(buf, 128, c.format, c.args...)
			require.Equal(t, c.want, string(buf[:n]))
		}
	})
	t.Run("sscanf", func(t *testing.T) {
		scan := bind[func(s, format string, args ...any) int32](t, lib, "scan")
		var i int32
		var l dtype.Long
		var q int64
		var h int16
		var f float32
		var d float64
		word := make([]byte, 16)
		require.EqualValues(t, 7, scan("1 -2 3 4 5.5 6.25 seven", "%d %ld %lld %hd %f %lf %s", &i, &l, &q, &h, &f, &d, word))
		require.Equal(t, []any{int32(1), dtype.Long(-2), int64(3), int16(4), float32(5.5), 6.25, "seven"}, []any{i, l, q, h, f, d, string(word[:5])})
	})
	t.Run("random sequences", func(t *testing.T) {
		n, seed := 200, uint64(time.Now().UnixNano())
		if s := os.Getenv("WASMFFI_VARIADICS"); s != "" {
			var err error
			n, err = strconv.Atoi(s)
			require.NoError(t, err)
		}
		t.Logf("seed %d, %d calls", seed, n)
		rnd := rand.New(rand.NewPCG(seed, 0))
		for range n {
			kinds, want := "", 0.0
			var args []any
			for range rnd.IntN(14) {
				kind, arg, value := randomVariadic(rnd)
				kinds, args, want = kinds+kind, append(args, arg), want+value
			}
			got, err := addUp(kinds, args...)
			require.NoError(t, err, "seed %d: %s %v", seed, kinds, args)
			require.Equal(t, want, got, "seed %d: %s %v", seed, kinds, args)
		}
	})
	t.Run("what has no C type names its position", func(t *testing.T) {
		_, err := addUp("i", make(chan int))
		require.ErrorIs(t, err, wasmffi.ErrNotSupported)
		require.ErrorContains(t, err, "arg 2: ")
		_, err = addUp("ii", 1, map[string]int{})
		require.ErrorContains(t, err, "arg 3: ")
		dyn := bindFuncOf(t, lib, "add_up", variadicOf(t, dtype.CDouble, text))
		_, err = dyn.Call(nil)
		require.ErrorIs(t, err, wasmffi.ErrArgCount)
	})
}

// randomVariadic is an argument of a random type: the letter that add_up knows
// it by, and what it adds.
func randomVariadic(rnd *rand.Rand) (kind string, arg any, value float64) {
	n := rnd.IntN(2001) - 1000
	x := float64(n)
	switch rnd.IntN(16) {
	case 0:
		return "i", n, x
	case 1:
		return "i", int8(n % 100), float64(n % 100)
	case 2:
		return "i", uint16(n + 1000), x + 1000
	case 3:
		return "u", uint32(n + 1000), x + 1000
	case 4:
		return "l", dtype.Long(n), x
	case 5:
		return "q", int64(n) << 40, x * (1 << 40)
	case 6:
		return "z", dtype.Size(n + 1000), x + 1000
	case 7:
		return "d", x / 4, x / 4
	case 8:
		return "d", float32(x / 4), x / 4
	case 9:
		return "L", dtype.LongDouble(x / 4), x / 4
	case 10:
		s := strings.Repeat("x", (n+1000)%50)
		return "s", s, float64(len(s))
	case 11:
		return "p", []any{nil, &n32, dtype.Addr(1)}[(n+1000)%3], float64(min((n+1000)%3, 1))
	case 12:
		return "P", point{x, 3}, 3 * x
	case 13:
		return "t", tiny{int16(n)}, x
	case 14:
		return "o", odd{C: 5, I: int32(n)}, 5 * x
	default:
		return "r", rect{int32(n), 1, 2, 3}, x + 6
	}
}

var n32 int32

func variadicOf(t testing.TB, result dtype.Type, params ...dtype.Type) *dtype.Func {
	t.Helper()
	var ps []dtype.Param
	for _, p := range params {
		ps = append(ps, dtype.Param{Type: p})
	}
	f, err := dtype.NewFunc(result, ps, true)
	require.NoError(t, err)
	return f
}
