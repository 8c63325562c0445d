package host

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/debuginfo"
)

// wasmOf joins sections to a module.
func wasmOf(sections ...[]byte) []byte {
	return append([]byte("\x00asm\x01\x00\x00\x00"), bytes.Join(sections, nil)...)
}

func uleb(n uint64) []byte { return binary.AppendUvarint(nil, n) }

// sectionOf is a section that says its own length.
func sectionOf(id byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return slices.Concat([]byte{id}, uleb(uint64(len(body))), body)
}

// vectorOf is a number of the same items.
func vectorOf(n uint64, item ...byte) []byte { return append(uleb(n), bytes.Repeat(item, int(n))...) }

func customOf(name string, data ...byte) []byte {
	return sectionOf(0, uleb(uint64(len(name))), []byte(name), data)
}

// The sections of a module with one function "run" of type () -> ().
var (
	voidType  = sectionOf(1, []byte{1, 0x60, 0, 0})
	oneFunc   = sectionOf(3, []byte{1, 0})
	exportRun = sectionOf(7, []byte{1, 3, 'r', 'u', 'n', 0, 0})
)

// runs is a module whose run has a body: local declarations, code and end.
func runs(body []byte, more ...[]byte) []byte {
	return wasmOf(append([][]byte{voidType, oneFunc, exportRun,
		sectionOf(10, []byte{1}, uleb(uint64(len(body))), body)}, more...)...)
}

// traps is a module whose run traps.
func trapping(more ...[]byte) []byte { return runs([]byte{0, 0x00, 0x0b}, more...) }

// nested is n blocks in each other.
func nested(n int) []byte {
	return slices.Concat([]byte{0}, bytes.Repeat([]byte{0x02, 0x40}, n), bytes.Repeat([]byte{0x0b}, n+1))
}

// names is a name section with function names.
func names(assoc ...[]byte) []byte {
	sub := bytes.Join(assoc, nil)
	return customOf("name", slices.Concat([]byte{1}, uleb(uint64(len(sub))), sub)...)
}

// opensFor is how long opening may take: what guestabi's default limits allow,
// on a busy machine.
const opensFor = 20 * time.Second

