package wasmffi

import "github.com/wasmffi/wasmffi/dtype"

// Imports are Go functions that a library calls by name: its view of its host.
// They are an option of [Open] for every backend.
//
//	WASMFFI_IMPORT(int, host_log, (int level, const char *text));   // C, see wasmffi.h
//
//	lib, err := wasmffi.Open(ctx, "plugin.wasm", wasmffi.Imports{{
//		Name: "host_log",
//		Func: func(level int32, text string) int32 { log.Print(text); return 0 },
//	}})
//
// In the sandbox they are the module's imports; one that the module wants and
// does not get is an error that lists all of them. Natively they are exported
// function pointer variables of the library, which are set when it is opened;
// those that the library does not export are ignored, as those that a module
// does not import are.
type Imports []Import

// BackendName makes Imports an option of every backend.
func (Imports) BackendName() string { return "" }

// An Import is one Go function that a library calls.
type Import struct {
	// Module is the module name the wasm import has; "env" when empty, as
	// linkers have it. Natively it does not count.
	Module string
	// Name is the function's name in C.
	Name string
	// Func is the Go function, as [NewCallback] takes it; or a
	// func(*Frame) error with Sig stated, called without reflection.
	Func any
	// Sig is C's prototype; nil takes it from Func's type.
	Sig *dtype.Func
}

// Spec describes the Go function to a backend.
func (im Import) Spec(lib Library) (CallbackSpec, error) {
	if raw, ok := im.Func.(func(*Frame) error); ok && im.Sig != nil {
		return CallbackSpec{Sig: im.Sig, Func: raw, Import: im.Name}, nil
	}
	spec, err := NewCallbackSpec(lib, im.Func, &CallbackOptions{Sig: im.Sig})
	spec.Import = im.Name
	return spec, err
}
