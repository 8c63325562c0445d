// Package native is the backend for shared libraries of this machine: the same
// [wasmffi.Library] as package host gives for sandboxed modules, without cgo.
//
//	import _ "github.com/wasmffi/wasmffi/native"
//
//	libm, err := wasmffi.Open(ctx, "libm.so.6")                        // void *h = dlopen("libm.so.6", RTLD_NOW);
//	cos, err := wasmffi.Bind[func(float64) float64](libm, "cos")       // double (*cos)(double) = dlsym(h, "cos");
//	y := cos(0.5)                                                      // double y = cos(0.5);
//
// Importing it is the decision to trust machine code: a shared library can do
// whatever the process can. What came from elsewhere belongs in the sandbox.
//
// # Platforms
//
// Calls work on Linux and macOS, amd64 and arm64, and on Windows, amd64, with
// CGO_ENABLED=0 and 1. On other platforms the package builds, and opening a
// library is an error wrapping [wasmffi.ErrNotSupported]. With CGO_ENABLED=0 a program that imports
// this package is still linked dynamically, against the C library.
//
// On amd64 a clang before 18 splits an __int128 parameter between the last free
// register and the stack, where gcc, later clangs and the ABI put all of it on
// the stack: what such a clang compiled finds another value there.
//
// On Windows a DLL is looked for in its own directory, the program's and the
// system's, never in the current one; a [Mode] means nothing. Types are laid out
// as Microsoft's compiler does, with a long double of 8 bytes: what gcc compiled
// differs in long double without -mlong-double-64, and in some bit-fields and
// packed records. errno, allocated memory and stdio are those of the C runtime
// that the DLL imports, ucrtbase.dll or msvcrt.dll. [OpenProcess] is not
// supported, and [wasmffi.Vectorize] makes its calls one by one. C's exceptions
// cannot be unwound through a callback. It is tested under wine only.
//
// # Calls
//
// A call runs C on the thread of the calling goroutine, on that thread's own
// stack. Successive calls of a goroutine may run on different threads; lock it
// with [runtime.LockOSThread] for libraries that keep something per thread.
// errno is read and set inside the call, on its thread.
//
// Go memory that a call refers to is used in place: Go's heap does not move,
// and the call keeps it alive. C must not keep the pointer after it has
// returned.
//
// A context is looked at when a call begins; nothing can end C that runs. Calls
// between Go and C may be nested to a depth of 1000 on one thread, or until its
// stack is nearly used up; what goes deeper is an error wrapping
// [wasmffi.ErrDepth].
//
// # Callbacks
//
// A callback may be called on any thread, also on one that C started. A failure
// in it gives C the fallback result, and is the error of the enclosing call.
// runtime.Goexit in a callback ends the goroutine and discards C's frames, as
// longjmp would; on a thread that C started it ends the process.
//
// # Faults
//
// On Linux, amd64 and arm64, a fault in C ends the call and not the process: a
// segmentation fault, a bus error, a division by zero, an illegal instruction, a
// trap, running out of stack. The error is a [*FaultError] and wraps
// [wasmffi.ErrTrap]. Nothing of the call is left in Go: its thread, stack and
// memory are free for the next one, and an outer call goes on when the callback
// that the fault was in returns.
//
// C is left as it was, halfway. Locks that it held stay locked, also those of
// malloc and stdio; what it allocated is not freed; data that it was changing
// is half changed; a C++ destructor does not run. So the library is poisoned:
// further calls through it are errors wrapping [wasmffi.ErrPoisoned]. Memory can
// be read and symbols looked up. Close waits for nothing, does not flush stdio,
// and leaves the library loaded: opening it again finds its data as the fault
// left it. Other libraries are not refused, but what shares a lock with the dead
// call waits for it forever; a process that goes on after a fault in malloc or
// stdio will hang sooner or later, in [Flush] perhaps. [Options].AllowAfterFault
// is for libraries that compute and keep nothing.
//
// The rounding mode and other floating-point control are those of a new thread
// afterwards. The signal mask is as C had it.
//
// What still ends the process: abort and failed assertions; a fault on a thread
// that C started, unless in C that a callback there has called; in a signal
// handler of C's; in C that was called by way of cgo or by another package;
// while a library is loaded or unloaded, or memory freed; a signal that was sent
// with kill or raise, unless [os/signal.Notify] takes it; memory that C spoiled
// without a fault and Go trips over later. Who expects those runs the library in
// a process of its own, or compiles it for the sandbox.
//
// The guard is a signal handler that is installed with the first library opened
// and hands everything else to the handler before it, which is Go's: nil
// dereferences in Go panic as always, and [runtime/debug.SetPanicOnFault] works.
// A library that installs its own handler later gets C's faults first, and this
// guard those that it passes on. Without a fault the guard costs a call about a
// nanosecond; [Options].NoFaultGuard takes a library out of it.
//
// On other platforms a fault in C ends the process.
//
// # Leaf calls
//
// [Leaf] calls C functions that return at once without telling Go's scheduler,
// for less than half the price. Its hazards are listed there.
//
// # Close
//
// Close waits for calls in flight, flushes C's stdio, and unloads the library
// (see above for one that is poisoned)
// once no view of its variables is in use. Calls after it are errors. What C
// keeps running by itself, as a thread of its own, has to be stopped first.
//
// C's stdio is buffered apart from Go's: what C has printed to a pipe or file
// is lost if the program ends before Close or [Flush].
package native

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/wasmffi/wasmffi"
)

