package debuginfo

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"runtime"
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

// FuzzWASM takes any bytes for the sections of a module that the debug info is
// read beside of: headers, names, and where functions and variables are. What
// it allocates is bounded by the file.
func FuzzWASM(f *testing.F) {
	for _, name := range []string{"testdata/geo.wasm", "testdata/geo5.wasm"} {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		w, err := openWASM(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			f.Fatal(err)
		}
		var at [4][]byte
		for i, id := range []uint8{wasmImport, wasmExport, wasmCode} {
			e := w.(*wasmFile).known[id]
			at[i] = b[e.off : e.off+e.size]
		}
		f.Add(at[0], at[1], at[2], []byte("\x00\x02\x01a"), true)
		f.Add(at[0], at[1], []byte("\xff\xff\xff\xff\x0f\x00"), at[3], true)
		f.Add([]byte("\xff\xff\xff\xff\x0f\x00"), at[1], at[2], []byte("\x00\xff\xff\xff\xff\x0f"), false)
		f.Add(at[0], []byte("\x01\xff\xff\xff\xff\x0f"), at[2], []byte("\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), false)
	}
	geo, err := os.ReadFile("testdata/geo.wasm")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, imports, exports, code, raw []byte, withDebug bool) {
		module := []byte("\x00asm\x01\x00\x00\x00")
		for i, body := range [][]byte{imports, exports, code} {
			module = binary.AppendUvarint(append(module, []byte{wasmImport, wasmExport, wasmCode}[i]), uint64(len(body)))
			module = append(module, body...)
		}
		if withDebug {
			module = append(module, geo[8:]...) // the sections of DWARF, and of all else once more
		}
		module = append(module, raw...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		explore(module)
		runtime.ReadMemStats(&after)
		if got, most := after.TotalAlloc-before.TotalAlloc, uint64(64<<20+1000*len(module)); got > most {
			t.Errorf("%d bytes allocated for a module of %d", got, len(module))
		}
	})
}
