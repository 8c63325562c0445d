package wasmffi

import "bytes"

// A Kind is what a library's first bytes say it is.
type Kind uint8

const (
	Unknown Kind = iota
	Wasm
	ELF
	MachO
	PE
)

func (k Kind) String() string {
	switch k {
	case Wasm:
		return "WebAssembly module"
	case ELF:
		return "ELF file"
	case MachO:
		return "Mach-O file"
	case PE:
		return "PE file"
	}
	return "unknown file"
}

// Native reports whether the kind is machine code.
func (k Kind) Native() bool { return k >= ELF }

// KindOf sniffs the first bytes of a file.
func KindOf(head []byte) Kind {
	for _, m := range []struct {
		magic string
		kind  Kind
	}{
		{"\x00asm", Wasm},
		{"\x7fELF", ELF},
		{"MZ", PE},
		{"\xcf\xfa\xed\xfe", MachO}, // 64-bit, little-endian
		{"\xce\xfa\xed\xfe", MachO}, // 32-bit, little-endian
		{"\xca\xfe\xba\xbe", MachO}, // universal
	} {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return m.kind
		}
	}
	return Unknown
}
