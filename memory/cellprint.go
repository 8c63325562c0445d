package memory

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"

	"github.com/wasmffi/wasmffi/dtype"
)

// A cellFormat formats elements together, so that they get the same width.
type cellFormat struct {
	abi    *dtype.ABI
	single bool // they are no array's
}

// A cellType is what the bytes of a cell are.
type cellType struct {
	typ  dtype.Type
	big  bool
	bits bitRange
}

// words formats elements of one type.
func (f cellFormat) words(c cellType, cells [][]byte) []string {
	if c.bits.n > 0 {
		return alignRight(each(cells, func(b []byte) string { return f.bitField(c, b) }))
	}
	switch t := dtype.Resolve(c.typ).(type) {
	case *dtype.Struct, *dtype.Union:
		return f.records(t, cells)
	case *dtype.Array:
		if elem := dtype.Resolve(t.Elem()); elem == dtype.Type(dtype.CChar) || elem == dtype.Type(dtype.Char32T) {
			return each(cells, func(b []byte) string { return f.text(elem, c.big, b) })
		}
		return f.arrays(t, c, cells)
	case *dtype.Int:
		if t == dtype.CChar || t == dtype.Char32T {
			return each(cells, func(b []byte) string { return f.text(t, c.big, b) })
		}
	}
	switch k := numKindOf(f.abi, c.typ); {
	case k == numBool:
		return each(cells, func(b []byte) string { return f.truth(b[0] != 0) })
	case k.integer():
		return alignRight(each(cells, func(b []byte) string { return f.integer(k, c.big, b) }))
	case k.float():
		return formatFloats(f.reals(k, c.big, cells, 0), false)
	case k.complex():
		re := formatFloats(f.reals(k, c.big, cells, 0), false)
		im := formatFloats(f.reals(k, c.big, cells, int(k.part())), true)
		for i, s := range im {
			digits := strings.TrimRight(s, " ")
			re[i] += digits + "j" + s[len(digits):]
		}
		return re
	}
	return each(cells, func(b []byte) string { return fmt.Sprintf("%#x", b) })
}

func each(cells [][]byte, f func(b []byte) string) []string {
	words := make([]string, len(cells))
	for i, b := range cells {
		words[i] = f(b)
	}
	return words
}

func (f cellFormat) truth(b bool) string {
	switch {
	case !b:
		return "False"
	case f.single:
		return "True"
	}
	return " True"
}

func (f cellFormat) bitField(c cellType, b []byte) string {
	m := member{typ: c.typ, bits: bitRange{c.bits.first % 8, c.bits.n}, big: c.big}
	return fmt.Sprint(m.naturalBits(f.abi, b))
}

// littleEndian is a copy of a scalar's bytes in little-endian order.
func littleEndian(b []byte, isBig bool, part uint64) []byte {
	b = append([]byte(nil), b...)
	if isBig {
		swapBytes(b, int(part))
	}
	return b
}

func (f cellFormat) integer(k numKind, isBig bool, b []byte) string {
	n := wideFormat(f.abi.LongDouble()).load(littleEndian(b, isBig, k.part()), k)
	if n.hi == 0 {
		return strconv.FormatUint(n.lo, 10)
	}
	i, _ := n.float().Int(nil)
	return i.String()
}

// records formats structs as tuples, member by member.
func (f cellFormat) records(t dtype.Type, cells [][]byte) []string {
	ms, err := membersOf(f.abi, t)
	if err != nil {
		return each(cells, func([]byte) string { return err.Error() })
	}
	rows := make([][]string, len(cells))
	for _, m := range ms.list {
		column := make([][]byte, len(cells))
		for i, b := range cells {
			if m.bits.n > 0 {
				first, n := m.bits.bytes()
				column[i] = b[first : first+n]
			} else {
				column[i] = b[m.offset : m.offset+m.size]
			}
		}
		for i, w := range f.words(cellType{m.typ, m.big, m.bits}, column) {
			rows[i] = append(rows[i], w)
		}
	}
	words := make([]string, len(cells))
	for i, row := range rows {
		words[i] = "(" + strings.Join(row, ", ")
		if len(row) == 1 {
			words[i] += ","
		}
		words[i] += ")"
	}
	return words
}

// arrays formats members that are arrays.
func (f cellFormat) arrays(t *dtype.Array, c cellType, cells [][]byte) []string {
	size, err := f.abi.Size(t.Elem())
	if err != nil || size == 0 {
		return each(cells, func([]byte) string { return "[]" })
	}
	var inner [][]byte
	counts := make([]int, len(cells))
	for i, b := range cells {
		for ; uint64(len(b)) >= size; b = b[size:] {
			inner = append(inner, b[:size])
			counts[i]++
		}
	}
	f.single = false
	words := f.words(cellType{typ: t.Elem(), big: c.big}, inner)
	out := make([]string, len(cells))
	for i, n := range counts {
		out[i] = "[" + strings.Join(words[:n], ", ") + "]"
		words = words[n:]
	}
	return out
}

