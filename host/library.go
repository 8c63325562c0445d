package host

import (
	"context"
	"crypto/sha256"
	"fmt"
	"runtime"
	"sync"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/memory"
)

// A Library is a wasm module that has been opened: a [wasmffi.Library]. One that
// is dropped without Close is closed when nothing refers to it, to its memory
// or to a plan of it any more.
type Library struct {
	in    *instance
	space space
	symbols
	close sync.Once
}

var _ wasmffi.Library = (*Library)(nil)

func open(ctx context.Context, name, path string, data []byte, opts Options) (*Library, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	hash := sha256.Sum256(data)
	if err := checkPin(opts.SHA256, hash); err != nil {
		return nil, openError(name, err)
	}
	if err := checkKind(data[:min(8, len(data))]); err != nil {
		return nil, openError(name, err)
	}
	opts = opts.withDefaults()
	if opts.Uninstrumented && opts.Fuel != 0 {
		return nil, openError(name, fmt.Errorf("%w: Options.Fuel with Options.Uninstrumented", wasmffi.ErrNotSupported))
	}
	globals, err := keyOf(opts.Globals)
	if err != nil {
		return nil, openError(name, err)
	}
	key := moduleKey{hash, moduleLimits{
		memoryPages: uint32(opts.MemoryLimit / pageSize),
		table:       opts.TableLimit,
		module:      opts.ModuleLimits,
		interpreter: opts.Interpreter,
		plain:       opts.Uninstrumented,
		globals:     globals,
	}, opts.Cache}
	m, err := acquire(ctx, key, data)
	if err != nil {
		return nil, openError(name, err)
	}
	l := new(Library)
	in, err := instantiate(ctx, l, name, path, m, opts)
	if err != nil {
		return nil, openError(name, err)
	}
	l.symbols.init(in)
	runtime.AddCleanup(l, func(in *instance) { in.close(false) }, in)
	return l, nil
}

// Name is what the library was opened as.
func (l *Library) Name() string { return l.in.name }

// Space is the module's linear memory. A module without memory has an empty
// one.
func (l *Library) Space() memory.Space { return &l.space }

// Close ends the library. A call that is going on ends at its next tick with an
// error wrapping [wasmffi.ErrClosed], and Close waits for that. Inside a
// callback of the library it is an error wrapping [wasmffi.ErrBusy] and does
// nothing. Closing twice is no error.
func (l *Library) Close() error {
	if owner := l.in.owner.Load(); owner != 0 && owner == goid() {
		return &wasmffi.Error{Op: "close", Library: l.Name(), Err: wasmffi.ErrBusy}
	}
	l.close.Do(func() { l.in.close(true) })
	return nil
}

// close ends the instance, once. C's output is flushed on request only: a
// cleanup must not wait for the user's writer.
func (in *instance) close(flush bool) {
	if in.closed.Swap(true) {
		return
	}
	in.lock.close()
	if flush {
		_ = in.flush() // C that cannot be flushed is closed all the same
		in.settle()
	}
	in.discard()
}