// TestHostileBinaries opens what is no module, what would keep a compiler busy,
// and what lies about itself, and calls what could be opened.
func TestHostileBinaries(t *testing.T) {
	whole := fixture(t, "basic.wasm")
	tests := []struct {
		name string
		wasm []byte
		want error // of opening; nil for a module that can be called
	}{
		{"nothing", nil, wasmffi.ErrFormat},
		{"half a header", whole[:6], wasmffi.ErrFormat},
		{"header alone", wasmOf(), nil},
		{"another version", []byte("\x00asm\x02\x00\x00\x00"), wasmffi.ErrNotSupported},
		{"an ELF file", []byte("\x7fELF\x02\x01\x01\x00\x00\x00"), wasmffi.ErrRefused},
		{"cut off", whole[:len(whole)/2], wasmffi.ErrFormat},
		{"section longer than the file", wasmOf([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f}), wasmffi.ErrFormat},
		{"number without an end", wasmOf([]byte{1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80}), wasmffi.ErrFormat},
		{"sections in disorder", wasmOf(oneFunc, voidType), wasmffi.ErrFormat},
		{"four billion types", wasmOf(sectionOf(1, uleb(1<<32-1))), wasmffi.ErrFormat},
		{"four billion locals", runs([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b}), wasmffi.ErrLimit},
		{"20,000 locals", runs(slices.Concat([]byte{1}, uleb(20_000), []byte{0x7f, 0x0b})), wasmffi.ErrLimit},
		{"200,001 functions", wasmOf(voidType, sectionOf(3, vectorOf(200_001, 0)), sectionOf(10, vectorOf(200_001, 2, 0, 0x0b))), wasmffi.ErrLimit},
		{"a million functions without code", wasmOf(voidType, sectionOf(3, vectorOf(1_000_000, 0))), wasmffi.ErrFormat},
		{"300,000 blocks in each other", runs(nested(300_000)), wasmffi.ErrLimit},
		{"1,000 blocks in each other", runs(nested(1000)), nil},
		{"br_table to a million", runs(slices.Concat([]byte{0, 0x41, 0, 0x0e}, vectorOf(1_000_000, 0), []byte{0, 0x0b})), wasmffi.ErrLimit},
		{"br_table to 10,000", runs(slices.Concat([]byte{0, 0x41, 0, 0x0e}, vectorOf(10_000, 0), []byte{0, 0x0b})), nil},
		{"body of a MiB and more", runs(slices.Concat([]byte{0}, bytes.Repeat([]byte{0x01}, 1<<20), []byte{0x0b})), wasmffi.ErrLimit},
		{"ten thousand exports of one name", wasmOf(voidType, oneFunc, sectionOf(7, vectorOf(10_000, 1, 'a', 0, 0)), sectionOf(10, []byte{1, 2, 0, 0x0b})), wasmffi.ErrFormat},
		{"a million empty custom sections", trapping(bytes.Repeat([]byte{0, 1, 0}, 1_000_000)), nil},
		{"custom section without a name", trapping([]byte{0, 0}), wasmffi.ErrFormat},
		{"custom section of a name longer than itself", trapping([]byte{0, 3, 0xff, 0xff, 0x03}), wasmffi.ErrFormat},
		{"memory of 4 GiB", wasmOf(sectionOf(5, []byte{1, 0}, uleb(65536))), ErrMemoryLimit},
		{"memory beyond the limit", wasmOf(sectionOf(5, []byte{1, 0}, uleb(17))), ErrMemoryLimit},
		{"table of four billion", wasmOf(sectionOf(4, []byte{1, 0x70, 0}, uleb(1<<32-1))), ErrTableLimit},
		{"a thousand tables of 64 Ki", wasmOf(sectionOf(4, vectorOf(1000, 0x70, 0, 0x80, 0x80, 4))), ErrTableLimit},
		{"tables of 64 Ki, within the limit together", wasmOf(sectionOf(4, vectorOf(10, 0x70, 0, 0x80, 0x80, 4))), nil},
		{"data beyond memory", wasmOf(sectionOf(5, []byte{1, 0, 1}), sectionOf(11, []byte{1, 0, 0x41}, uleb(0x7f), []byte{0x0b, 1, 'x'})), ErrOutOfBounds},
		{"element beyond the table", wasmOf(voidType, oneFunc, sectionOf(4, []byte{1, 0x70, 0, 1}), sectionOf(9, []byte{1, 0, 0x41, 5, 0x0b, 1, 0}), sectionOf(10, []byte{1, 2, 0, 0x0b})), nil}, // the engine leaves it out
		{"names of functions that are not", trapping(names([]byte{2}, uleb(7), []byte{1, 'x'}, uleb(1<<32-1), []byte{1, 'y'})), nil},
		{"names that say more than there are", trapping(names(uleb(1<<31), []byte{0, 1, 'x'})), nil},
		{"name longer than the section", trapping(names([]byte{1, 0}, uleb(1<<31), []byte("x"))), nil},
		{"name of a MiB", trapping(names([]byte{1, 0}, uleb(1<<20), bytes.Repeat([]byte("\x1b[2J"), 1<<18))), nil},
		{"name that is no UTF-8", trapping(names([]byte{1, 0, 3, 0xff, 0xfe, '\n'})), nil},
		{"two names", trapping(names([]byte{2, 0, 1, 'a', 0, 1, 'b'}), names([]byte{1, 0, 1, 'c'})), nil},
	}
	engines(t, func(t *testing.T, opts Options) {
		opts.MemoryLimit, opts.Timeout = 1<<20, opensFor
		before := usage(t)
		for _, tt := range tests {
			start := time.Now()
			lib, err := OpenBytes(background, "hostile", tt.wasm, opts)
			assert.Less(t, time.Since(start), opensFor, tt.name)
			if tt.want != nil {
				assert.ErrorIs(t, err, tt.want, tt.name)
				continue
			}
			if !assert.NoError(t, err, tt.name) {
				continue
			}
			if sym, err := lib.Lookup("run"); err == nil {
				c, err := lib.Prepare(sym, nullary)
				require.NoError(t, err)
				if _, err := callWords(nil, c); err != nil {
					assert.ErrorIs(t, err, ErrUnreachable, tt.name)
					assert.Less(t, len(err.Error()), 2<<20+100, tt.name)
					assert.NotContains(t, err.Error(), "\x1b", tt.name)
				}
			}
			require.NoError(t, lib.Close())
		}
		forgetModules()
		usage(t).requireNotAbove(t, before)
	})
}

