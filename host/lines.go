package host

import (
	"bytes"
	"encoding/binary"
	"io"
)

// A line tells where code came from: machine code from its offset on, in the code
// section at its offset.
type line struct{ machine, wasm uint64 }

// lineTable is lines in the two slices that the engine has of them. machine is
// counted from the beginning of the machine code.
type lineTable struct {
	machine []uintptr
	wasm    []uint64
}

// splitLines takes the table of lines out of a file of machine code, as the engine
// has written it. The engine reads such a table entry by entry into slices that
// grow, which takes longer than all the rest. Where there is none, or the file is
// not as it is known to be, code is as it was.
func splitLines(file []byte) (code, lines []byte) {
	at, ok := linesAt(file)
	if !ok || file[at] != 1 {
		return file, nil
	}
	table := file[at+1:]
	if len(table) < 8 {
		return file, nil
	}
	n := binary.LittleEndian.Uint64(table)
	if table = table[8:]; n > uint64(len(table)/16) {
		return file, nil
	}
	var last line
	for i := range n {
		l := line{binary.LittleEndian.Uint64(table[16*i+8:]), binary.LittleEndian.Uint64(table[16*i:])}
		if l.machine < last.machine {
			return file, nil
		}
		if i > 0 && l.wasm == last.wasm {
			continue // it says what the one before says
		}
		lines = binary.AppendUvarint(lines, l.machine-last.machine)
		lines = binary.AppendVarint(lines, int64(l.wasm-last.wasm))
		last = l
	}
	code = append(append(make([]byte, 0, len(file)), file[:at]...), 0) // it has none
	return append(code, table[16*n:]...), lines
}

// linesAt is where a file of machine code says whether it has lines: after its
// magic, the engine's version, the functions' offsets, the code and a checksum.
func linesAt(file []byte) (at uint64, ok bool) {
	const magic = "WAZEVO"
	if !bytes.HasPrefix(file, []byte(magic)) || len(file) == len(magic) {
		return 0, false
	}
	size := uint64(len(file))
	at = uint64(len(magic)) + 1 + uint64(file[len(magic)])
	if at+4 > size {
		return 0, false
	}
	at += 4 + 8*uint64(binary.LittleEndian.Uint32(file[at:]))
	if at+8 > size {
		return 0, false
	}
	code := binary.LittleEndian.Uint64(file[at:])
	if at += 8; code > size || at+code+4 >= size {
		return 0, false
	}
	return at + code + 4, true
}

// joinLines reads what splitLines has made.
func joinLines(lines []byte) (t lineTable, err error) {
	// Each line is two numbers. The last byte of a number is below 0x80.
	n := 0
	for _, b := range lines {
		n += int(b>>7 ^ 1)
	}
	t = lineTable{make([]uintptr, n/2), make([]uint64, n/2)}
	var last line
	for i := range t.machine {
		d, n1 := binary.Uvarint(lines)
		if n1 <= 0 {
			return t, io.ErrUnexpectedEOF
		}
		e, n2 := binary.Varint(lines[n1:])
		if n2 <= 0 {
			return t, io.ErrUnexpectedEOF
		}
		lines = lines[n1+n2:]
		last = line{last.machine + d, last.wasm + uint64(e)}
		t.machine[i], t.wasm[i] = uintptr(last.machine), last.wasm
	}
	if len(lines) > 0 {
		return t, io.ErrUnexpectedEOF
	}
	return t, nil
}
