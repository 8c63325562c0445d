// Package host runs C compiled to wasm32 in a sandbox. Importing it makes wasm
// modules known to [wasmffi.Open]:
//
//	double area(const struct point *p, int n);     // geo.c → geo.wasm
//
//	lib, err := host.Open(ctx, "geo.wasm", host.Options{})
//	area, err := wasmffi.Bind[func(wasmffi.In[Point], int32) (float64, error)](lib, "area")
//
// The module may be any that clang, or another compiler with its C ABI, made:
// a reactor (its _initialize runs when it is opened), a command (its _start is
// a function like others and does not run by itself) or a bare module, whose
// constructors run if it exports __wasm_call_ctors.
//
// Modules that others have made need not know of this package: one may import
// its memory, its table and globals (values come from [Options.Globals]), export
// neither table nor stack pointer nor malloc, be compiled for threads, of which
// it then has one, or be linked as a shared library (wasm-ld -shared), by itself.
// docs/sandbox.md says what is not taken.
//
// # What C can reach
//
// Its own memory, up to [Options.MemoryLimit], and nothing else: no files, no
// environment, no clock, no randomness that is not in [Options]. WASI
// (wasi_snapshot_preview1) is there for it to ask; see Options for what it
// answers.
//
// # Time
//
// Every call ends: under its context, or after [Options.Timeout] when no
// context sets a deadline. The code is rewritten before it is compiled so that
// it asks Go whether to go on, after some ten microseconds of common code; that is
// also when the garbage collector and other goroutines get their turn. A call that
// was ended returns an error wrapping context.DeadlineExceeded or context.Canceled;
// C's own state is then whatever it was in the middle of, but the library can be
// called again.
//
// [Options.Uninstrumented] leaves the code as it came, for modules that are trusted
// to end: then nothing interrupts C.
//
// # Faults
//
// A fault in C is an error wrapping [wasmffi.ErrTrap] and one of this package's
// sentinels. [TrapError] has the C functions that were running, with file and
// line where the module or a side file has debug info.
//
// # Concurrency
//
// A library is safe to use from several goroutines. It runs one call at a time;
// others wait under their context. A callback may call back in, from the
// goroutine it runs in, to the depth of [Options.Depth]; a module with little
// stack (64 KiB, if its linker was told nothing else) may run out of it sooner,
// which is an error wrapping [wasmffi.ErrStackOverflow].
//
// # Fresh instances
//
// [Library.Reset] undoes all that C did since the library was opened, in
// microseconds; [Library.Snapshot] and [Library.Restore] return to any other
// state. A [Pool] runs calls in parallel on instances of one module, each reset
// after use, so that no call sees what another left behind. [Pool.Replace] and
// [Plugin], which keeps its module's state, replace the module by a newer one
// while calls are going on.
//
// # Identity
//
// [Options.SHA256] names the one module that may be opened. A [Cache] keeps what
// was compiled in a directory, so that the next process does not compile; who
// can write to the directory, and has not the key, cannot have it run anything.
package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/wasmffi/wasmffi"
)

// Open opens the module in a file, or by a bare name such as "geo" in the current
// directory, [Options.Path] or $WASMFFI_PATH. It never loads machine code but that
// of an [Options.Cache], if one is given: a file that is not wasm gives an error
// wrapping [wasmffi.ErrRefused] or [wasmffi.ErrFormat]. ctx bounds compiling the
// module and running its own initialisation.
func Open(ctx context.Context, name string, opts Options) (*Library, error) {
	if err := wasmffi.Audit(wasmffi.AuditEvent{Op: wasmffi.AuditOpen, Library: name}); err != nil {
		return nil, err
	}
	data, path, err := findModule(name, opts.Path)
	if err != nil {
		return nil, openError(name, err)
	}
	return open(ctx, name, path, data, opts)
}

// OpenBytes opens a module from memory, as from a //go:embed variable. The name
// is for messages.
func OpenBytes(ctx context.Context, name string, data []byte, opts Options) (*Library, error) {
	if err := wasmffi.Audit(wasmffi.AuditEvent{Op: wasmffi.AuditOpen, Library: name}); err != nil {
		return nil, err
	}
	return open(ctx, name, "", data, opts)
}

func openError(name string, err error) error {
	return &wasmffi.Error{Op: "open", Library: name, Err: err}
}

// findModule reads the module a name stands for, and says where it is.
func findModule(name string, path []string) (data []byte, file string, err error) {
	data, err = readModule(name)
	if !errors.Is(err, wasmffi.ErrNotFound) || filepath.Base(name) != name {
		return data, name, err
	}
	found, tried := find(name, path)
	if found == "" {
		return nil, "", fmt.Errorf("%w: tried %s", wasmffi.ErrNotFound, strings.Join(tried, ", "))
	}
	data, err = readModule(found)
	return data, found, err
}

// readModule reads a file, but no more of it than its first bytes allow.
func readModule(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		if os.IsNotExist(err) {
			return nil, fmt.Errorf("%w: no such file", wasmffi.ErrNotFound)
		}
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("%w: not a regular file", wasmffi.ErrFormat)
	}
	var head [8]byte
	n, err := f.ReadAt(head[:], 0)
	if n < len(head) && n < int(st.Size()) {
		return nil, err
	}
	if err := checkKind(head[:n]); err != nil {
		return nil, err
	}
	return os.ReadFile(name)
}

// checkKind refuses what is not wasm.
func checkKind(head []byte) error {
	switch kind := wasmffi.KindOf(head); {
	case kind == wasmffi.Wasm:
		return nil
	case kind.Native():
		return fmt.Errorf("%w: %v: package host runs wasm modules only", wasmffi.ErrRefused, kind)
	default:
		return fmt.Errorf("%w: it begins with % x, not with the bytes of a wasm module", wasmffi.ErrFormat, head[:min(4, len(head))])
	}
}
