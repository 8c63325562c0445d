package main

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"fmt"

	"github.com/wasmffi/wasmffi"
)

func (in *inspection) pe(path string) error {
	f, err := pe.Open(path)
	if err != nil {
		return malformed(err)
	}
	defer f.Close()
	in.ABI = peABI(f.Machine)
	symbols, err := f.ImportedSymbols() // "name:library"
	if err != nil {
		return malformed(err)
	}
	libraries := map[string]bool{}
	for _, s := range symbols {
		name, library, _ := bytes.Cut([]byte(s), []byte(":"))
		in.Imports = append(in.Imports, string(name))
		if lib := string(library); lib != "" && !libraries[lib] {
			libraries[lib] = true
			in.Needs = append(in.Needs, lib)
		}
	}
	if err := in.peExports(f); err != nil {
		return err
	}
	in.Allocator = in.hasAllocator()
	return nil
}

func peABI(machine uint16) string {
	switch machine {
	case pe.IMAGE_FILE_MACHINE_AMD64:
		return "windows-amd64"
	case pe.IMAGE_FILE_MACHINE_ARM64:
		return "windows-arm64"
	}
	return fmt.Sprintf("windows-machine-%#x", machine)
}

// An exportDirectory is IMAGE_EXPORT_DIRECTORY of Microsoft's PE format.
type exportDirectory struct {
	Flags, Time          uint32
	Major, Minor         uint16
	Name, OrdinalBase    uint32
	Functions, Names     uint32 // how many
	FunctionsAt, NamesAt uint32 // relative addresses of the tables
	OrdinalsAt           uint32
}

// peExports reads the export table, which the standard library does not.
func (in *inspection) peExports(f *pe.File) error {
	var at uint32
	switch h := f.OptionalHeader.(type) {
	case *pe.OptionalHeader64:
		at = h.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_EXPORT].VirtualAddress
	case *pe.OptionalHeader32:
		at = h.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_EXPORT].VirtualAddress
	}
	if at == 0 {
		return nil
	}
	var dir exportDirectory
	if err := readPE(f, at, &dir); err != nil {
		return err
	}
	for i := range dir.Names {
		var name, addr uint32
		var ordinal uint16
		if err := readPE(f, dir.NamesAt+4*i, &name); err != nil {
			return err
		}
		if err := readPE(f, dir.OrdinalsAt+2*i, &ordinal); err != nil {
			return err
		}
		if err := readPE(f, dir.FunctionsAt+4*uint32(ordinal), &addr); err != nil {
			return err
		}
		text, err := peText(f, name)
		if err != nil {
			return err
		}
		if s := sectionAt(f, addr); s != nil && s.Characteristics&pe.IMAGE_SCN_MEM_EXECUTE == 0 {
			in.Variables = append(in.Variables, variableInfo{Name: text})
		} else {
			in.Functions = append(in.Functions, functionInfo{Name: text})
		}
	}
	return nil
}

func sectionAt(f *pe.File, addr uint32) *pe.Section {
	for _, s := range f.Sections {
		if addr >= s.VirtualAddress && addr-s.VirtualAddress < max(s.VirtualSize, s.Size) {
			return s
		}
	}
	return nil
}

// readPE reads a structure at a relative address.
func readPE(f *pe.File, addr uint32, v any) error {
	b, err := peBytes(f, addr, binary.Size(v))
	if err != nil {
		return err
	}
	return binary.Read(bytes.NewReader(b), binary.LittleEndian, v)
}

func peBytes(f *pe.File, addr uint32, n int) ([]byte, error) {
	s := sectionAt(f, addr)
	if s == nil {
		return nil, malformed(fmt.Errorf("address %#x is in no section", addr))
	}
	b := make([]byte, n)
	if _, err := s.ReadAt(b, int64(addr-s.VirtualAddress)); err != nil {
		return nil, malformed(err)
	}
	return b, nil
}

// peText reads a NUL-terminated name.
func peText(f *pe.File, addr uint32) (string, error) {
	const longest = 64 << 10 // C++ compilers make names of some kilobytes
	var text []byte
	for len(text) < longest {
		b, err := peBytes(f, addr+uint32(len(text)), 1)
		if err != nil {
			return "", err
		}
		if b[0] == 0 {
			return string(text), nil
		}
		text = append(text, b[0])
	}
	return "", fmt.Errorf("%w: an exported name of more than %d bytes", wasmffi.ErrFormat, longest)
}
