package main

import (
	"debug/macho"
	"errors"
	"strings"
)

func (in *inspection) macho(path string) error {
	f, close, err := openMachO(path)
	if err != nil {
		return malformed(err)
	}
	defer close()
	in.ABI = machoABI(f.Cpu)
	if libs, err := f.ImportedLibraries(); err == nil && libs != nil {
		in.Needs = libs
	}
	if f.Symtab == nil {
		return nil
	}
	const (
		external  = 0x01 // N_EXT
		debugging = 0xe0 // N_STAB
		private   = 0x10 // N_PEXT
	)
	for _, s := range f.Symtab.Syms {
		if s.Type&external == 0 || s.Type&(debugging|private) != 0 {
			continue
		}
		name := strings.TrimPrefix(s.Name, "_")
		switch {
		case s.Sect == 0 || int(s.Sect) > len(f.Sections):
			in.Imports = append(in.Imports, name)
		case f.Sections[s.Sect-1].Name == "__text":
			in.Functions = append(in.Functions, functionInfo{Name: name})
		default:
			in.Variables = append(in.Variables, variableInfo{Name: name})
		}
	}
	return nil
}

// openMachO opens a file, or of a universal one the part for a machine that
// has an ABI.
func openMachO(path string) (f *macho.File, close func() error, err error) {
	fat, err := macho.OpenFat(path)
	if errors.Is(err, macho.ErrNotFat) {
		if f, err = macho.Open(path); err != nil {
			return nil, nil, err
		}
		return f, f.Close, nil
	}
	if err != nil {
		return nil, nil, err
	}
	f = fat.Arches[0].File
	for _, a := range fat.Arches {
		if a.Cpu == macho.CpuArm64 || a.Cpu == macho.CpuAmd64 {
			f = a.File
		}
	}
	return f, fat.Close, nil
}

func machoABI(cpu macho.Cpu) string {
	switch cpu {
	case macho.CpuAmd64:
		return "darwin-amd64"
	case macho.CpuArm64:
		return "darwin-arm64"
	}
	return "darwin-" + strings.ToLower(strings.TrimPrefix(cpu.String(), "Cpu"))
}
