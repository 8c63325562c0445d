package debuginfo

import (
	"io"
	"iter"

	"github.com/wasmffi/wasmffi/dtype"
)

// An Info is the debug info of one library.
type Info struct {
	name string
	abi  *dtype.ABI
}

// Open reads the debug info of the library at path: its own, or that of the
// separate file that it names. Without any, the error wraps [ErrNone].
func Open(path string) (*Info, error) {
	return nil, &Error{Op: "open", File: path, Err: ErrNone}
}

// New reads debug info from a library of the given size in bytes. The name is
// for messages; no other file is read. r is used until [Info.Close].
func New(r io.ReaderAt, size int64, name string) (*Info, error) {
	return nil, &Error{Op: "open", File: name, Err: ErrNone}
}

// Close releases the file. What was decoded stays valid; lookups that would
// have to read more fail.
func (i *Info) Close() error { return nil }

// Name is the path or name the debug info was opened with.
func (i *Info) Name() string { return i.name }

// ABI is the ABI the library was compiled for.
func (i *Info) ABI() *dtype.ABI { return i.abi }

// A Func is a C function.
type Func struct {
	Name string
	// Type has the parameters' names.
	Type *dtype.Func
	// Addr is the function's first instruction, 0 if the library only
	// declares it (an import).
	Addr uint64
	// File and Line are where the source declares it; empty and 0 if unknown.
	File string
	Line int
	// External is false for a static function.
	External bool
}

// A Var is a C variable at file scope.
type Var struct {
	Name string
	Type dtype.Type
	// Addr is the variable's address, 0 if the library only declares it or
	// keeps one for each thread.
	Addr uint64
	// File and Line are where the source declares it; empty and 0 if unknown.
	File string
	Line int
	// External is false for a static variable.
	External bool
	// ThreadLocal tells that each thread has its own.
	ThreadLocal bool
}

// A Frame is a source position of a code address.
type Frame struct {
	Func   string
	File   string
	Line   int
	Column int
	// Inlined tells that the function's code is part of the next frame's.
	Inlined bool
}

// Func finds a function by name. A name of the library's symbol table goes
// before one in the debug info, and resolves through its address: stat may be
// an alias of a function compiled as __stat64. A function that the library
// only declares has no address.
func (i *Info) Func(name string) (*Func, error) {
	return nil, &Error{Op: "func", File: i.name, Name: name, Err: ErrNotFound}
}

// FuncAt finds the function whose code holds addr.
func (i *Info) FuncAt(addr uint64) (*Func, error) {
	return nil, &Error{Op: "func", File: i.name, Err: ErrNotFound}
}

// Funcs are the functions with code, by name. A function whose type cannot be
// expressed comes with a nil Type and the reason.
func (i *Info) Funcs() iter.Seq2[*Func, error] { return func(func(*Func, error) bool) {} }

// Type finds a type by its name in C: "struct point", "union u", "enum e" or a
// typedef's name.
func (i *Info) Type(name string) (dtype.Type, error) {
	return nil, &Error{Op: "type", File: i.name, Name: name, Err: ErrNotFound}
}

// Types are the structs, unions, enums with tags and the typedefs, by name. A
// type that cannot be expressed is nil with the reason.
func (i *Info) Types() iter.Seq2[dtype.Type, error] { return func(func(dtype.Type, error) bool) {} }

// Var finds a variable at file scope by name.
func (i *Info) Var(name string) (*Var, error) {
	return nil, &Error{Op: "var", File: i.name, Name: name, Err: ErrNotFound}
}

// Vars are the variables with an address, by name. A variable whose type
// cannot be expressed comes with a nil Type and the reason.
func (i *Info) Vars() iter.Seq2[*Var, error] { return func(func(*Var, error) bool) {} }

// Line finds the source of a code address, innermost first: functions inlined
// there, then the function itself.
func (i *Info) Line(addr uint64) ([]Frame, error) {
	return nil, &Error{Op: "line", File: i.name, Err: ErrNotFound}
}
