package native

import (
	"debug/elf"
	"debug/macho"
	"iter"
	"slices"
	"strings"

	"github.com/wasmffi/wasmffi"
)

// An objectFile is what a library's file says of the symbols it exports, with
// addresses relative to where it is loaded.
type objectFile struct {
	symbols []objectSymbol // one of each name, in the file's order
	byName  map[string]int
	size    uint64 // of the addresses that the file takes when loaded
}

type objectSymbol struct {
	wasmffi.Symbol
	// indirect: the address is that of a resolver, which chooses the function
	// (STT_GNU_IFUNC). Only the loader knows what it chose.
	indirect bool
	// perThread: a thread-local variable, which has no one address.
	perThread bool
}

func (f *objectFile) add(s objectSymbol) {
	if f.byName == nil {
		f.byName = map[string]int{}
	}
	if _, ok := f.byName[s.Name]; ok || s.Name == "" {
		return
	}
	f.byName[s.Name] = len(f.symbols)
	f.symbols = append(f.symbols, s)
}

func (f *objectFile) find(name string) (objectSymbol, bool) {
	if f == nil {
		return objectSymbol{}, false
	}
	i, ok := f.byName[name]
	if !ok {
		return objectSymbol{}, false
	}
	return f.symbols[i], true
}

func (f *objectFile) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		if f == nil {
			return
		}
		for _, s := range f.symbols {
			if !yield(s.Name) {
				return
			}
		}
	}
}

// readELF reads the dynamic symbol table of an ELF file. Of a symbol in several
// versions it keeps the default one, which dlsym finds too.
func readELF(path string) (*objectFile, error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	out := &objectFile{}
	for _, p := range file.Progs {
		if p.Type == elf.PT_LOAD {
			out.size = max(out.size, p.Vaddr+p.Memsz)
		}
	}
	table, err := file.DynamicSymbols()
	if err != nil {
		return out, nil // no table: nothing is exported
	}
	// Hidden versions last, so that they count only where there is no other.
	hidden := func(s elf.Symbol) int {
		if s.HasVersion && s.VersionIndex.IsHidden() {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(table, func(a, b elf.Symbol) int { return hidden(a) - hidden(b) })
	for _, s := range table {
		if s.Section == elf.SHN_UNDEF || elf.ST_BIND(s.Info) == elf.STB_LOCAL || s.Section == elf.SHN_ABS {
			continue
		}
		sym := objectSymbol{Symbol: wasmffi.Symbol{Name: s.Name, Addr: s.Value}}
		switch elf.ST_TYPE(s.Info) {
		case elf.STT_FUNC:
		case elf.STT_GNU_IFUNC:
			sym.indirect = true
		case elf.STT_TLS:
			sym.Kind, sym.Size, sym.perThread = wasmffi.VarSymbol, s.Size, true
		case elf.STT_OBJECT, elf.STT_COMMON:
			sym.Kind, sym.Size = wasmffi.VarSymbol, s.Size
		case elf.STT_NOTYPE:
			if !executable(file, s.Section) {
				sym.Kind, sym.Size = wasmffi.VarSymbol, s.Size
			}
		default:
			continue
		}
		out.add(sym)
	}
	return out, nil
}

func executable(f *elf.File, section elf.SectionIndex) bool {
	return int(section) < len(f.Sections) && f.Sections[section].Flags&elf.SHF_EXECINSTR != 0
}

// readMachO reads the external symbols of a Mach-O file, without the underscore
// that C names have there. The format does not say how large variables are.
func readMachO(path string) (*objectFile, error) {
	file, err := macho.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	out := &objectFile{}
	if file.Symtab == nil {
		return out, nil
	}
	const (
		typeMask  = 0x0e // N_TYPE
		inSection = 0x0e // N_SECT
		external  = 0x01 // N_EXT
	)
	for _, s := range file.Symtab.Syms {
		if s.Type&typeMask != inSection || s.Type&external == 0 || s.Sect == 0 || int(s.Sect) > len(file.Sections) {
			continue
		}
		sym := objectSymbol{Symbol: wasmffi.Symbol{Name: strings.TrimPrefix(s.Name, "_"), Addr: s.Value}}
		switch section := file.Sections[s.Sect-1]; {
		case section.Seg != "__TEXT" || section.Name == "__const" || section.Name == "__cstring":
			sym.Kind = wasmffi.VarSymbol
		}
		out.add(sym)
	}
	return out, nil
}
