// Package wasmffi calls C code from Go: C compiled to wasm32, in a sandbox, or
// a shared library of this machine, through one [Library] interface and
// without cgo.
package wasmffi
