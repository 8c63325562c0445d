package main

import (
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendString appends bytes as a JSON string. Bytes that are no UTF-8 are
// written as "\udc80" to "\udcff", so that nothing is lost: see
// [reader.string].
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c < ' ' || c == 0x7f:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			_, n := utf8.DecodeRuneInString(s[i:])
			if n == 1 {
				b = append(b, '\\', 'u', 'd', 'c', hexDigits[c>>4], hexDigits[c&15])
			} else {
				b = append(b, s[i:i+n]...)
			}
			i += n
			continue
		}
		i++
	}
	return append(b, '"')
}

// appendFloat appends the shortest number that reads back as f in a float of
// the given number of bits.
func appendFloat(b []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"nan"`...)
	case math.IsInf(f, 1):
		return append(b, `"inf"`...)
	case math.IsInf(f, -1):
		return append(b, `"-inf"`...)
	case f == 0 && math.Signbit(f):
		return append(b, "-0.0"...) // some readers take -0 for the integer 0
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, f, format, -1, bits)
}

// appendBigFloat is appendFloat for a long double, whose precision x has.
func appendBigFloat(b []byte, x *big.Float) []byte {
	switch {
	case x.IsInf() && x.Signbit():
		return append(b, `"-inf"`...)
	case x.IsInf():
		return append(b, `"inf"`...)
	case x.Sign() == 0 && x.Signbit():
		return append(b, "-0.0"...)
	case x.Sign() == 0:
		return append(b, '0')
	}
	format := byte('f')
	if exp := x.MantExp(nil); exp < -19 || exp > 70 {
		format = 'e'
	}
	return x.Append(b, format, -1)
}
