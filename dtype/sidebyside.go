package dtype

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// SideBySide is a table of the layouts of one type on several ABIs: offset and
// size of every member in bytes, a bit-field's bits within its storage unit. A
// line whose columns differ begins with "*"; "-" is for a member that an ABI's
// headers do not declare:
//
//	  struct p            wasm32     linux-amd64
//	  char c              0 1        0 1
//	* void *p             4 4        8 8
//	  unsigned int f : 3  8[0-2] 4   …
//	* size                12         24
func SideBySide(ds ...*Description) string {
	if len(ds) == 0 {
		return ""
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(name string, cell func(i int) string) {
		mark, cells := " ", make([]string, len(ds))
		for i := range ds {
			cells[i] = cell(i)
			if cells[i] != cells[0] {
				mark = "*"
			}
		}
		fmt.Fprintf(w, "%s %s\t%s\n", mark, name, strings.Join(cells, "\t"))
	}
	fmt.Fprintf(w, "  %s", ds[0].Type)
	for _, d := range ds {
		fmt.Fprintf(w, "\t%s", d.ABI)
	}
	fmt.Fprintln(w)
	fields := make([][]FieldDescription, len(ds))
	for i, d := range ds {
		fields[i] = d.Fields
	}
	memberLines("", fields, line)
	line("size", func(i int) string { return fmt.Sprint(ds[i].Size) })
	line("align", func(i int) string { return fmt.Sprint(ds[i].Align) })
	line("padding", func(i int) string { return fmt.Sprint(ds[i].Padding) })
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// memberLines writes a line for each member, with those of nested structs
// indented below it. Members are matched by name: what a header declares may
// differ from ABI to ABI.
func memberLines(indent string, columns [][]FieldDescription, line func(string, func(int) string)) {
	for _, m := range matchMembers(columns) {
		first := m.first()
		c := first.label()
		line(indent+c, func(i int) string {
			f := m.in[i]
			switch {
			case f == nil:
				return "-"
			case f.label() != c:
				return fmt.Sprintf("%d%s %d %s", f.Offset, f.bits(), f.Size, f.label())
			}
			return fmt.Sprintf("%d%s %d", f.Offset, f.bits(), f.Size)
		})
		inner, nested := make([][]FieldDescription, len(columns)), false
		for i, f := range m.in {
			if f != nil {
				inner[i] = f.Fields
				nested = nested || f.Fields != nil
			}
		}
		if nested {
			memberLines(indent+"    ", inner, line)
		}
	}
}

// label is a member in C, of a nested struct without its members.
func (f *FieldDescription) label() string {
	if f.Fields != nil {
		return strings.TrimSpace(f.Type + " " + f.Name)
	}
	return f.decl
}

// A matchedMember is one member in each column; nil where there is none.
type matchedMember struct {
	key string
	in  []*FieldDescription
}

func (m matchedMember) first() *FieldDescription {
	for _, f := range m.in {
		if f != nil {
			return f
		}
	}
	return nil
}

// matchMembers lists the members of all columns, each after the one that
// precedes it in the first column that has it. Unnamed ones are counted.
func matchMembers(columns [][]FieldDescription) (list []matchedMember) {
	for i, fields := range columns {
		at, unnamed := 0, 0
		for n := range fields {
			f := &fields[n]
			key := f.Name
			if key == "" {
				unnamed++
				key = fmt.Sprint(unnamed)
			}
			k := slices.IndexFunc(list, func(m matchedMember) bool { return m.key == key })
			if k < 0 {
				k = at
				list = slices.Insert(list, k, matchedMember{key, make([]*FieldDescription, len(columns))})
			}
			list[k].in[i] = f
			at = k + 1
		}
	}
	return list
}
