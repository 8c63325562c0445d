package host

import "testing"

// FuzzPlaces: whatever a trace says, it is read.
func FuzzPlaces(f *testing.F) {
	for _, trace := range []string{".$1(i32,i32) i32\n\t\t0x1f: m:1", ".$99999999999()\n\t\t0x1: m:1", "\t0x1", ".", ""} {
		f.Add(trace)
	}
	in := openTest(f, "bare.wasm", Options{}).in
	f.Fuzz(func(_ *testing.T, trace string) {
		for _, p := range places(trace) {
			if index, ok := in.mod.res.OriginalFunc(p.fn); ok {
				_ = callers(in.framesAt(index, in.mod.res.OriginalOffset(p.offset)))
			}
		}
	})
}

// FuzzOpen: whatever the bytes, opening ends in an error or a library.
func FuzzOpen(f *testing.F) {
	for _, name := range []string{"bare.wasm", "hostile.wasm", "loopstart.wasm", "imports.wasm", "emscripten.wasm", "side.wasm"} {
		f.Add(fixture(f, name))
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		lib, err := OpenBytes(background, "fuzz", data, emscripten(Options{MemoryLimit: 1 << 20, Timeout: 1e7}))
		if err != nil {
			return
		}
		for s := range lib.Symbols() {
			if addr, err := lib.Address(s); err == nil {
				_, _ = lib.FuncAt(addr)
			}
		}
		_, _ = lib.Space().Alloc(8, 8)
		_ = lib.Close()
	})
}
