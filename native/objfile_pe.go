package native

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"fmt"

	"github.com/wasmffi/wasmffi"
)

// maxExports is how many exports are read of a DLL: ordinals have 16 bits.
const maxExports = 1 << 16

// readPE reads the export directory of a DLL: "The .edata Section" of
// Microsoft's PE format. The format does not say how large variables are; what
// is not in a section of code is one.
func readPE(path string) (*objectFile, error) {
	file, err := pe.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var dir pe.DataDirectory
	out := &objectFile{}
	switch h := file.OptionalHeader.(type) {
	case *pe.OptionalHeader64:
		dir, out.size = h.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_EXPORT], uint64(h.SizeOfImage)
	case *pe.OptionalHeader32:
		dir, out.size = h.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_EXPORT], uint64(h.SizeOfImage)
	}
	if dir.Size == 0 {
		return out, nil
	}
	image := peImage{file: file, data: map[*pe.Section][]byte{}}
	head := image.at(dir.VirtualAddress)
	if len(head) < 40 {
		return nil, fmt.Errorf("%w: the export directory is cut off", wasmffi.ErrFormat)
	}
	le := binary.LittleEndian
	n := min(le.Uint32(head[24:]), maxExports)
	functions, names, ordinals := image.at(le.Uint32(head[28:])), image.at(le.Uint32(head[32:])), image.at(le.Uint32(head[36:]))
	for i := range int(n) {
		if len(names) < 4*i+4 || len(ordinals) < 2*i+2 {
			break
		}
		name, _, ok := bytes.Cut(image.at(le.Uint32(names[4*i:])), []byte{0})
		at := 4 * int(le.Uint16(ordinals[2*i:]))
		if !ok || len(functions) < at+4 {
			continue
		}
		addr := le.Uint32(functions[at:])
		sym := objectSymbol{Symbol: wasmffi.Symbol{Name: string(name), Addr: uint64(addr)}}
		// An address in the directory itself is that of another DLL's name
		// for the function.
		sym.indirect = addr-dir.VirtualAddress < dir.Size
		if s := image.section(addr); !sym.indirect && s != nil && s.Characteristics&pe.IMAGE_SCN_MEM_EXECUTE == 0 {
			sym.Kind = wasmffi.VarSymbol
		}
		out.add(sym)
	}
	return out, nil
}

// A peImage is the file's sections by the addresses they are loaded at.
type peImage struct {
	file *pe.File
	data map[*pe.Section][]byte
}

func (m *peImage) section(addr uint32) *pe.Section {
	for _, s := range m.file.Sections {
		if addr-s.VirtualAddress < max(s.VirtualSize, s.Size) {
			return s
		}
	}
	return nil
}

// at is the section's bytes from an address on; none if it is in no section.
func (m *peImage) at(addr uint32) []byte {
	s := m.section(addr)
	if s == nil {
		return nil
	}
	b, ok := m.data[s]
	if !ok {
		b, _ = s.Data()
		m.data[s] = b
	}
	return b[min(int(addr-s.VirtualAddress), len(b)):]
}
