package memory

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// How NumPy prints arrays by default (numpy.set_printoptions): what is above
// printAll elements is shown by the printEdge first and last along each axis.
const (
	printAll   = 1000
	printEdge  = 3
	printWidth = 75
	printDigit = 8 // of a fraction
)

// String prints the array as NumPy does: columns aligned, long arrays
// shortened.
func (a Array) String() string {
	if a.space == nil {
		return "NULL array"
	}
	p := arrayPrinter{short: a.Len() > printAll}
	if err := p.collect(a); err != nil {
		return err.Error()
	}
	p.format()
	return p.print(a.shape, " ", printWidth)
}

// An arrayPrinter first collects the elements that are shown, then gives all of
// them the same width.
type arrayPrinter struct {
	short  bool
	values []any
	words  []string
}

// shown calls f for each index of an axis that is printed, and with -1 for
// those left out.
func (p *arrayPrinter) shown(n int, f func(i int) error) error {
	for i := 0; i < n; i++ {
		if p.short && n > 2*printEdge && i == printEdge {
			if err := f(-1); err != nil {
				return err
			}
			i = n - printEdge
		}
		if err := f(i); err != nil {
			return err
		}
	}
	return nil
}

func (p *arrayPrinter) collect(a Array) error {
	if len(a.shape) == 0 {
		v, err := a.At()
		if err != nil {
			return err
		}
		x, err := v.Load()
		p.values = append(p.values, x)
		return err
	}
	return p.shown(a.shape[0], func(i int) error {
		if i < 0 {
			return nil
		}
		row, err := a.Index(i)
		if err != nil {
			return err
		}
		return p.collect(row)
	})
}

// format makes the words of equal width.
func (p *arrayPrinter) format() {
	floats := make([]float64, 0, len(p.values))
	bits := 64
	for _, v := range p.values {
		switch v := v.(type) {
		case float64:
			floats = append(floats, v)
		case float32:
			floats, bits = append(floats, float64(v)), 32
		}
	}
	if len(floats) == len(p.values) {
		p.words = formatFloats(floats, bits)
	} else {
		for _, v := range p.values {
			p.words = append(p.words, formatElement(v))
		}
	}
	width := 0
	for _, w := range p.words {
		width = max(width, len(w))
	}
	for i, w := range p.words {
		p.words[i] = strings.Repeat(" ", width-len(w)) + w
	}
}

func formatElement(v any) string {
	if b, ok := v.(bool); ok {
		if b {
			return "True"
		}
		return "False"
	}
	return fmt.Sprint(v)
}

// formatFloats writes floats as NumPy does: the fewest digits that tell each
// from its neighbours, printDigit at most, points aligned; with exponents if
// the numbers are great, tiny or far apart.
func formatFloats(xs []float64, bits int) []string {
	least, most := math.Inf(1), 0.0
	for _, x := range xs {
		if x = math.Abs(x); x != 0 && !math.IsInf(x, 0) && !math.IsNaN(x) {
			least, most = min(least, x), max(most, x)
		}
	}
	verb := byte('f')
	if most >= 1e8 || most > 0 && (least < 1e-4 || most/least > 1000) {
		verb = 'e'
	}
	digits := 0
	words := make([]string, len(xs))
	for i, x := range xs {
		words[i] = formatFloat(x, verb, -1, bits)
		digits = max(digits, fractionLen(words[i]))
	}
	if digits > printDigit {
		digits = 0
		for i, x := range xs {
			if fractionLen(words[i]) > printDigit {
				words[i] = formatFloat(x, verb, printDigit, bits)
			}
			digits = max(digits, fractionLen(words[i]))
		}
	}
	for i, x := range xs {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			continue
		}
		fraction := fractionLen(words[i])
		if verb == 'e' {
			words[i] = formatFloat(x, verb, digits, bits)
			if digits == 0 {
				words[i] = strings.Replace(words[i], "e", ".e", 1)
			}
		} else {
			words[i] += strings.Repeat(" ", digits-fraction)
		}
	}
	return words
}

// formatFloat writes a float with a point even where no digit follows it, and
// without zeros at the end.
func formatFloat(x float64, verb byte, digits, bits int) string {
	switch {
	case math.IsNaN(x):
		return "nan"
	case math.IsInf(x, 0):
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(x, 'f', -1, 64), "+"))
	}
	s := strconv.FormatFloat(x, verb, digits, bits)
	if verb == 'e' {
		return s
	}
	if !strings.Contains(s, ".") {
		return s + "."
	}
	if digits >= 0 {
		s = strings.TrimRight(s, "0")
	}
	return s
}

// fractionLen is the number of digits after the point.
func fractionLen(s string) int {
	_, fraction, _ := strings.Cut(s, ".")
	fraction, _, _ = strings.Cut(fraction, "e")
	return len(fraction)
}

// print writes the words in brackets, lines broken before width. Lines after
// the first begin with indent.
func (p *arrayPrinter) print(shape []int, indent string, width int) string {
	if len(shape) == 0 {
		w := p.words[0]
		p.words = p.words[1:]
		return w
	}
	var b strings.Builder
	line := indent
	_ = p.shown(shape[0], func(i int) error {
		if len(shape) > 1 {
			if b.Len() > 0 {
				b.WriteString(strings.Repeat("\n", len(shape)-1) + indent)
			}
			if i < 0 {
				b.WriteString("...")
			} else {
				b.WriteString(p.print(shape[1:], indent+" ", width-1))
			}
			return nil
		}
		word := "..."
		if i >= 0 {
			word = p.print(nil, "", 0)
		}
		if len(line)+len(word) > width-2 && len(line) > len(indent) {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent
		}
		line += word + " "
		return nil
	})
	if len(shape) == 1 {
		b.WriteString(strings.TrimSuffix(line, " "))
		return "[" + strings.TrimPrefix(b.String(), indent) + "]"
	}
	return "[" + b.String() + "]"
}
