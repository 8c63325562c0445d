package guestabi

import (
	_ "embed"
	"os"
	"path/filepath"
)

// HeaderName is what C source includes.
const HeaderName = "wasmffi.h"

// Header is the text of wasmffi.h, the optional C and C++ header with the macros
// WASMFFI_EXPORT, WASMFFI_EXPORT_VAR, WASMFFI_EXPORT_AS, WASMFFI_IMPORT and
// WASMFFI_IMPORT_FROM. On wasm32 an import is an imported function, of the
// module "env" unless stated. On native it is an exported variable of that
// name, a pointer to a function, which is NULL until the host sets it.
//
//go:embed include/wasmffi.h
var Header string

// WriteHeader writes wasmffi.h into a directory, which becomes an include path.
func WriteHeader(dir string) error {
	return os.WriteFile(filepath.Join(dir, HeaderName), []byte(Header), 0o644)
}
