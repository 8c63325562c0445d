package debuginfo

import (
	"debug/pe"
	"io"

	"github.com/wasmffi/wasmffi/dtype"
)

// A peFile is a Windows DLL. Only gcc and clang in its GNU mode put DWARF
// there, Microsoft's compilers do not.
type peFile struct{ f *pe.File }

func openPE(r io.ReaderAt, size int64) (container, error) {
	f, err := pe.NewFile(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, malformed(err)
	}
	return &peFile{f}, nil
}

func (p *peFile) abi() *dtype.ABI {
	switch p.f.Machine {
	case pe.IMAGE_FILE_MACHINE_AMD64:
		return dtype.MinGWAMD64
	case pe.IMAGE_FILE_MACHINE_ARM64:
		return dtype.WindowsARM64
	}
	return nil
}

func (p *peFile) has(name string) bool { return p.f.Section(".debug_"+name) != nil }

func (p *peFile) section(name string) (b []byte, err error) {
	defer recoverMalformed(&err)
	s := p.f.Section(".debug_" + name)
	if s == nil {
		return nil, nil
	}
	b, err = s.Data()
	if err != nil {
		return nil, malformed(err)
	}
	// In the file a section is padded to a multiple of the file alignment.
	if s.VirtualSize > 0 && uint64(s.VirtualSize) < uint64(len(b)) {
		b = b[:s.VirtualSize]
	}
	return b, nil
}

// symbols reads nothing: a DLL exports a function under the name that its
// debug info has.
func (p *peFile) symbols() symbols { return symbols{} }

func (p *peFile) buildID() []byte { return nil }
