package debuginfo

import (
	"debug/elf"
	"encoding/binary"
	"io"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

type elfFile struct{ f *elf.File }

func openELF(r io.ReaderAt, size int64) (container, error) {
	f, err := elf.NewFile(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, malformed(err)
	}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_NOBITS {
			if err := checkSize(s.Name, s.Size, min(s.FileSize, uint64(size))); err != nil {
				return nil, err
			}
		}
	}
	return &elfFile{f}, nil
}

func (e *elfFile) abi() *dtype.ABI {
	freeBSD := e.f.OSABI == elf.ELFOSABI_FREEBSD
	switch {
	case e.f.Class != elf.ELFCLASS64 || e.f.Data != elf.ELFDATA2LSB:
		return nil
	case e.f.Machine == elf.EM_X86_64 && freeBSD:
		return dtype.FreeBSDAMD64
	case e.f.Machine == elf.EM_X86_64:
		return dtype.LinuxAMD64
	case e.f.Machine == elf.EM_AARCH64 && freeBSD:
		return dtype.FreeBSDARM64
	case e.f.Machine == elf.EM_AARCH64:
		return dtype.LinuxARM64
	}
	return nil
}

// find is a section with contents: a file stripped to its debug info keeps
// headers of the others.
func (e *elfFile) find(name string) *elf.Section {
	if s := e.f.Section(name); s != nil && s.Type != elf.SHT_NOBITS {
		return s
	}
	return nil
}

func (e *elfFile) has(name string) bool {
	return e.find(".debug_"+name) != nil || e.find(".zdebug_"+name) != nil
}

// section reads one, which debug/elf unpacks: compressed by zlib or zstd as its
// header says, or by zlib as GNU did before, where the size comes first.
func (e *elfFile) section(name string) (b []byte, err error) {
	if e.find(".debug_"+name) != nil {
		return e.read(".debug_" + name)
	}
	s := e.find(".zdebug_" + name)
	if s == nil {
		return nil, nil
	}
	defer recoverMalformed(&err)
	var header [12]byte // ZLIB and the size
	if _, err := s.ReaderAt.ReadAt(header[:], 0); err != nil {
		return nil, malformed(err)
	}
	size := binary.BigEndian.Uint64(header[4:])
	if err := checkSize(s.Name, size, s.FileSize); err != nil {
		return nil, err
	}
	b = make([]byte, size)
	_, err = io.ReadFull(s.Open(), b)
	return b, malformed(err)
}

func (e *elfFile) read(name string) (b []byte, err error) {
	defer recoverMalformed(&err)
	s := e.find(name)
	if s == nil {
		return nil, nil
	}
	b, err = s.Data()
	return b, malformed(err)
}

// symbols reads the dynamic symbol table, else the full one. Of several
// versions of a symbol the default one counts. An indirect function's address
// is that of its resolver, whose type is another, and is left out.
func (e *elfFile) symbols() symbols {
	table := symbols{map[string]uint64{}, map[string]uint64{}}
	var err error
	defer recoverMalformed(&err)
	syms, err := e.f.DynamicSymbols()
	if err != nil || len(syms) == 0 {
		syms, _ = e.f.Symbols()
	}
	for _, s := range syms {
		if s.Section == elf.SHN_UNDEF || elf.ST_BIND(s.Info) == elf.STB_LOCAL {
			continue
		}
		m := table.funcs
		switch elf.ST_TYPE(s.Info) {
		case elf.STT_FUNC:
		case elf.STT_OBJECT:
			m = table.vars
		default:
			continue
		}
		if _, ok := m[s.Name]; !ok || !s.VersionIndex.IsHidden() {
			m[s.Name] = s.Value
		}
	}
	return table
}

// buildID reads the note that --build-id leaves.
func (e *elfFile) buildID() []byte {
	const noteBuildID = 3
	note, err := e.read(".note.gnu.build-id")
	if err != nil {
		return nil
	}
	c := cursor{data: note}
	nameSize, descSize, kind := c.uint(4), c.uint(4), c.uint(4)
	name := c.take((nameSize + 3) &^ 3)
	id := c.take(descSize)
	if c.bad || kind != noteBuildID || string(name) != "GNU\x00" {
		return nil
	}
	return id
}

// debugLink is the file name and checksum in .gnu_debuglink.
func (e *elfFile) debugLink() (name string, crc uint32, ok bool) {
	b, err := e.read(".gnu_debuglink")
	if err != nil || len(b) < 8 {
		return "", 0, false
	}
	name, _, ok = strings.Cut(string(b[:len(b)-4]), "\x00")
	return name, binary.LittleEndian.Uint32(b[len(b)-4:]), ok
}
