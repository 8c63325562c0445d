package bench

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
	"github.com/wasmffi/wasmffi/host"
)

// BenchmarkOpen is opening a module of some 1.5 MB in a process that has not
// seen it yet: compiled, and from a cache on disk. The file is read before.
func BenchmarkOpen(b *testing.B) {
	for _, m := range []struct {
		name   string
		module func(b *testing.B) []byte
	}{{"generated", generated}, {"sqlite", sqlite}} {
		b.Run("compiled/"+m.name, func(b *testing.B) {
			wasm := m.module(b)
			opts := host.Options{Imports: everyImport(b, wasm)}
			for b.Loop() {
				compiled++
				opts.TableLimit = guestabi.DefaultMaxTable - compiled // otherwise it is shared
				open(b, wasm, opts)
			}
		})
		b.Run("cached/"+m.name, func(b *testing.B) {
			wasm := m.module(b)
			opts := host.Options{Imports: everyImport(b, wasm)}
			dir, key := b.TempDir(), make([]byte, 32)
			cached := func() host.CacheStats {
				var err error
				opts.Cache, err = host.OpenCache(dir, host.CacheOptions{Key: key}) // as another process does
				require.NoError(b, err)
				open(b, wasm, opts)
				return opts.Cache.Stats()
			}
			require.EqualValues(b, 1, cached().Stored)
			for b.Loop() {
				if cached().Loaded != 1 {
					b.Fatal("it was compiled")
				}
			}
		})
	}
}

// compiled counts the modules that BenchmarkOpen has compiled in all its runs.
var compiled uint32

func open(b *testing.B, wasm []byte, opts host.Options) {
	lib, err := host.OpenBytes(context.Background(), "big.wasm", wasm, opts)
	if err != nil {
		b.Fatal(err)
	}
	_ = lib.Close()
}

// everyImport is a function for each that a module imports, which does nothing.
func everyImport(b *testing.B, wasm []byte) (ims wasmffi.Imports) {
	m, err := guestabi.Parse(wasm)
	require.NoError(b, err)
	types := map[guestabi.ValueType]dtype.Type{
		guestabi.I32: dtype.CInt, guestabi.I64: dtype.CLongLong, guestabi.F32: dtype.CFloat, guestabi.F64: dtype.CDouble,
	}
	for i, im := range m.Imports {
		if im.Kind != guestabi.KindFunc || im.Module == "wasi_snapshot_preview1" {
			continue
		}
		t, ok := m.FuncType(uint32(i))
		require.True(b, ok, "functions are imported first")
		result := dtype.Type(dtype.CVoid)
		if len(t.Results) > 0 {
			result = types[t.Results[0]]
		}
		params := make([]dtype.Param, len(t.Params))
		for i, p := range t.Params {
			params[i].Type = types[p]
		}
		sig, err := dtype.NewFunc(result, params, false)
		require.NoError(b, err)
		ims = append(ims, wasmffi.Import{Module: im.Module, Name: im.Name.Name, Sig: sig, Func: func(*wasmffi.Frame) error { return nil }})
	}
	return ims
}

// sqlite is SQLite, from a Go module that has it as wasm. It is no dependency of
// this module.
func sqlite(b *testing.B) []byte {
	const module = "github.com/ncruces/go-sqlite3@v0.30.5"
	download := exec.Command("go", "mod", "download", "-json", module)
	download.Dir = b.TempDir() // outside of this module
	out, err := download.Output()
	var m struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &m); jsonErr != nil || err != nil {
		b.Skipf("SKIPPED, NOT MEASURED: no %s: %v %s", module, err, m.Error)
	}
	wasm, err := os.ReadFile(filepath.Join(m.Dir, "embed", "sqlite3.wasm"))
	require.NoError(b, err)
	return wasm
}

// generated is a module of functions that loop over memory, and call the next.
func generated(b *testing.B) []byte {
	const functions = 1500
	section := func(out []byte, id byte, contents []byte) []byte {
		out = binary.AppendUvarint(append(out, id), uint64(len(contents)))
		return append(out, contents...)
	}
	funcs := binary.AppendUvarint(nil, functions)
	code := binary.AppendUvarint(nil, functions)
	for f := range functions {
		funcs = append(funcs, 0)
		body := []byte{1, 2, 0x7f} // two more i32 locals
		for k := range 20 {
			body = append(body, 0x03, 0x40)                                                       // loop
			body = append(body, 0x20, 2, 0x20, 0, 0x41)                                           // local.get 2; local.get 0; i32.const
			body = append(appendSigned(body, int64(f*31+k)), 0x6a, 0x41)                          // i32.add; i32.const
			body = append(body, 0xff, 0xff, 0x03, 0x71, 0x28, 2)                                  // 65535; i32.and; i32.load
			body = append(binary.AppendUvarint(body, uint64(k*4)), 0x73, 0x21, 2)                 // i32.xor; local.set 2
			body = append(body, 0x20, 0, 0x41, 0xfc, 0xff, 0x03, 0x71, 0x20, 2, 0x36, 2, 8)       // i32.store at local 0
			body = append(body, 0x20, 1, 0x41, 1, 0x6b, 0x22, 1, 0x0d, 0, 0x0b)                   // br_if while --local 1
			body = append(body, 0x20, 2, 0x45, 0x04, 0x40, 0x41, byte(k), 0x21, 3, 0x0b, 0x20, 3) // if !local 2: local 3 = k
			body = append(body, 0x21, 1)                                                          // local 1 = local 3
		}
		if f+1 < functions {
			body = append(body, 0x20, 0, 0x20, 1, 0x10) // call the next
			body = append(binary.AppendUvarint(body, uint64(f+1)), 0x21, 2)
		}
		body = append(body, 0x20, 2, 0x0b)
		code = append(binary.AppendUvarint(code, uint64(len(body))), body...)
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = section(out, 1, []byte("\x01\x60\x02\x7f\x7f\x01\x7f")) // (i32, i32) -> i32
	out = section(out, 3, funcs)
	out = section(out, 5, []byte{1, 0, 2}) // two pages
	out = section(out, 7, []byte("\x01\x03run\x00\x00"))
	return section(out, 10, code)
}

// appendSigned appends a signed LEB128.
func appendSigned(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}
