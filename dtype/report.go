package dtype

import (
	"fmt"
	"strings"
)

// cacheLine is the size in bytes of a cache line of the machines people mean.
const cacheLine = 64

// String is the type in C with offset and size in bytes beside each member, a
// bit-field's bits within its storage unit, and what no member uses:
//
//	struct p {               // wasm32: size 16, align 8, padding 3
//	    char c;              //    0            1
//	                         //    1            3 hole
//	    unsigned int f : 3;  //    4 [0-2]      4
//	                         //                 5 bits free
//	                         //    5            3 hole
//	    union {              //    8            8
//	        double d;        //    8            8
//	        void *p;         //    8            4
//	    };
//	};
//
// A line says where a cache line of 64 bytes ends.
func (d *Description) String() string {
	var r reporter
	if d.Fields == nil {
		r.row(0, d.Type, d.summary())
	} else {
		r.row(0, d.Type+" {", d.summary())
		r.members(1, d.union, d.Fields, 0, d.Size)
		r.row(0, "};", "")
	}
	return r.text()
}

func (d *Description) summary() string {
	s := fmt.Sprintf("%s: size %d, align %d", d.ABI, d.Size, d.Align)
	if d.Fields != nil {
		s += fmt.Sprintf(", padding %d", d.Padding)
	}
	if lines := (d.Size + cacheLine - 1) / cacheLine; lines > 1 {
		s += fmt.Sprintf(", %d cache lines", lines)
	}
	return s
}

// A reporter collects lines of C, each with a comment.
type reporter struct {
	rows  [][2]string
	width int    // of the C
	line  uint64 // cache line of the last member
}

func (r *reporter) row(depth int, c, comment string) {
	c = strings.Repeat("    ", depth) + c
	r.width = max(r.width, len(c))
	r.rows = append(r.rows, [2]string{c, comment})
}

func (r *reporter) text() string {
	var b strings.Builder
	for _, row := range r.rows {
		line := row[0]
		if row[1] != "" {
			line = fmt.Sprintf("%-*s  // %s", r.width, row[0], row[1])
		}
		b.WriteString(line + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// members reports the members of a struct or union at the given bytes.
func (r *reporter) members(depth int, union bool, fields []FieldDescription, base, size uint64) {
	end := 8 * base // first bit that no member has used
	for _, f := range fields {
		start, width := 8*f.Offset, 8*f.Size
		if f.BitStart != nil {
			start, width = *f.BitStart, *f.BitWidth
		}
		if !union {
			r.free(depth, end, start, "hole")
			r.cacheLines(depth, start/8)
		}
		where := fmt.Sprintf("%4d %-7s %4d", f.Offset, f.bits(), f.Size)
		if f.Fields != nil {
			r.row(depth, f.Type+" {", where)
			r.members(depth+1, f.union, f.Fields, f.Offset, f.Size)
			r.row(depth, strings.TrimSpace("} "+f.decl)+";", "")
		} else {
			r.row(depth, f.decl+";", where)
		}
		end = max(end, start+width)
	}
	r.free(depth, end, 8*(base+size), "padding")
}

// free reports the bits from end to start that no member uses.
func (r *reporter) free(depth int, end, start uint64, what string) {
	if start <= end {
		return
	}
	whole := (end + 7) / 8 // first byte that is free as a whole
	if rest := min(8*whole, start) - end; rest > 0 {
		r.row(depth, "", fmt.Sprintf("%17d bits free", rest))
	}
	if n := start/8 - min(whole, start/8); n > 0 {
		r.row(depth, "", fmt.Sprintf("%4d %12d %s", whole, n, what))
	}
	if rest := start % 8; rest > 0 && start/8 >= whole {
		r.row(depth, "", fmt.Sprintf("%17d bits free", rest))
	}
}

// cacheLines reports that a member begins in another cache line than the last.
func (r *reporter) cacheLines(depth int, at uint64) {
	if line := at / cacheLine; line > r.line {
		r.line = line
		r.row(depth, "", fmt.Sprintf("---- cache line %d, from byte %d", line, line*cacheLine))
	}
}

// bits are a bit-field's bits within its storage unit, as in "[5-7]".
func (f *FieldDescription) bits() string {
	if f.BitStart == nil || *f.BitWidth == 0 {
		return ""
	}
	first := *f.BitStart - 8*f.Offset
	return fmt.Sprintf("[%d-%d]", first, first+*f.BitWidth-1)
}
