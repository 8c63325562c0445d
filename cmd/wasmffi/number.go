package main

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// integer reads a JSON value as an integer of any size: a number without
// fraction or exponent, or a string such as "0x1f".
func integer(v value) (*big.Int, error) {
	switch v.kind {
	case numberValue:
		if n, ok := new(big.Int).SetString(v.text, 10); ok {
			return n, nil
		}
		return nil, fmt.Errorf("%w: %s is no integer", memory.ErrType, v)
	case stringValue:
		if n, ok := hexInteger(v.text); ok {
			return n, nil
		}
	}
	return nil, fmt.Errorf("%w: %v for an integer", memory.ErrType, v)
}

// hexInteger reads "0x1f" or "-0x1f".
func hexInteger(s string) (*big.Int, bool) {
	digits, neg := strings.CutPrefix(s, "-")
	digits, ok := strings.CutPrefix(strings.ToLower(digits), "0x")
	if !ok || digits == "" || strings.Trim(digits, "0123456789abcdef") != "" {
		return nil, false
	}
	n, ok := new(big.Int).SetString(digits, 16)
	if ok && neg {
		n.Neg(n)
	}
	return n, ok
}

// intBounds are the least and the greatest value of an integer of so many bits.
func intBounds(bits uint, signed bool) (lo, hi *big.Int) {
	one := big.NewInt(1)
	if !signed {
		return new(big.Int), new(big.Int).Sub(new(big.Int).Lsh(one, bits), one)
	}
	half := new(big.Int).Lsh(one, bits-1)
	return new(big.Int).Neg(half), new(big.Int).Sub(half, one)
}

// checkRange reports whether n fits an integer of so many bits; t is for the
// message.
func checkRange(n *big.Int, bits uint, signed bool, t dtype.Type) error {
	lo, hi := intBounds(bits, signed)
	if n.Cmp(lo) < 0 || n.Cmp(hi) > 0 {
		return fmt.Errorf("%w: %v does not fit %v (%v…%v)", memory.ErrRange, n, t, lo, hi)
	}
	return nil
}

// lowBits are the two's complement bits of n, the lowest 128 of them.
func lowBits(n *big.Int) (lo, hi uint64) {
	if n.Sign() < 0 {
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	mask := new(big.Int).SetUint64(math.MaxUint64)
	lo = new(big.Int).And(n, mask).Uint64()
	hi = new(big.Int).And(new(big.Int).Rsh(n, 64), mask).Uint64()
	return lo, hi
}

// fromBits is the integer of so many bits, up to 128, that lo and hi hold.
func fromBits(lo, hi uint64, bits uint, signed bool) *big.Int {
	n := new(big.Int).SetUint64(hi)
	n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(lo))
	if signed && n.Bit(int(bits)-1) != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), bits))
	}
	return n
}

// number is the text of a JSON value that stands for a float: a number,
// "nan", "inf" or "-inf".
func number(v value, t dtype.Type) (string, error) {
	if v.kind == numberValue {
		return v.text, nil
	}
	if v.kind == stringValue {
		switch v.text {
		case "nan", "inf", "-inf":
			return v.text, nil
		}
	}
	return "", fmt.Errorf("%w: %v for %v", memory.ErrType, v, t)
}

// float reads a number of 32 or 64 bits, rounded once to the nearest.
func float(v value, bits int, t dtype.Type) (float64, error) {
	text, err := number(v, t)
	if err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(text, bits)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("%w: %s does not fit %v", memory.ErrRange, text, t)
	}
	return f, err
}

// longDouble reads a number at the precision of an ABI's long double; nil is
// a NaN.
func longDouble(v value, format dtype.LongDoubleFormat) (*big.Float, error) {
	text, err := number(v, dtype.CLongDouble)
	switch {
	case err != nil:
		return nil, err
	case text == "nan":
		return nil, nil
	}
	x, _, err := big.ParseFloat(text, 10, longDoublePrecision(format), big.ToNearestEven)
	if err != nil {
		return nil, fmt.Errorf("%w: %s for %v", memory.ErrRange, text, dtype.CLongDouble)
	}
	if x.IsInf() && v.kind == numberValue {
		return nil, fmt.Errorf("%w: %s does not fit %v", memory.ErrRange, text, dtype.CLongDouble)
	}
	return x, nil
}

func longDoublePrecision(format dtype.LongDoubleFormat) uint {
	switch format {
	case dtype.LongDoubleX87:
		return 64
	case dtype.LongDoubleQuad:
		return 113
	}
	return 53
}
