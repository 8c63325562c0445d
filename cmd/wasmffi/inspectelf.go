package main

import (
	"debug/elf"
	"errors"
	"strings"
)

func (in *inspection) elf(path string) error {
	f, err := elf.Open(path)
	if err != nil {
		return malformed(err)
	}
	defer f.Close()
	in.ABI = elfABI(f)
	if in.Needs, err = f.ImportedLibraries(); err != nil {
		return malformed(err)
	}
	if in.Needs == nil {
		in.Needs = []string{}
	}
	symbols, err := f.DynamicSymbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return malformed(err)
	}
	seen := map[string]bool{} // a name may be there in several versions
	for _, s := range symbols {
		visible := elf.ST_BIND(s.Info) != elf.STB_LOCAL &&
			(elf.ST_VISIBILITY(s.Other) == elf.STV_DEFAULT || elf.ST_VISIBILITY(s.Other) == elf.STV_PROTECTED)
		if !visible || s.Name == "" || seen[s.Name] {
			continue
		}
		seen[s.Name] = true
		switch kind := elf.ST_TYPE(s.Info); {
		case s.Section == elf.SHN_UNDEF:
			in.Imports = append(in.Imports, s.Name)
		case kind == elf.STT_FUNC, kind == elf.STT_GNU_IFUNC:
			in.Functions = append(in.Functions, functionInfo{Name: s.Name})
		case kind == elf.STT_OBJECT, kind == elf.STT_TLS, kind == elf.STT_COMMON:
			in.Variables = append(in.Variables, variableInfo{Name: s.Name, Size: s.Size})
		}
	}
	return nil
}

func elfABI(f *elf.File) string {
	system := "linux"
	if f.OSABI == elf.ELFOSABI_FREEBSD {
		system = "freebsd"
	}
	switch f.Machine {
	case elf.EM_X86_64:
		return system + "-amd64"
	case elf.EM_AARCH64:
		return system + "-arm64"
	}
	return system + "-" + strings.ToLower(strings.TrimPrefix(f.Machine.String(), "EM_"))
}
