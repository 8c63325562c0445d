package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/host"
	_ "github.com/wasmffi/wasmffi/native" // libraries of this machine
)

// opened is the library of a call command.
type opened struct {
	lib    wasmffi.Library
	flags  *callFlags
	native bool
	// stuck: a native call has run out of time and goes on for ever.
	stuck bool
}

// openLibrary opens LIB as the flags ask. Where stdout is for programs to read,
// what C prints goes to stderr.
func openLibrary(t *terminal, name string, f *callFlags) (*opened, error) {
	opts, err := f.sandbox.options()
	if err != nil {
		return nil, err
	}
	opts.Stdout, opts.Stderr, opts.Timeout = t.out, t.err, f.timeout // its own initialisation is a call
	opts.PlainText = t.tty                                           // no escape sequences from those who are not trusted
	if f.json || f.jsonl {
		opts.Stdout = t.err
	}
	ctx := context.Background()
	o := &opened{flags: f}
	if f.sandbox.only() {
		o.lib, err = openSandboxed(ctx, name, opts)
	} else {
		o.lib, err = openAny(ctx, name, opts)
	}
	if err != nil {
		return nil, err
	}
	o.native = o.lib.Space().ABI() != dtype.WASM32
	if o.native && (f.json || f.jsonl) {
		if out, err := divertStdout(); err == nil && out != nil {
			t.out = bufio.NewWriter(out)
		}
	}
	return o, nil
}

// openSandboxed opens a module, and never machine code.
func openSandboxed(ctx context.Context, name string, opts host.Options) (wasmffi.Library, error) {
	if isBareFile(name) && strings.EqualFold(filepath.Ext(name), ".wasm") {
		return wasmffi.Open(ctx, name, opts) // which refuses machine code under this name
	}
	lib, err := host.Open(ctx, name, opts)
	if err != nil {
		return nil, err
	}
	return lib, nil
}

// openAny opens a library of either kind. A bare name is the system loader's
// to find, but when it finds nothing and there is such a file here, then the
// person at the terminal meant that file.
func openAny(ctx context.Context, name string, opts host.Options) (wasmffi.Library, error) {
	lib, err := wasmffi.Open(ctx, name, opts)
	if err != nil && isBareFile(name) {
		if _, statErr := os.Stat(name); statErr == nil {
			return wasmffi.Open(ctx, "."+string(filepath.Separator)+name, opts)
		}
	}
	return lib, err
}

func isBareFile(name string) bool { return !strings.ContainsAny(name, `/\`) }

// flush writes out what C's stdio holds back.
func (o *opened) flush() {
	_ = wasmffi.Flush(o.lib) // a library that cannot has nothing to write
}

// close ends the library, unless C is still running in it.
func (o *opened) close() {
	if o.stuck {
		// C's stdio may be locked by the call that is stuck.
		flushed := make(chan struct{})
		go func() { defer close(flushed); o.flush() }()
		select {
		case <-flushed:
		case <-time.After(100 * time.Millisecond):
		}
		return
	}
	o.flush()
	_ = o.lib.Close() // the process ends anyway
}

// A timeoutError is a native call that took too long.
type timeoutError struct{ limit time.Duration }

func (e timeoutError) Error() string {
	return fmt.Sprintf("%v: still running after %v; native code can only be ended with the command", context.DeadlineExceeded, e.limit)
}

func (e timeoutError) Unwrap() error { return context.DeadlineExceeded }

// protoName is the function's name in a prototype, as far as it can be told
// without parsing it.
func protoName(proto string) string {
	head, _, _ := strings.Cut(proto, "(")
	words := strings.FieldsFunc(head, func(r rune) bool { return r == ' ' || r == '*' || r == '\t' || r == '\n' })
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}
