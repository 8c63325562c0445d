package wasmffi

import (
	"context"
	"iter"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// A Library is C code that can be called: a sandboxed module or a shared
// library of this machine. It is the contract between this package and the
// backends; the typed forms ([Bind], [Func2], [Call] …) are built on it.
//
// All methods may be called from several goroutines. After Close they return
// an error wrapping [ErrClosed].
type Library interface {
	// Name is what the library was opened as, for messages.
	Name() string
	// Space is the memory its pointers point into.
	Space() memory.Space
	// Lookup finds an exported function or variable. The name may be any
	// bytes. A missing one gives an error wrapping [ErrNotFound] that names
	// near matches.
	Lookup(name string) (Symbol, error)
	// Symbols are the exported functions and variables, in no certain order.
	Symbols() iter.Seq[Symbol]
	// FuncAt is the function that a C function pointer points to; Name is
	// empty where it has none.
	FuncAt(addr uint64) (Symbol, error)
	// Address is the C function pointer of a function, or the address of a
	// variable.
	Address(s Symbol) (uint64, error)
	// Prepare makes the plan of calls to fn as sig. A variadic function takes
	// one plan for each shape it is called in ([dtype.Func.WithArgs]). What
	// the backend cannot call gives an error wrapping [ErrNotSupported].
	Prepare(fn Symbol, sig *dtype.Func) (Callable, error)
	// Callback makes a C function pointer that calls Go.
	Callback(spec CallbackSpec) (Callback, error)
	// Close releases the library. Calls in flight end at their next yield
	// (sandbox) or are waited for (native); inside a callback it is [ErrBusy].
	// Views of its memory end. Closing twice is no error.
	Close() error
}

// A Symbol is an exported function or variable.
type Symbol struct {
	Name string
	Kind SymbolKind
	// Addr is where a variable is, or what the backend knows a function by.
	Addr uint64
	// Size is a variable's size in bytes, 0 when unknown.
	Size uint64
	// Signature is the machine-level signature where the backend knows one,
	// as in "(i32, f64) -> i32"; for people to read.
	Signature string
}

// A SymbolKind tells functions from variables.
type SymbolKind uint8

const (
	FuncSymbol SymbolKind = iota
	VarSymbol
)

func (k SymbolKind) String() string {
	if k == VarSymbol {
		return "variable"
	}
	return "function"
}

// A Callable is a call plan: a function with everything about its signature
// decided. It may be used by several goroutines.
type Callable interface {
	// Call makes one call with what f holds. It does not keep f, nor anything
	// f refers to. An error means that C was not entered or did not return
	// normally; f's result is then meaningless.
	Call(f *Frame) error
}

// A WordCaller is a Callable with a shorter way for the commonest calls, those
// of scalars alone.
type WordCaller interface {
	Callable
	// CallWords is Call of a frame that has this context and these words, as
	// many as [FrameShape] says, and nothing else. It keeps neither.
	CallWords(ctx context.Context, words []uint64) error
}

// A FewCaller is a WordCaller of at most four parameters with a shorter way yet.
type FewCaller interface {
	WordCaller
	// CallFew is CallWords without a context: it takes the parameters' words,
	// any for those that the function does not have, and returns the result's.
	CallFew(a0, a1, a2, a3 uint64) (uint64, error)
}

// A Frame carries one call across the boundary, in either direction.
//
// Words holds the parameters and then the result, each where [FrameShape] says:
// scalars in one 64-bit word, canonically extended (integers by their C type's
// sign, float as its bits in the low half), anything wider as its bytes in the
// library's ABI. The frame belongs to the caller and is invalid after the call.
type Frame struct {
	// Ctx bounds the call in time; nil is no bound but the library's own. A
	// native call looks at it only before it enters C.
	Ctx context.Context
	// Words are the parameters and the result.
	Words []uint64
	// Blocks are Go values that parameters point to. They are C's for the
	// length of the call: where Go and C share memory they are pinned and
	// used in place, elsewhere copied in and out as their Flow says.
	// Blocks whose Data overlap are one object to C too.
	Blocks []memory.Block
	// Pointers tell which parameters point to a block: Offset is that of the
	// parameter's word in Words, in bytes. The backend stores there the address
	// that C is given.
	Pointers []memory.BlockPointer
	// WantErrno asks for errno: C's is set to Errno before the call, and Errno
	// is what C left in it afterwards.
	WantErrno bool
	Errno     int32
}

// A CallbackSpec describes a Go function that C may call.
type CallbackSpec struct {
	Sig *dtype.Func
	// Func is the Go side. The frame's words are laid out as for a call of
	// [CallbackFrame]; it writes the result's. Ctx is the outer call's, or context.Background in a
	// thread that C started. Its error, like a panic, goes to the caller of
	// the outer call, and C is given the fallback.
	Func func(f *Frame) error
	// Fallback is the result C is given when Func fails: words as in the
	// frame's result. Nil is all zero.
	Fallback []uint64
	// OnError, if set, is told of the failure at once. It matters where there
	// is no outer call: in threads that C started.
	OnError func(error)
	// Import is the name that C calls the function by, if it is one of its
	// imports; for hooks.
	Import string

	pc uintptr // of the Go function, where it is known
}

// A Callback is a C function pointer that calls Go.
type Callback interface {
	// Address is the function pointer, for C.
	Address() uint64
	// Free gives the pointer back. C must not call it any more: a call through
	// it is an error until the slot is used again, which happens late.
	// Freeing twice is no error.
	Free() error
}
