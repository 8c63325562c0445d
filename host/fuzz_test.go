package host

import "testing"

// FuzzFrameName: function names are the guest's choice.
func FuzzFrameName(f *testing.F) {
	for _, line := range []string{".area(i32,i32) i32", ".x) (i32) i32", ".two(f64) (i32,i32)", ".$1()", ".$99999999999()", "", "."} {
		f.Add(line)
	}
	m := openTest(f, "bare.wasm", Options{}).in.mod
	f.Fuzz(func(_ *testing.T, line string) { _ = m.frameName(line) })
}

// FuzzOpen: whatever the bytes, opening ends in an error or a library.
func FuzzOpen(f *testing.F) {
	for _, name := range []string{"bare.wasm", "hostile.wasm", "loopstart.wasm", "imports.wasm"} {
		f.Add(fixture(f, name))
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		lib, err := OpenBytes(background, "fuzz", data, Options{MemoryLimit: 1 << 20, Timeout: 1e7})
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
