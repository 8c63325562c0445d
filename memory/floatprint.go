package memory

import (
	"math"
	"strconv"
	"strings"
)

func (x realText) finite() bool {
	if x.long != nil {
		return !x.long.IsInf()
	}
	return !math.IsNaN(x.f) && !math.IsInf(x.f, 0)
}

// write writes x rounded to some digits after the point, or the fewest that
// tell it from its neighbours if prec is negative.
func (x realText) write(verb byte, prec int) string {
	switch {
	case x.long != nil:
		return x.long.Text(verb, prec)
	case prec < 0:
		return strconv.FormatFloat(x.f, verb, prec, x.bits)
	}
	return strconv.FormatFloat(x.f, verb, prec, 64) // x itself is rounded, not its short form
}

// format writes the fewest digits that tell x from its neighbours, with at most
// digits after the point if that is not negative, and always a point. In
// exponents there are two digits or more.
func (x realText) format(verb byte, digits int) string {
	s := x.write(verb, -1)
	switch n := fractionLen(s); {
	case digits < 0:
	case n > digits:
		s = x.write(verb, digits)
	case n == 0 && verb == 'f': // all digits before the point are x's own
		s = x.write(verb, 0)
	}
	number, exponent, scientific := strings.Cut(s, "e")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(number, "0")
	} else {
		number += "."
	}
	if scientific {
		return number + "e" + exponent
	}
	return number
}

// nonFinite is NaN or an infinity.
func (x realText) nonFinite(plus bool) string {
	sign := ""
	if plus {
		sign = "+"
	}
	switch {
	case math.IsNaN(x.f):
		return sign + "nan"
	case x.f < 0:
		return "-inf"
	}
	return sign + "inf"
}

// scalar is the number as Python's str gives it: with a fraction of at least
// zero, which is "0" or nothing, or with an exponent if it is great or tiny.
func (x realText) scalar(zero string, plus bool) string {
	if !x.finite() {
		return x.nonFinite(plus)
	}
	s := ""
	if abs := math.Abs(x.f); abs == 0 || abs >= 1e-4 && abs < 1e16 {
		s = x.format('f', -1)
		if strings.HasSuffix(s, ".") {
			if s += zero; zero == "" {
				s = strings.TrimSuffix(s, ".")
			}
		}
	} else {
		s = strings.Replace(x.format('e', -1), ".e", "e", 1)
	}
	if plus && s[0] != '-' {
		s = "+" + s
	}
	return s
}

// formatFloats writes floats as NumPy does: the fewest digits that tell each
// from its neighbours, printDigit at most after the point, points aligned; all
// with exponents if some are great, tiny or far apart. With plus, those that are
// not negative have a sign too.
func formatFloats(xs []realText, plus bool) []string {
	verb, left, right, exponent := byte('f'), 0, 0, 0
	if scientific(xs) {
		verb = 'e'
	}
	words := make([]string, len(xs))
	allFinite, negativeInf := true, plus
	for i, x := range xs {
		if !x.finite() {
			words[i] = x.nonFinite(plus)
			allFinite = false
			negativeInf = negativeInf || words[i] == "-inf"
			continue
		}
		words[i] = x.format(verb, printDigit)
		if plus && words[i][0] != '-' {
			words[i] = "+" + words[i]
		}
		whole, _, _ := strings.Cut(words[i], ".")
		_, e, _ := strings.Cut(words[i], "e")
		left, right, exponent = max(left, len(whole)), max(right, fractionLen(words[i])), max(exponent, len(e)-1)
	}
	after := right
	if verb == 'e' {
		after += 2 + exponent
	}
	if !allFinite {
		inf := 3
		if negativeInf {
			inf = 4
		}
		left = max(left, 3-after-1, inf-after-1)
	}
	for i, w := range words {
		if !xs[i].finite() {
			words[i] = strings.Repeat(" ", max(left+after+1-len(w), 0)) + w
			continue
		}
		if verb == 'e' {
			w = xs[i].exponential(right, exponent, plus)
		} else {
			w += strings.Repeat(" ", right-fractionLen(w))
		}
		whole, _, _ := strings.Cut(w, ".")
		words[i] = strings.Repeat(" ", left-len(whole)) + w
	}
	return words
}

// exponential writes x with a number of digits after the point, its own even
// where fewer would tell it from its neighbours, and in the exponent.
func (x realText) exponential(digits, exponent int, plus bool) string {
	s := x.write('e', -1)
	if fractionLen(s) != digits {
		s = x.write('e', digits)
	}
	number, e, _ := strings.Cut(s, "e")
	if digits == 0 {
		number += "."
	}
	if plus && number[0] != '-' {
		number = "+" + number
	}
	return number + "e" + e[:1] + strings.Repeat("0", exponent-len(e)+1) + e[1:]
}

// scientific reports whether numbers are written with exponents.
func scientific(xs []realText) bool {
	least, most, some := math.Inf(1), 0.0, false
	for _, x := range xs {
		if abs := math.Abs(x.f); x.finite() && abs != 0 {
			least, most, some = min(least, abs), max(most, abs), true
		}
	}
	if !some {
		return false
	}
	ratio := most / least
	if xs[0].bits == 32 {
		ratio = float64(float32(most) / float32(least))
	}
	return most >= 1e8 || least < 1e-4 || ratio > 1000
}

// fractionLen is the number of digits after the point.
func fractionLen(s string) int {
	_, fraction, _ := strings.Cut(s, ".")
	fraction, _, _ = strings.Cut(fraction, "e")
	return len(fraction)
}
