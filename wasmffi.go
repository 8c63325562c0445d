// Package wasmffi calls C code from Go: C compiled to wasm32, in a sandbox, or
// a shared library of this machine, through one [Library] interface and
// without cgo.
//
//	import (
//		"github.com/wasmffi/wasmffi"
//		_ "github.com/wasmffi/wasmffi/host"   // wasm modules, sandboxed
//		_ "github.com/wasmffi/wasmffi/native" // this machine's shared libraries
//	)
//
//	lib, err := wasmffi.Open(ctx, "geo.wasm") // or "./libgeo.so"
//	defer lib.Close()
//	dist, err := wasmffi.Bind[func(ax, ay, bx, by float64) float64](lib, "dist")
//	d := dist(0, 0, 3, 4) // double dist(double ax, double ay, double bx, double by);
//
// # Linking is consent
//
// A program can open only what it imports a backend for. With package host
// alone it is a static binary that can never be made to load machine code;
// importing package native is the decision to trust shared libraries.
//
// # Arguments
//
// The same words hold on both backends.
//
//   - A Go argument fills exactly one C parameter.
//   - A Go integer goes to the C type that was declared, checked for its range.
//     Go's int and uint need a declaration ([BindAs], [BindFunc]); C's types
//     whose size differs between platforms have Go types of their own:
//     [dtype.Long], [dtype.Size], [dtype.WChar] …
//   - A string is copied, with a NUL after it.
//   - A slice, or a pointer to a struct or other value, is the C pointer for
//     the length of the call: natively in place where Go's layout is C's, in
//     the sandbox copied in and copied out again. [In] is copied in only, [Out]
//     out only. Slices that overlap in Go overlap in C.
//   - Strings, slices and pointers within such memory stay Go's when C returns,
//     also where C put other pointers in their place. Those are read from a
//     memory.Ptr: a *memory.Ptr[byte] is C's char **.
//   - C must not keep such a pointer. What it may keep is allocated in the
//     library, with [memory.NewArena] on [Library.Space], and passed as a
//     [memory.View] or [memory.Pointer].
//   - Only pointer-free Go values without bool are used in place, so that C
//     can never make up a Go pointer or an invalid bool; others are converted
//     member by member, before the call and after it.
//   - A Go func is a C function pointer for the length of the call; one from
//     [NewCallback] until it is freed.
//   - A [Handle] carries a Go value through void *.
//   - nil is NULL.
//   - A value where C wants a pointer to one is copied, and a reference to the
//     copy passed. [ByRefAt] refers into the middle of an object.
//   - An [Argument] says itself what is passed in its place.
//   - What matches "..." is promoted as C does: float32 becomes double, small
//     integers int.
//
// # Ways to bind
//
//	[Bind], [BindAs]     a Go func; C's signature from its type, or stated
//	[Func2] … [Prepare]  scalars, and structs by value, without reflection
//	[BindFunc], [Call]   arguments of any type; signature stated, or from debug info
//	[BindUndeclared]     nothing declared: arguments go by what they are
//	[BindProto]          parameters named, left out, out; results checked
//	[BindTable]          C's structs and arrays of function pointers
//	[Vectorize]          scalars in C, arrays in Go: C runs over all elements
//
// A Go func as the result of any of them is the C function that a returned
// pointer points to, bound anew by each call.
//
// # Contracts
//
// What C's types do not say of the memory behind pointers can be declared of a
// signature: lengths that depend on other arguments, what must not overlap,
// where a result points ([dtype.Func.WithContract]). C text that package cdecl
// reads declares much of it, as double x[n] does. Calls check it, of the
// arguments before C is entered and of what C left afterwards, and give a
// [ContractError]. For the sandbox this is the place where numbers that come
// from the guest are checked before Go uses them.
//
// # Callbacks
//
// [NewCallback] makes a C function pointer of any Go function whose types have
// C's, structs by value, va_list ([VaList]), "..." ([Varargs]) and pointers to functions included.
// It lives until it is freed or its arena closes ([CallbackOptions], [NewArena]);
// there can be any number over time. A freed one that C calls all the same is an
// error, until its slot is used again: the one freed first is used first.
//
// An error or panic in a callback gives C the callback's fallback, lets C go
// on, and is returned by the call from Go that C is in. runtime.Goexit cannot be
// stopped by anybody: it ends the goroutine, the frames of C in between are
// dropped as by longjmp, and the library stays usable. In threads that C
// started there is no such call: there [CallbackOptions.OnError] hears of it.
//
// Calls may be nested, Go in C in Go, to [MaxDepth]; the one beyond it is an
// error wrapping [ErrDepth]. However a nested call ends, those around it go on
// as if it had returned.
//
// # Watching calls
//
// A [Hook] among the options of [Open] sees every call, callback and import: for
// logs ([LogCalls]), metrics, and spans that nest as the calls do. [SetAuditHook]
// sees, and can refuse, what libraries are opened and what is looked up in them.
//
// # Errors
//
// Functions bound with an error result return *[Error]; those without panic
// with it. Errors unwrap to the sentinels of this package and of package
// memory. A mistake in the arguments is found before C is entered.
//
// # Concurrency
//
// Libraries and bound functions may be used by several goroutines. A sandbox
// runs one call at a time and lets the others wait, except that a callback may
// call back into the library on its own goroutine; native calls run in
// parallel, as far as the C code allows it.
package wasmffi
