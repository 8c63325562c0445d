package main

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"fmt"
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
	return in.peExports(f)
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
	r := peReader{f: f, data: map[*pe.Section][]byte{}}
	var dir exportDirectory
	if err := r.read(at, &dir); err != nil {
		return err
	}
	if dir.Names > maxPEExports {
		return malformed(fmt.Errorf("%d exported names", dir.Names))
	}
	for i := range dir.Names {
		var name, addr uint32
		var ordinal uint16
		if err := r.read(dir.NamesAt+4*i, &name); err != nil {
			return err
		}
		if err := r.read(dir.OrdinalsAt+2*i, &ordinal); err != nil {
			return err
		}
		if err := r.read(dir.FunctionsAt+4*uint32(ordinal), &addr); err != nil {
			return err
		}
		text, err := r.text(name)
		if err != nil {
			return err
		}
		if s := r.section(addr); s != nil && s.Characteristics&pe.IMAGE_SCN_MEM_EXECUTE == 0 {
			in.Variables = append(in.Variables, variableInfo{Name: text})
		} else {
			in.Functions = append(in.Functions, functionInfo{Name: text})
		}
	}
	return nil
}

const (
	maxPEExports = 1 << 16 // ordinals have 16 bits
	maxPEName    = 1 << 12 // bytes, what Microsoft's linker makes of long C++ names
)

// A peReader reads what is at relative addresses of a loaded PE file.
type peReader struct {
	f    *pe.File
	data map[*pe.Section][]byte
}

func (r *peReader) section(addr uint32) *pe.Section {
	for _, s := range r.f.Sections {
		if addr >= s.VirtualAddress && addr-s.VirtualAddress < max(s.VirtualSize, s.Size) {
			return s
		}
	}
	return nil
}

// from is the rest of a section's contents from an address on.
func (r *peReader) from(addr uint32) ([]byte, error) {
	s := r.section(addr)
	if s == nil {
		return nil, malformed(fmt.Errorf("address %#x is in no section", addr))
	}
	if _, ok := r.data[s]; !ok {
		data, err := s.Data()
		if err != nil {
			return nil, malformed(err)
		}
		r.data[s] = data
	}
	return r.data[s][min(int(addr-s.VirtualAddress), len(r.data[s])):], nil
}

// read reads a structure.
func (r *peReader) read(addr uint32, v any) error {
	b, err := r.from(addr)
	if err != nil {
		return err
	}
	if _, err := binary.Decode(b, binary.LittleEndian, v); err != nil {
		return malformed(err)
	}
	return nil
}

// text reads a NUL-terminated name.
func (r *peReader) text(addr uint32) (string, error) {
	b, err := r.from(addr)
	if err != nil {
		return "", err
	}
	n := bytes.IndexByte(b[:min(len(b), maxPEName)], 0)
	if n < 0 {
		return "", malformed(fmt.Errorf("the exported name at %#x has no end", addr))
	}
	return string(b[:n]), nil
}
