package dtype

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// SideBySide is a table of the layouts of one type on several ABIs: offset and
// size of every member in bytes, a bit-field's bits within its storage unit. A
// line whose columns differ begins with "*":
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
	rows := make([][]memberRow, len(ds))
	for i, d := range ds {
		rows[i] = memberRows(nil, "", d.Fields)
	}
	fmt.Fprintf(w, "  %s", ds[0].Type)
	for _, d := range ds {
		fmt.Fprintf(w, "\t%s", d.ABI)
	}
	fmt.Fprintln(w)
	for row, m := range rows[0] {
		line(m.c, func(i int) string {
			if row >= len(rows[i]) {
				return ""
			}
			return rows[i][row].where
		})
	}
	line("size", func(i int) string { return fmt.Sprint(ds[i].Size) })
	line("align", func(i int) string { return fmt.Sprint(ds[i].Align) })
	line("padding", func(i int) string { return fmt.Sprint(ds[i].Padding) })
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// A memberRow is a member in C and where it is.
type memberRow struct{ c, where string }

// memberRows lists members with those of nested structs indented below them.
func memberRows(rows []memberRow, indent string, fields []FieldDescription) []memberRow {
	for _, f := range fields {
		c := f.decl
		if f.Fields != nil {
			c = strings.TrimSpace(f.Type + " " + f.Name)
		}
		rows = append(rows, memberRow{indent + c, fmt.Sprintf("%d%s %d", f.Offset, f.bits(), f.Size)})
		rows = memberRows(rows, indent+"    ", f.Fields)
	}
	return rows
}
