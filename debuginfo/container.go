package debuginfo

import (
	"bytes"
	"fmt"
	"io"

	"github.com/wasmffi/wasmffi/dtype"
)

// A container is the file format around debug info. Making one reads the table
// of sections only.
type container interface {
	// abi is the ABI of the file's code, nil if dtype has none for it.
	abi() *dtype.ABI
	// has reports whether the file has a section of debug info, by its DWARF
	// name without ".debug_" ("info", "line_str").
	has(name string) bool
	// section reads one, nil if there is none.
	section(name string) ([]byte, error)
	// symbols are what the file exports. A file that cannot be read so far
	// has none: names are then those of the debug info.
	symbols() symbols
	// buildID identifies the link that made the file, nil if unknown.
	buildID() []byte
}

// symbols are the addresses that a file exports, by name. They are two maps
// since WebAssembly counts functions and data from different origins.
type symbols struct{ funcs, vars map[string]uint64 }

// openContainer recognises the format by the first bytes.
func openContainer(r io.ReaderAt, size int64) (c container, err error) {
	// The standard library's readers are not hardened against every hostile
	// file; a panic of theirs is that file's fault.
	defer recoverMalformed(&err)
	var magic [4]byte
	if _, err := r.ReadAt(magic[:], 0); err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.Equal(magic[:], []byte("\x00asm")):
		return openWASM(r, size)
	case bytes.Equal(magic[:], []byte("\x7fELF")):
		return openELF(r, size)
	case bytes.Equal(magic[:2], []byte("MZ")):
		return openPE(r, size)
	case isMachO(magic):
		return openMachO(r, size)
	}
	return nil, fmt.Errorf("%w: neither WebAssembly nor ELF, Mach-O or PE", ErrMalformed)
}

// recoverMalformed turns a panic over a file's contents into an error.
func recoverMalformed(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: %v", ErrMalformed, p)
	}
}

// checkSize bounds what reading a section may take: its bytes in the file, or
// as much as a compressor can make of them in earnest.
func checkSize(name string, size, inFile uint64) error {
	const ratio, slack = 256, 1 << 20
	if size > ratio*inFile+slack {
		return fmt.Errorf("%w: section %s of %d bytes unpacks to %d", ErrMalformed, name, inFile, size)
	}
	return nil
}

// malformed marks an error of a container's reader.
func malformed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrMalformed, err)
}
