package realmodules

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
	"github.com/wasmffi/wasmffi/host"
)

var background = context.Background()

// work has a library do something, checks what comes of it and returns the
// results, and what each step left of the fuel.
type work func(t *testing.T, lib *host.Library) []any

// left is a step's fuel. Without a limit it is 0.
type left uint64

const fuel = 2_000_000_000

// An env makes what a library imports, and a function that makes it as new.
type env func(lib func() *host.Library) (ims wasmffi.Imports, fresh func())

// everywhere runs the work compiled, again after a reset, in another instance,
// interpreted and without instrumentation: the results are the same each time,
// and so is the fuel where there is any. Then with too little.
func everywhere(t *testing.T, name string, wasm []byte, env env, globals []host.Global, do work) {
	fresh := func() {}
	open := func(opts host.Options) *host.Library {
		var lib *host.Library
		if env != nil {
			opts.Imports, fresh = env(func() *host.Library { return lib })
		}
		opts.Globals, opts.Timeout = globals, time.Minute
		var err error
		lib, err = host.OpenBytes(background, name, wasm, opts)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, lib.Close()) })
		return lib
	}
	began := time.Now()
	lib := open(host.Options{Fuel: fuel, Resettable: true})
	opened := time.Since(began)
	want := do(t, lib)
	spent := uint64(0)
	for _, w := range want {
		if l, ok := w.(left); ok {
			spent += fuel - uint64(l)
		}
	}
	require.NotZero(t, spent)
	t.Logf("%s: %d bytes opened in %v, then %d units of fuel in %v", name, len(wasm),
		opened.Round(time.Millisecond), spent, (time.Since(began) - opened).Round(time.Millisecond))

	require.NoError(t, lib.Reset(background))
	fresh()
	assert.Equal(t, want, do(t, lib), "after a reset")
	assert.Equal(t, want, do(t, open(host.Options{Fuel: fuel})), "in another instance")
	assert.Equal(t, want, do(t, open(host.Options{Fuel: fuel, Interpreter: true})), "interpreted")
	assert.Equal(t, results(want), results(do(t, open(host.Options{Uninstrumented: true}))), "without instrumentation")
}

// results are a work's results without the fuel.
func results(all []any) (rs []any) {
	for _, r := range all {
		if _, ok := r.(left); !ok {
			rs = append(rs, r)
		}
	}
	return rs
}

// tooLittle has a call end for want of fuel, and the library reset after it.
func tooLittle(t *testing.T, lib *host.Library, call func() error) {
	err := call()
	var out *host.FuelError
	require.ErrorAs(t, err, &out)
	assert.NotEmpty(t, out.Frames)
	require.NoError(t, lib.Reset(background))
}

// address reads a pointer or another u32.
func u32(t *testing.T, lib wasmffi.Library, addr uint32) uint32 {
	var b [4]byte
	require.NoError(t, lib.Space().ReadAt(b[:], uint64(addr)))
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// text reads C's string at an address.
func text(lib wasmffi.Library, addr uint32) string {
	var s []byte
	for b := []byte{0}; lib.Space().ReadAt(b, uint64(addr)+uint64(len(s))) == nil && b[0] != 0; {
		s = append(s, b[0])
	}
	return string(s)
}

// unwanted are imports for everything a module imports that fail when called.
func unwanted(wasm []byte) (ims wasmffi.Imports) {
	m, err := guestabi.Parse(wasm)
	if err != nil {
		panic(err)
	}
	ctypes := map[guestabi.ValueType]dtype.Type{
		guestabi.I32: dtype.CInt, guestabi.I64: dtype.CLongLong, guestabi.F32: dtype.CFloat, guestabi.F64: dtype.CDouble,
	}
	for _, im := range m.Imports {
		if im.Kind != guestabi.KindFunc || im.Module == "wasi_snapshot_preview1" {
			continue
		}
		var result dtype.Type = dtype.CVoid
		var params []dtype.Param
		for _, p := range m.Types[im.Type].Params {
			params = append(params, dtype.Param{Type: ctypes[p]})
		}
		for _, r := range m.Types[im.Type].Results {
			result = ctypes[r]
		}
		sig, err := dtype.NewFunc(result, params, false)
		if err != nil {
			panic(err)
		}
		ims = append(ims, wasmffi.Import{Module: im.Module, Name: im.Name.Name, Sig: sig,
			Func: func(*wasmffi.Frame) error { return errors.New("nobody expects " + im.Name.Name) }})
	}
	return ims
}