// Options say how to load a library. The zero value is right for most: all
// symbols resolved at once, none of them given to other libraries.
type Options struct {
	Mode Mode
	// Keep leaves the library loaded after Close, for libraries that cannot
	// be unloaded safely: those that have started threads, or registered
	// functions to run at exit.
	Keep bool
	// NoFaultGuard leaves faults in the library's C to Go's own handler, which
	// ends the process, with a trace of all goroutines.
	NoFaultGuard bool
	// AllowAfterFault lets the library be called after a fault in it. Without,
	// it is poisoned: see the package's section on faults.
	AllowAfterFault bool
	// Imports are Go functions for the function pointer variables that the
	// library exports, as WASMFFI_IMPORT of wasmffi.h makes them. A
	// wasmffi.Imports among the options of wasmffi.Open adds to them.
	Imports wasmffi.Imports
	// Hooks see every call between Go and C. A wasmffi.Hook among the options of
	// wasmffi.Open adds to them.
	Hooks []wasmffi.Hook
}

// BackendName implements [wasmffi.Options].
func (Options) BackendName() string { return backendName }

const backendName = "native"

// A Mode is a set of flags for the dynamic loader.
type Mode uint8

const (
	// Lazy resolves functions when they are first called (RTLD_LAZY): a
	// missing one then ends the process. The default resolves all when
	// loading (RTLD_NOW).
	Lazy Mode = 1 << iota
	// Global gives the library's symbols to those that are loaded after it
	// (RTLD_GLOBAL). The default keeps them apart (RTLD_LOCAL).
	Global
)

func init() { wasmffi.Register(backend{}) }

// A backend is what wasmffi.Open knows of this package.
type backend struct{}

func (backend) Name() string { return backendName }

func (backend) Opens(k wasmffi.Kind) bool { return k.Native() }

func (backend) Open(ctx context.Context, src wasmffi.Source, opts []wasmffi.Options) (wasmffi.Library, error) {
	var o Options
	var imports wasmffi.Imports
	var hooks []wasmffi.Hook
	for _, opt := range opts {
		switch opt := opt.(type) {
		case Options:
			o = opt
		case wasmffi.Imports:
			imports = append(imports, opt...)
		case wasmffi.Hook:
			hooks = append(hooks, opt)
		}
	}
	o.Imports = slices.Concat(o.Imports, imports)
	o.Hooks = slices.Concat(o.Hooks, hooks)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if src.Data != nil {
		return openBytes(src.Name, src.Data, o)
	}
	return openName(src.Name, src.Name, o)
}

func (backend) Find(name string) (found string, tried []string) { return find(name) }

// Open loads a shared library by path, or by a bare name that the system's
// loader searches for. A file that is no shared library of this machine is an
// error wrapping [wasmffi.ErrFormat].
func Open(ctx context.Context, name string, opts Options) (wasmffi.Library, error) {
	if err := wasmffi.Audit(wasmffi.AuditEvent{Op: wasmffi.AuditOpen, Library: name}); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, openError(name, err)
	}
	if err := checkFile(name); err != nil {
		return nil, openError(name, err)
	}
	lib, err := openName(name, name, opts)
	if err != nil {
		return nil, openError(name, err)
	}
	return lib, nil
}

// OpenBytes loads a shared library from memory, as from a //go:embed variable.
// The name is for messages.
func OpenBytes(ctx context.Context, name string, data []byte, opts Options) (wasmffi.Library, error) {
	if err := wasmffi.Audit(wasmffi.AuditEvent{Op: wasmffi.AuditOpen, Library: name}); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, openError(name, err)
	}
	if err := checkKind(data); err != nil {
		return nil, openError(name, err)
	}
	lib, err := openBytes(name, data, opts)
	if err != nil {
		return nil, openError(name, err)
	}
	return lib, nil
}

// OpenHandle makes a library of what the program has loaded by itself: a handle
// that dlopen returned. Close does not unload it.
func OpenHandle(name string, handle uintptr) (wasmffi.Library, error) {
	if err := wasmffi.Audit(wasmffi.AuditEvent{Op: wasmffi.AuditOpen, Library: name}); err != nil {
		return nil, err
	}
	lib, err := openHandle(name, handle)
	if err != nil {
		return nil, openError(name, err)
	}
	return lib, nil
}

// OpenProcess makes a library of the process itself: its C library and all that
// was loaded with [Global].
func OpenProcess() (wasmffi.Library, error) {
	const name = "this process"
	lib, err := openProcess(name)
	if err != nil {
		return nil, openError(name, err)
	}
	return lib, nil
}

// checkFile refuses a file that is there but no shared library, before the
// loader gives its own opinion of it. A bare name is the loader's to find.
func checkFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, 8)
	n, _ := f.Read(head)
	return checkKind(head[:n])
}

func checkKind(head []byte) error {
	if k := wasmffi.KindOf(head); !k.Native() {
		return fmt.Errorf("%w: %v", wasmffi.ErrFormat, k)
	}
	return nil
}

func openError(name string, err error) error {
	return &wasmffi.Error{Op: "open", Library: name, Err: err}
}
