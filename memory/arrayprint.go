package memory

import "strings"

// How NumPy prints arrays by default (numpy.set_printoptions): of what is above
// printAll elements the printEdge first and last along each axis.
const (
	printAll   = 1000
	printEdge  = 3
	printWidth = 75
	printDigit = 8 // of a fraction
)

// String prints the array as str(a) does in NumPy: columns aligned, long arrays
// shortened, a single element as Python prints it. Arrays of char are texts,
// structs tuples; pointers are numbers.
func (a Array) String() string {
	if a.space == nil {
		return "NULL array"
	}
	if a.Len() == 0 {
		return "[]"
	}
	p := arrayPrinter{short: a.Len() > printAll}
	var cells [][]byte
	if err := p.collect(a, &cells); err != nil {
		return err.Error()
	}
	f := cellFormat{abi: a.space.ABI(), single: len(a.shape) == 0}
	c := cellType{a.elem, a.from.big, a.from.bits}
	if f.single {
		return f.scalar(c, cells[0])
	}
	p.words = f.words(c, cells)
	return p.print(a.shape, " ", printWidth)
}

// An arrayPrinter first collects the elements that are shown, all of which get
// the same width.
type arrayPrinter struct {
	short bool
	words []string
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

// collect appends the bytes of the elements that are shown.
func (p *arrayPrinter) collect(a Array, cells *[][]byte) error {
	if len(a.shape) == 0 {
		v := View{space: a.space, life: a.life, addr: a.addr, size: a.size, typ: a.elem, from: a.from}
		first, n := uint64(0), a.size
		if a.from.bits.n > 0 {
			first, n = a.from.bits.bytes()
		}
		b := make([]byte, n)
		*cells = append(*cells, b)
		return v.readAt("load", b, a.addr+first)
	}
	return p.shown(a.shape[0], func(i int) error {
		if i < 0 {
			return nil
		}
		row, err := a.Index(i)
		if err != nil {
			return err
		}
		return p.collect(row, cells)
	})
}

// print writes the words in brackets, lines broken before width. Lines after
// the first begin with indent.
func (p *arrayPrinter) print(shape []int, indent string, width int) string {
	if len(shape) == 0 {
		w := p.words[0]
		p.words = p.words[1:]
		return w
	}
	if len(shape) == 1 {
		return p.printRow(shape[0], indent, width-1)
	}
	var rows []string
	_ = p.shown(shape[0], func(i int) error {
		if i < 0 {
			rows = append(rows, "...")
		} else {
			rows = append(rows, p.print(shape[1:], indent+" ", width-1))
		}
		return nil
	})
	return "[" + strings.Join(rows, strings.Repeat("\n", len(shape)-1)+indent) + "]"
}

// printRow writes the words of the last axis.
func (p *arrayPrinter) printRow(n int, indent string, width int) string {
	var lines strings.Builder
	line, count := indent, 0
	_ = p.shown(n, func(i int) error {
		word := "..."
		if i >= 0 {
			word = p.print(nil, "", 0)
		}
		if count > 0 {
			line += " "
		}
		count++
		if textLen(line)+textLen(word) > width && len(line) > len(indent) {
			lines.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent
		}
		line += word
		return nil
	})
	return "[" + (lines.String() + line)[len(indent):] + "]"
}

// textLen is a width in characters.
func textLen(s string) int { return len([]rune(s)) }

// alignRight gives the words the same width.
func alignRight(words []string) []string {
	width := 0
	for _, w := range words {
		width = max(width, len(w))
	}
	for i, w := range words {
		words[i] = strings.Repeat(" ", width-len(w)) + w
	}
	return words
}