// forgetModules closes the compiled modules that are kept for next time.
func forgetModules() {
	modules.Lock()
	defer modules.Unlock()
	for _, m := range modules.idle {
		delete(modules.all, m.key)
		m.close()
	}
	modules.idle = nil
}

// TestMutatedBinaries changes bytes of modules: opening ends in an error of a
// kind, or in a library whose functions end too.
func TestMutatedBinaries(t *testing.T) {
	random := seeded(t)
	originals := [][]byte{fixture(t, "hostile.wasm"), fixture(t, "bombs.wasm"), fixture(t, "reset.wasm"), fixture(t, "bare.wasm")}
	opened := 0
	before := usage(t)
	for range times(80) {
		wasm := bytes.Clone(originals[random.IntN(len(originals))])
		for range 1 + random.IntN(3) {
			at := 8 + random.IntN(len(wasm)-8)
			switch random.IntN(8) {
			case 0, 1, 2:
				wasm[at] = byte(random.Uint32())
			case 3, 4, 5:
				wasm[at] ^= 1 << random.IntN(8)
			case 6:
				wasm = slices.Delete(wasm, at, at+1)
			default:
				wasm = slices.Insert(wasm, at, byte(random.Uint32()))
			}
		}
		opts := hostileOptions(Options{Interpreter: random.IntN(2) == 0, Timeout: time.Second})
		lib, err := OpenBytes(background, "mutant", wasm, opts)
		if err != nil {
			known := false
			for _, kind := range []error{wasmffi.ErrFormat, wasmffi.ErrLimit, wasmffi.ErrNotSupported, wasmffi.ErrNotFound, wasmffi.ErrTrap, context.DeadlineExceeded} {
				known = known || errors.Is(err, kind)
			}
			require.True(t, known, "%v\n%x", err, wasm)
			continue
		}
		opened++
		for sym := range lib.Symbols() {
			c, err := lib.Prepare(sym, nullary)
			if err != nil {
				continue
			}
			ctx, cancel := context.WithTimeout(background, time.Millisecond)
			_, err = callWords(ctx, c)
			cancel()
			if err != nil && !errors.Is(err, wasmffi.ErrTrap) {
				require.ErrorIs(t, err, context.DeadlineExceeded, "%v: %x", sym.Name, wasm)
			}
		}
		require.NoError(t, lib.Close())
	}
	t.Logf("%d of %d could be opened", opened, times(80))
	forgetModules()
	usage(t).requireNotAbove(t, before)
}

