package dtype

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func contractFunc(t *testing.T) *Func {
	f, err := NewFunc(PointerTo(CDouble), []Param{
		{Name: "x", Type: PointerTo(CDouble)}, {Name: "out", Type: PointerTo(CDouble)},
		{Name: "s", Type: PointerTo(CChar)}, {Name: "n", Type: CInt}, {Name: "f", Type: CFloat},
	}, false)
	require.NoError(t, err)
	return f
}

func TestContractRules(t *testing.T) {
	for _, tt := range []struct{ rules, want string }{
		{"", ""},
		{"x[n]", "x[n]"},
		{" x [ 2 * (n + 1) ] ; x!=NULL;", "x[2*(n+1)]; x != NULL"},
		{"string(s)", "string(s)"},
		{"bytes(x, 2*n); bytes(result, n)", "bytes(x, 2*n); bytes(result, n)"},
		{"bytes(s, n); string(s)", "string(s); bytes(s, n)"},
		{"bytes(x, n); x[n]", "x[n]"},
		{"$1[$4]; disjoint($2, x)", "x[n]; disjoint(out, x)"},
		{"string( s , n ); s != NULL", "string(s, n); s != NULL"},
		{"disjoint(x, out, s)", "disjoint(x, out); disjoint(x, s); disjoint(out, s)"},
		{"result[n]; result in x; result != NULL", "result[n]; result != NULL; result in x"},
	} {
		f, err := contractFunc(t).WithContract(tt.rules)
		require.NoError(t, err, tt.rules)
		assert.Equal(t, tt.want, f.Rules())
		assert.Equal(t, tt.want != "", f.HasContract())
		again, err := contractFunc(t).WithContract(f.Rules())
		require.NoError(t, err, tt.rules)
		assert.Equal(t, f.Rules(), again.Rules())
	}
}

func TestContractLeavesTheTypeAlone(t *testing.T) {
	f := contractFunc(t)
	one, err := f.WithContract("x[n]")
	require.NoError(t, err)
	two, err := one.WithContract("x != NULL; result in x")
	require.NoError(t, err)
	assert.Equal(t, "", f.Rules())
	assert.Equal(t, "x[n]", one.Rules())
	assert.Equal(t, "x[n]; x != NULL; result in x", two.Rules())
	assert.True(t, Identical(f, two))
}

func TestContractErrors(t *testing.T) {
	for rules, want := range map[string]string{
		"y[n]":                                  `no parameter "y"`,
		"n[3]":                                  "n is no pointer",
		"x[f]":                                  "f is a float, no integer",
		"x[m]":                                  "no parameter m",
		"x[n":                                   "no such rule",
		"x[]":                                   "an operand is missing",
		"x[n+]":                                 "an operand is missing",
		"x[(n]":                                 "no )",
		"x[n n]":                                `unexpected "n"`,
		"x[0x]":                                 "is no number",
		"x[-1]":                                 "an operand is missing",
		"disjoint(x)":                           "disjoint from what",
		"disjoint(x, x)":                        "x twice",
		"result in n":                           "n is no pointer",
		"hello":                                 "no such rule",
		"bytes(x)":                              "an operand is missing",
		"$6[n]":                                 `no parameter "$6"`,
		"$0[n]":                                 `no parameter "$0"`,
		"x[$9]":                                 "no parameter $9",
		"x[" + strings.Repeat("(", 1000) + "n]": "nested deeper",
	} {
		_, err := contractFunc(t).WithContract(rules)
		require.ErrorIs(t, err, ErrInvalid, rules)
		assert.ErrorContains(t, err, want)
	}
	void, err := NewFunc(nil, nil, false)
	require.NoError(t, err)
	_, err = void.WithContract("result != NULL")
	assert.ErrorContains(t, err, "the result is no pointer")
}

