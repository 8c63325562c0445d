package host

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/wasmffi/wasmffi/guestabi"
)

// A place is where a function of the rewritten module was running.
type place struct {
	fn     uint32
	offset uint64 // in the contents of the code section
}

// traceable makes the engine tell places in its stack traces: it maps machine
// code back to offsets only for modules with line tables, so that the module
// gets one, of a single line that spans all code. Other custom sections are
// left out, the names with them: a trace then holds no text of the guest's.
func traceable(res *guestabi.Result) ([]byte, error) {
	m, err := guestabi.Parse(res.Wasm)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(res.Wasm)+256)
	out = append(out, res.Wasm[:8]...)
	for at := uint64(8); at < uint64(len(res.Wasm)); {
		size, n := binary.Uvarint(res.Wasm[at+1:])
		end := at + 1 + uint64(n) + size
		if res.Wasm[at] != byte(guestabi.SectionCustom) {
			out = append(out, res.Wasm[at:end]...)
		}
		at = end
	}
	info, abbrev, line := wholeLine(uint32(m.CodeSection.Len))
	out = appendCustom(out, ".debug_abbrev", abbrev)
	out = appendCustom(out, ".debug_info", info)
	return appendCustom(out, ".debug_line", line), nil
}

func appendCustom(out []byte, name string, data []byte) []byte {
	out = append(out, byte(guestabi.SectionCustom))
	out = binary.AppendUvarint(out, uint64(1+len(name)+len(data)))
	out = append(out, byte(len(name)))
	out = append(out, name...)
	return append(out, data...)
}

// wholeLine is the DWARF 4 of a unit whose line 1 has the code at 1 to size.
func wholeLine(size uint32) (info, abbrev, line []byte) {
	u16, u32 := binary.LittleEndian.AppendUint16, binary.LittleEndian.AppendUint32
	abbrev = []byte{
		1, 0x11, 0, // compile unit, without children
		0x10, 0x17, // stmt_list: sec_offset
		0x11, 0x01, // low_pc: addr
		0x12, 0x06, // high_pc: data4
		0, 0, 0,
	}
	body := u16(nil, 4)
	body = append(u32(body, 0), 4) // abbreviations at 0, addresses of 4 bytes
	body = u32(u32(u32(append(body, 1), 0), 1), size)
	info = append(u32(nil, uint32(len(body))), body...)

	header := []byte{1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1} // as every compiler's
	header = append(header, 0, 'm', 0, 0, 0, 0, 0)                              // no directory, file 1
	program := u32([]byte{0, 5, 2}, 1)                                          // address 1
	program = binary.AppendUvarint(append(program, 1, 2), uint64(size))         // a row, advance
	program = append(program, 0, 1, 1)                                          // end
	body = u32(u16(nil, 4), uint32(len(header)))
	body = append(append(body, header...), program...)
	return info, abbrev, append(u32(nil, uint32(len(body))), body...)
}

// places reads the engine's stack trace, innermost first. A function of the
// guest's is two lines, as ".$12(i32,i32) i32" and "\t0x1f3: m:1"; others, such
// as Go's, are one.
func places(trace string) (ps []place) {
	fn, ok := uint32(0), false
	for line := range strings.SplitSeq(trace, "\n\t") {
		if at, is := strings.CutPrefix(line, "\t0x"); is {
			hex, rest, _ := strings.Cut(at, ": ")
			offset, err := strconv.ParseUint(hex, 16, 64)
			if ok && err == nil && rest == "m:1" {
				ps = append(ps, place{fn, offset})
			}
			ok = false
			continue
		}
		name, _, _ := strings.Cut(line, "(")
		index, is := strings.CutPrefix(name, ".$")
		n, err := strconv.ParseUint(index, 10, 32)
		fn, ok = uint32(n), is && err == nil && n <= math.MaxUint32
	}
	return ps
}
