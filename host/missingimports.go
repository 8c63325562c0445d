package host

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
)

// A MissingImportsError lists what a module imports and is not given, sorted by
// name. It wraps [wasmffi.ErrNotFound].
type MissingImportsError struct {
	Imports []MissingImport
	// More is how many are missing beside the first thousand, which are listed.
	More int
}

// mostMissing is how many are listed, so that a module's error costs no more than
// the module.
const mostMissing = 1000

// A MissingImport is one that nobody provides.
type MissingImport struct {
	Module, Name string
	// Kind is "func" or "global".
	Kind string
	// Sig is a function's prototype in C: from the module's debug info, where it
	// declares a function of that name that compiles to the type that is imported;
	// else made of that type, with int32_t for i32, which may stand for any smaller
	// integer, pointer or enum; nil where no C type is known.
	Sig *dtype.Func
	// Declared tells that Sig is from debug info.
	Declared bool
	// Signature is the type in wasm, as "(i32, f64) -> i32" or "i64, mutable".
	Signature string
	// Given is the Go type of the value that was given for a global, and is none
	// of its type's.
	Given string
	// Near are imports that were given and may be meant for it, as "env.host_lgo".
	Near []string
}

// What a message has of them: a module may want a million functions of a thousand
// parameters.
const (
	mostPrinted = 20
	mostText    = 400 // bytes of one
)

// Error gives the first twenty as C, and how many there are besides:
//
//	missing imports not found: int env.host_log(int, const char *); double env.host_clock(void)
func (e *MissingImportsError) Error() string {
	var texts []string
	for _, im := range e.Imports[:min(len(e.Imports), mostPrinted)] {
		text := im.String()
		if len(text) > mostText {
			text = strings.ToValidUTF8(text[:mostText], "") + "…"
		}
		texts = append(texts, text)
	}
	if more := len(e.Imports) - len(texts) + e.More; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("missing imports %v: %s", wasmffi.ErrNotFound, strings.Join(texts, "; "))
}

func (e *MissingImportsError) Unwrap() error { return wasmffi.ErrNotFound }

// String is the import as in messages.
func (m MissingImport) String() string {
	name := importName(guestabi.Name{Module: m.Module, Name: m.Name})
	s := name + " " + m.Signature
	switch {
	case m.Sig != nil:
		s = dtype.Declare(m.Sig, name)
	case m.Kind != guestabi.KindFunc.String():
		s = m.Kind + " " + s
	}
	if m.Given != "" {
		s += fmt.Sprintf(" (not a Go %s)", m.Given)
	}
	if len(m.Near) > 0 {
		s += fmt.Sprintf(" (is %s meant for it?)", strings.Join(m.Near, " or "))
	}
	return s
}

// missing describes an imported function that nobody provides.
func (in *instance) missing(im guestabi.Import) MissingImport {
	m := MissingImport{Module: im.Module, Name: im.Name.Name, Kind: im.Kind.String()}
	t := in.mod.res.Module.Types[im.Type]
	m.Signature = signatureText(t)
	if m.Sig = in.declaredImport(m.Name, t); m.Sig != nil {
		m.Declared = true
	} else {
		m.Sig = cSignature(t)
	}
	want := m.Module + "." + m.Name
	var given []string
	for _, own := range in.opts.Imports {
		name := guestabi.Name{Module: cmp.Or(own.Module, "env"), Name: own.Name}
		if in.mod.imports(name) { // it is for that
			continue
		}
		text := name.Module + "." + name.Name
		if own.Name == m.Name { // in another module
			m.Near = append(m.Near, text)
		}
		given = append(given, text)
	}
	if m.Near == nil {
		m.Near = wasmffi.NearMatches(want, slices.Values(given))
	}
	return m
}

// declaredImport is the prototype of an imported function by the debug info, if
// it is of this type in wasm: debug info is the module's, and may say anything.
func (in *instance) declaredImport(name string, t guestabi.FuncType) *dtype.Func {
	info, err := in.debugInfo()
	if err != nil {
		return nil
	}
	f, err := info.Func(name)
	if err != nil || f.Type == nil {
		return nil
	}
	lowered, err := guestabi.Lower(f.Type)
	if err != nil || !lowered.Type.Equal(t) {
		return nil
	}
	return f.Type
}

// cSignature is a prototype that has a type in wasm, nil if there is none.
func cSignature(t guestabi.FuncType) *dtype.Func {
	ctypes := map[guestabi.ValueType]dtype.Type{
		guestabi.I32: dtype.Int32, guestabi.I64: dtype.Int64, guestabi.F32: dtype.CFloat, guestabi.F64: dtype.CDouble,
	}
	var result dtype.Type = dtype.CVoid
	if len(t.Results) > 0 {
		result = ctypes[t.Results[0]]
	}
	params := make([]dtype.Param, len(t.Params))
	for i, p := range t.Params {
		params[i].Type = ctypes[p]
		if params[i].Type == nil {
			return nil
		}
	}
	if result == nil || len(t.Results) > 1 {
		return nil
	}
	sig, err := dtype.NewFunc(result, params, false)
	if err != nil {
		return nil
	}
	return sig
}

func (m *module) imports(name guestabi.Name) bool {
	return slices.ContainsFunc(m.res.Module.Imports, func(im guestabi.Import) bool { return im.Name == name })
}