// TestCountEval compares random expressions with arithmetic on big integers.
func TestCountEval(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	params := []Param{{Name: "n", Type: CInt}, {Name: "m", Type: CLongLong}}
	values := []int64{0, 0}
	var random func(depth int) (string, *big.Int) // nil: an error
	random = func(depth int) (string, *big.Int) {
		if depth == 0 || rnd.IntN(4) == 0 {
			switch rnd.IntN(3) {
			case 0:
				v := rnd.Uint64() >> rnd.IntN(64)
				return fmt.Sprint(v), new(big.Int).SetUint64(v)
			default:
				i := rnd.IntN(2)
				if values[i] < 0 {
					return params[i].Name, nil
				}
				return params[i].Name, big.NewInt(values[i])
			}
		}
		xt, x := random(depth - 1)
		yt, y := random(depth - 1)
		op := "+-*/"[rnd.IntN(4)]
		text := fmt.Sprintf("(%s)%c(%s)", xt, op, yt)
		if x == nil || y == nil || op == '/' && y.Sign() == 0 {
			return text, nil
		}
		v := new(big.Int)
		switch op {
		case '+':
			v.Add(x, y)
		case '-':
			v.Sub(x, y)
		case '*':
			v.Mul(x, y)
		case '/':
			v.Quo(x, y)
		}
		if v.Sign() < 0 || !v.IsUint64() {
			return text, nil
		}
		return text, v
	}
	errors, right := 0, 0
	for range 5000 {
		values[0], values[1] = rnd.Int64N(100)-5, rnd.Int64()>>rnd.IntN(64)-3
		text, want := random(rnd.IntN(5))
		for range 2 { // as written, and as printed
			c, err := ParseCount(text, params)
			require.NoError(t, err, text)
			got, err := c.Eval(func(o Operand) (int64, error) { return values[o.Param], nil })
			if want == nil {
				require.Error(t, err, text)
				errors++
			} else {
				require.NoError(t, err, text)
				require.Equal(t, want.Uint64(), got, text)
				right++
			}
			text = c.String()
		}
	}
	require.Greater(t, errors, 500)
	require.Greater(t, right, 500)
	_, err := Count{}.Eval(nil)
	require.Error(t, err)
	c, err := ParseCount("n*9223372036854775807+1", params)
	require.NoError(t, err)
	_, err = c.Eval(func(Operand) (int64, error) { return math.MaxInt32, nil })
	require.ErrorIs(t, err, ErrOverflow)
}

func FuzzCount(f *testing.F) {
	f.Add("n*2+(1/m)")
	f.Add("2**p/ *p")
	params := []Param{{Name: "n", Type: CInt}, {Name: "m", Type: CULong}, {Name: "p", Type: PointerTo(CInt)}}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCount(text, params)
		if err != nil {
			return
		}
		again, err := ParseCount(c.String(), params)
		require.NoError(t, err)
		require.Equal(t, c.String(), again.String())
	})
}

// What C text implies gives way to what is stated, on the same parameter.
func TestContractImplied(t *testing.T) {
	f, err := contractFunc(t).WithImplied("x[n]; out != NULL; result != NULL")
	require.NoError(t, err)
	assert.True(t, f.Params()[0].Contract.Implied)
	assert.True(t, f.ResultContract().Implied)
	f, err = f.WithContract("x != NULL")
	require.NoError(t, err)
	assert.False(t, f.Params()[0].Contract.Implied)
	assert.True(t, f.Params()[1].Contract.Implied)
	f, err = f.WithImplied("x[2*n]")
	require.NoError(t, err)
	assert.False(t, f.Params()[0].Contract.Implied)
	assert.Equal(t, "x[2*n]; x != NULL; out != NULL; result != NULL", f.Rules())

	nameless, err := NewFunc(nil, []Param{{Type: PointerTo(CDouble)}, {Type: CInt}}, false)
	require.NoError(t, err)
	nameless, err = nameless.WithImplied("$1[2*$2]")
	require.NoError(t, err)
	assert.Equal(t, "$1[2*$2]", nameless.Rules())
}
