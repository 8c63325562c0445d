package wasmffi_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// fakeLibrary is a backend of Go functions over a buffer, for what this
// package does by itself. The conformance suite runs on the real ones.
type fakeLibrary struct {
	name  string
	space *memory.BufferSpace
	funcs map[string]func(f *wasmffi.Frame) error
}

func newFake(t testing.TB, abi *dtype.ABI, funcs map[string]func(f *wasmffi.Frame) error) *fakeLibrary {
	space, err := memory.NewBufferSpace(abi, 1<<16)
	require.NoError(t, err)
	return &fakeLibrary{"fake", space, funcs}
}

func (l *fakeLibrary) Name() string        { return l.name }
func (l *fakeLibrary) Space() memory.Space { return l.space }
func (l *fakeLibrary) Close() error        { return nil }

func (l *fakeLibrary) Lookup(name string) (wasmffi.Symbol, error) {
	if _, ok := l.funcs[name]; !ok {
		return wasmffi.Symbol{}, wasmffi.NotFound(name, maps.Keys(l.funcs))
	}
	return wasmffi.Symbol{Name: name}, nil
}

func (l *fakeLibrary) Symbols() iter.Seq[wasmffi.Symbol] {
	return func(yield func(wasmffi.Symbol) bool) {
		for name := range l.funcs {
			if !yield(wasmffi.Symbol{Name: name}) {
				return
			}
		}
	}
}

func (l *fakeLibrary) FuncAt(addr uint64) (wasmffi.Symbol, error) {
	return wasmffi.Symbol{}, wasmffi.ErrNotFound
}

func (l *fakeLibrary) Address(wasmffi.Symbol) (uint64, error) { return 0, wasmffi.ErrNotSupported }

type fakeCallable func(*wasmffi.Frame) error

func (c fakeCallable) Call(f *wasmffi.Frame) error { return c(f) }

func (l *fakeLibrary) Prepare(fn wasmffi.Symbol, sig *dtype.Func) (wasmffi.Callable, error) {
	return fakeCallable(l.funcs[fn.Name]), nil
}

func (l *fakeLibrary) Callback(wasmffi.CallbackSpec) (wasmffi.Callback, error) {
	return nil, wasmffi.ErrNotSupported
}

// A fakeBackend opens any wasm module as a fakeLibrary that remembers how.
type fakeBackend struct {
	name  string
	kinds []wasmffi.Kind
	found map[string]string
}

func (b fakeBackend) Name() string { return b.name }

func (b fakeBackend) Opens(k wasmffi.Kind) bool {
	for _, have := range b.kinds {
		if have == k {
			return true
		}
	}
	return false
}

func (b fakeBackend) Open(_ context.Context, src wasmffi.Source, opts []wasmffi.Options) (wasmffi.Library, error) {
	return &fakeLibrary{name: fmt.Sprintf("%s:%s:%d:%d", b.name, src.Name, len(src.Data), len(opts))}, nil
}

func (b fakeBackend) Find(name string) (string, []string) {
	return b.found[name], []string{b.name + " path of " + name}
}
