package debuginfo

import (
	"debug/macho"
	"io"
	"runtime"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

type machoFile struct{ f *macho.File }

func isMachO(magic [4]byte) bool {
	switch magic {
	case [4]byte{0xcf, 0xfa, 0xed, 0xfe}, [4]byte{0xce, 0xfa, 0xed, 0xfe}, [4]byte{0xca, 0xfe, 0xba, 0xbe}:
		return true
	}
	return false
}

// openMachO opens a Mach-O file; of a universal one the part for this machine's
// processor, else the first.
func openMachO(r io.ReaderAt, size int64) (container, error) {
	sr := io.NewSectionReader(r, 0, size)
	fat, err := macho.NewFatFile(sr)
	if err == nil {
		arch := fat.Arches[0]
		for _, a := range fat.Arches {
			if a.Cpu == machoCPU(runtime.GOARCH) {
				arch = a
			}
		}
		return &machoFile{arch.File}, nil
	}
	if err != macho.ErrNotFat {
		return nil, malformed(err)
	}
	f, err := macho.NewFile(sr)
	if err != nil {
		return nil, malformed(err)
	}
	return &machoFile{f}, nil
}

func machoCPU(goarch string) macho.Cpu {
	if goarch == "arm64" {
		return macho.CpuArm64
	}
	return macho.CpuAmd64
}

func (m *machoFile) abi() *dtype.ABI {
	switch m.f.Cpu {
	case macho.CpuAmd64:
		return dtype.DarwinAMD64
	case macho.CpuArm64:
		return dtype.DarwinARM64
	}
	return nil
}

// find looks a section up; Mach-O cuts names to 16 bytes.
func (m *machoFile) find(name string) *macho.Section {
	name = "__debug_" + name
	return m.f.Section(name[:min(len(name), 16)])
}

func (m *machoFile) has(name string) bool { return m.find(name) != nil }

func (m *machoFile) section(name string) (b []byte, err error) {
	defer recoverMalformed(&err)
	s := m.find(name)
	if s == nil {
		return nil, nil
	}
	b, err = s.Data()
	return b, malformed(err)
}

// symbols are the external symbols defined in a section, without the
// underscore that C names have there. Functions and data share one table and
// do not share addresses.
func (m *machoFile) symbols() symbols {
	const (
		stab     = 0xe0 // N_STAB: a debugging entry
		kind     = 0x0e // N_TYPE
		section  = 0x0e // N_SECT
		external = 0x01 // N_EXT
	)
	if m.f.Symtab == nil {
		return symbols{}
	}
	syms := map[string]uint64{}
	for _, s := range m.f.Symtab.Syms {
		if s.Type&stab == 0 && s.Type&kind == section && s.Type&external != 0 {
			if name, ok := strings.CutPrefix(s.Name, "_"); ok {
				syms[name] = s.Value
			}
		}
	}
	return symbols{syms, syms}
}

// buildID is the UUID that a .dSYM bundle shares with its library.
func (m *machoFile) buildID() []byte {
	const loadUUID = 0x1b
	for _, l := range m.f.Loads {
		raw := l.Raw()
		if len(raw) >= 24 && m.f.ByteOrder.Uint32(raw) == loadUUID {
			return raw[8:24]
		}
	}
	return nil
}