// unitOf puts the length before what follows it in DWARF.
func unitOf(body ...byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// TestHostileDebugInfo has a function trap whose debug info was made to keep
// whoever reads it busy: the error comes soon, and says at least what happened.
func TestHostileDebugInfo(t *testing.T) {
	abbrev := customOf(".debug_abbrev",
		1, 0x11, 1, 0x10, 0x17, 0x11, 0x01, 0x12, 0x06, 0, 0, // unit: stmt_list, low_pc, high_pc
		2, 0x2e, 1, 0x11, 0x01, 0x12, 0x06, 0, 0, // subprogram: low_pc, high_pc
		3, 0x1d, 1, 0x31, 0x13, 0x11, 0x01, 0x12, 0x06, 0, 0, // inlined: abstract_origin, low_pc, high_pc
		4, 0x0b, 1, 0, 0, // block without attributes
		0)
	pcs := []byte{2, 0, 0, 0, 0xff, 0xff, 0, 0}
	info := func(dies ...byte) []byte {
		unit := slices.Concat([]byte{4, 0, 0, 0, 0, 0, 4, 1}, make([]byte, 4), pcs, []byte{2}, pcs, dies)
		return customOf(".debug_info", unitOf(unit...)...)
	}
	header := []byte{1, 1, 1, 0xfb, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 'a', 0, 0, 0, 0, 0}
	line := func(header, program []byte) []byte {
		h := append(binary.LittleEndian.AppendUint16(nil, 4), binary.LittleEndian.AppendUint32(nil, uint32(len(header)))...)
		return customOf(".debug_line", unitOf(slices.Concat(h, header, program)...)...)
	}
	zeroRange := bytes.Clone(header)
	zeroRange[4] = 0
	start := []byte{0, 5, 2, 2, 0, 0, 0}
	real := fixture(t, "../../testdata/wasm/plugin.wasm")
	tests := map[string][]byte{
		"four million DIEs in each other": trapping(abbrev, info(bytes.Repeat([]byte{4}, 4<<20)...)),
		"inlined into itself":             trapping(abbrev, info(bytes.Repeat(append([]byte{3, 20, 0, 0, 0}, pcs...), 1<<18)...)),
		"eight million rows of lines":     trapping(abbrev, info(0), line(header, append(bytes.Clone(start), bytes.Repeat([]byte{14}, 8<<20)...))),
		"line range of 0":                 trapping(abbrev, info(0), line(zeroRange, append(bytes.Clone(start), bytes.Repeat([]byte{14, 8}, 100)...))),
		"unit longer than the section":    trapping(abbrev, customOf(".debug_info", 0xf0, 0xff, 0xff, 0x7f, 4, 0, 0, 0, 0, 0, 4, 1)),
		"64-bit unit":                     trapping(abbrev, customOf(".debug_info", 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4, 0)),
		"abbreviation without an end":     trapping(customOf(".debug_abbrev", bytes.Repeat([]byte{1, 0x11, 1, 0x80}, 1<<20)...), info(0)),
		"million files":                   trapping(abbrev, info(0), line(slices.Concat(header[:18], bytes.Repeat([]byte{'a', 0, 0, 0, 0}, 1<<20), []byte{0}), start)),
		"honest":                          trapping(abbrev, info(0), line(header, append(bytes.Clone(start), 1, 2, 0xff, 0xff, 3, 0, 1, 1))),
		"a side file elsewhere":           trapping(customOf("external_debug_info", append(uleb(11), "/etc/passwd"...)...)),
	}
	random := seeded(t)
	for i := range times(30) { // real debug info, changed, beside code that traps
		var sections [][]byte
		for _, s := range customSections(real) {
			at := bytes.Index(s, []byte("debug_"))
			if at < 0 {
				continue
			}
			s = bytes.Clone(s)
			for range random.IntN(20) {
				if i := at + 15 + random.IntN(len(s)); i < len(s) {
					s[i] = byte(random.Uint32())
				}
			}
			sections = append(sections, s)
		}
		require.NotEmpty(t, sections)
		tests[fmt.Sprint("mutant ", i)] = trapping(sections...)
	}
	before := usage(t)
	for name, wasm := range tests {
		lib, err := OpenBytes(background, "dwarf", wasm, Options{Interpreter: strings.HasPrefix(name, "mutant")})
		require.NoError(t, err, name)
		run := prepare(t, lib, "run", nullary)
		began := time.Now()
		_, err = callWords(nil, run)
		assert.ErrorIs(t, err, ErrUnreachable, name)
		if name == "honest" {
			assert.ErrorContains(t, err, "in run (a:1)", "that the others are read too")
		}
		assert.Less(t, time.Since(began), 10*time.Second, name)
		if _, err := lib.TypeNamed("struct nothing"); err != nil && !strings.HasPrefix(name, "mutant") {
			_ = errors.Is(err, debuginfo.ErrNone) // whatever it is: it has come back
		}
		t.Logf("%-35q %v %v", name, time.Since(began), err)
		require.NoError(t, lib.Close())
	}
	forgetModules()
	usage(t).requireNotAbove(t, before)
}

// customSections are the custom sections of a module, headers included.
func customSections(wasm []byte) (all [][]byte) {
	for at := 8; at < len(wasm); {
		size, n := binary.Uvarint(wasm[at+1:])
		end := at + 1 + n + int(size)
		if wasm[at] == 0 {
			all = append(all, wasm[at:end])
		}
		at = end
	}
	return all
}
