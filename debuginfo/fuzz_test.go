package debuginfo

import (
	"os"
	"os/exec"
	"testing"
)

// FuzzNew takes any bytes for a library.
func FuzzNew(f *testing.F) {
	for _, name := range []string{"testdata/geo.wasm", "testdata/geo5.wasm"} {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	if _, err := exec.LookPath("gcc"); err == nil {
		tc := gcc
		tc.command += " -g -gz"
		b, err := os.ReadFile(tc.build(f, "side.c", sideC))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("\x7fELF\x02\x01\x01"))
	f.Add([]byte("MZ"))
	f.Add([]byte("\xcf\xfa\xed\xfe\x07\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, file []byte) { explore(file) })
}

// FuzzDWARF takes any bytes for the sections of DWARF, in a container that is
// in order.
func FuzzDWARF(f *testing.F) {
	sections := []string{"info", "abbrev", "str", "line", "ranges", "rnglists", "str_offsets", "addr", "line_str"}
	for _, name := range []string{"testdata/geo.wasm", "testdata/geo5.wasm"} {
		info, err := Open(name)
		if err != nil {
			f.Fatal(err)
		}
		var seed [9][]byte
		for i, s := range sections {
			b, err := info.debug.section(s)
			if err != nil {
				f.Fatal(err)
			}
			seed[i] = b
		}
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4], seed[5], seed[6], seed[7], seed[8])
		info.Close()
	}
	f.Fuzz(func(t *testing.T, info, abbrev, str, line, ranges, rnglists, strOffsets, addr, lineStr []byte) {
		module := map[string][]byte{}
		for i, b := range [][]byte{info, abbrev, str, line, ranges, rnglists, strOffsets, addr, lineStr} {
			module[sections[i]] = b
		}
		explore(moduleOf(module))
	})
}