// text is a text of fixed size as Python's repr writes it.
func (f cellFormat) text(elem dtype.Type, isBig bool, b []byte) string {
	if elem == dtype.Type(dtype.CChar) {
		return "b" + quoted(trimNUL(b), func(r byte) string {
			if r < ' ' || r > '~' {
				return fmt.Sprintf(`\x%02x`, r)
			}
			return string(rune(r))
		})
	}
	return quoted(utf32(b, isBig), func(r rune) string {
		switch {
		case r < ' ' || r >= 0x7f && r <= 0xff && !unicode.IsPrint(r):
			return fmt.Sprintf(`\x%02x`, r)
		case unicode.IsPrint(r):
			return string(r)
		case r <= 0xffff:
			return fmt.Sprintf(`\u%04x`, r)
		}
		return fmt.Sprintf(`\U%08x`, r)
	})
}

// utf32 is a text without the NULs at its end.
func utf32(b []byte, isBig bool) []rune {
	var text []rune
	b = littleEndian(b, isBig, 4)
	for ; len(b) >= 4; b = b[4:] {
		text = append(text, rune(binary.LittleEndian.Uint32(b)))
	}
	for len(text) > 0 && text[len(text)-1] == 0 {
		text = text[:len(text)-1]
	}
	return text
}

// quoted writes characters in quotes as Python does: double ones if there are
// single ones in the text only.
func quoted[T byte | rune](text []T, plain func(T) string) string {
	quote := T('\'')
	hasDouble := false
	for _, c := range text {
		hasDouble = hasDouble || c == '"'
	}
	for _, c := range text {
		if c == '\'' && !hasDouble {
			quote = '"'
		}
	}
	var s strings.Builder
	s.WriteRune(rune(quote))
	for _, c := range text {
		switch c {
		case quote, '\\':
			s.WriteString(`\` + string(rune(c)))
		case '\t':
			s.WriteString(`\t`)
		case '\n':
			s.WriteString(`\n`)
		case '\r':
			s.WriteString(`\r`)
		default:
			s.WriteString(plain(c))
		}
	}
	s.WriteRune(rune(quote))
	return s.String()
}

// reals are floats of a kind, or one of the parts of complex numbers.
func (f cellFormat) reals(k numKind, isBig bool, cells [][]byte, at int) []realText {
	part, out := k.part(), make([]realText, len(cells))
	for i, b := range cells {
		b = littleEndian(b[at:at+int(part)], isBig, part)
		switch part {
		case 4:
			out[i] = realText{f: float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), bits: 32}
		case 8:
			out[i] = realText{f: math.Float64frombits(binary.LittleEndian.Uint64(b)), bits: 64}
		default:
			x := loadLongDouble(f.abi.LongDouble(), b)
			out[i] = realText{f: float64Of(x), long: x}
			switch { // f is for comparisons only
			case x == nil || x.IsInf() || x.Sign() == 0:
			case out[i].f == 0:
				out[i].f = math.Copysign(math.SmallestNonzeroFloat64, out[i].f)
			case math.IsInf(out[i].f, 0):
				out[i].f = math.Copysign(math.MaxFloat64, out[i].f)
			}
		}
	}
	return out
}

// scalar is a single element as Python's str gives it.
func (f cellFormat) scalar(c cellType, b []byte) string {
	switch k := numKindOf(f.abi, c.typ); {
	case c.bits.n > 0:
	case k.float():
		return f.reals(k, c.big, [][]byte{b}, 0)[0].scalar("0", false)
	case k.complex():
		re := f.reals(k, c.big, [][]byte{b}, 0)[0]
		im := f.reals(k, c.big, [][]byte{b}, int(k.part()))[0]
		if re.f == 0 && !math.Signbit(re.f) {
			return im.scalar("", false) + "j"
		}
		return "(" + re.scalar("", false) + im.scalar("", true) + "j)"
	}
	if t, ok := dtype.Resolve(c.typ).(*dtype.Array); ok && dtype.Resolve(t.Elem()) == dtype.Type(dtype.Char32T) {
		return string(utf32(b, c.big))
	}
	if dtype.Resolve(c.typ) == dtype.Type(dtype.Char32T) {
		return string(utf32(b, c.big))
	}
	return f.words(c, [][]byte{b})[0]
}

// A realText is a float to be printed: exactly long if that is set.
type realText struct {
	f    float64
	bits int
	long *big.Float
}
