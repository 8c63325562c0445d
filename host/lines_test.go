package host

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
)

// codeFile is what the engine makes of a fixture.
func codeFile(t testing.TB, name string) (file []byte, m *module) {
	key := moduleKey{limits: moduleLimits{memoryPages: 4096, table: guestabi.DefaultMaxTable}}
	res, wasm, err := rewrite(key.limits, fixture(t, name))
	require.NoError(t, err)
	s := &shelf{}
	m, err = newModule(key, res, wasm, s)
	require.NoError(t, err)
	t.Cleanup(m.close)
	_, file = s.take()
	if len(file) == 0 {
		t.Skip("LEFT OUT: there is no compiler here")
	}
	return file, m
}

// The lines that are put back tell of each byte of machine code what the engine's
// own tell.
func TestLines(t *testing.T) {
	for _, name := range []string{"basic.wasm", "reset.wasm", "nomemory.wasm"} {
		file, m := codeFile(t, name)
		machine, wasm, base, err := engineLines(m.code)
		require.NoError(t, err)
		require.NotEmpty(t, *machine)
		code, lines := splitLines(file)
		require.Less(t, len(code)+len(lines), len(file))
		short, err := joinLines(lines)
		require.NoError(t, err)
		for i := range short.wasm[1:] {
			require.NotEqual(t, short.wasm[i], short.wasm[i+1], "what repeats the one before is left out")
		}
		at := func(machine []uintptr, wasm []uint64, pc uintptr) uint64 { // as the engine looks
			i := sort.Search(len(machine), func(i int) bool { return machine[i] >= pc }) - 1
			if i < 0 {
				return 0
			}
			return wasm[i]
		}
		for pc := base; pc < (*machine)[len(*machine)-1]+100; pc++ {
			require.Equal(t, at(*machine, *wasm, pc), at(short.machine, short.wasm, pc-base), "%s at %#x", name, pc-base)
		}
		again, none := splitLines(code)
		require.Nil(t, none)
		require.True(t, bytes.Equal(code, again))

		*machine, *wasm = nil, nil
		first := short.machine[0]
		require.NoError(t, m.setLines(short))
		require.Equal(t, first+base, (*machine)[0])
		require.Len(t, *machine, len(short.machine))
		require.Equal(t, short.wasm, *wasm)
	}
}

// A file that is not as known is left alone, and lines that are none are an error.
func TestLinesDamaged(t *testing.T) {
	file, _ := codeFile(t, "reset.wasm")
	code, lines := splitLines(file)
	whole, err := joinLines(lines)
	require.NoError(t, err)
	for n := range lines {
		short, err := joinLines(lines[:n])
		if err == nil { // it ends between two
			require.Equal(t, whole.machine[:len(short.machine)], short.machine)
		}
	}
	_, err = joinLines([]byte{1})
	require.Error(t, err)
	_, err = joinLines(bytes.Repeat([]byte{0x80}, 11))
	require.Error(t, err)
	_, err = joinLines(append(bytes.Repeat([]byte{0x80}, 10), 1, 1)) // more than 64 bits
	require.Error(t, err)

	at, ok := linesAt(file)
	require.True(t, ok)
	require.Equal(t, code[:at], file[:at])
	untouched := func(bad []byte) {
		got, lines := splitLines(bad)
		require.Nil(t, lines)
		require.True(t, bytes.Equal(bad, got))
	}
	for n := range int(at) + 9 {
		untouched(file[:n])
	}
	for what, change := range map[string]func(b []byte){
		"magic":             func(b []byte) { b[0]++ },
		"no lines":          func(b []byte) { b[at] = 0 },
		"unknown lines":     func(b []byte) { b[at] = 2 },
		"too many lines":    func(b []byte) { b[at+8]++ },
		"lines in no order": func(b []byte) { binary.LittleEndian.PutUint64(b[at+1+8+8:], 1<<40) },
		"much code":         func(b []byte) { binary.LittleEndian.PutUint64(b[len("WAZEVO")+1+int(b[6])+4+8*functions(b):], 1<<63) },
	} {
		bad := bytes.Clone(file)
		change(bad)
		t.Run(what, func(*testing.T) { untouched(bad) })
	}
}

func functions(file []byte) int {
	return int(binary.LittleEndian.Uint32(file[len("WAZEVO")+1+int(file[6]):]))
}

// An engine that has its table elsewhere, or of something else, is not touched.
func TestLinesOfOtherEngines(t *testing.T) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("LEFT OUT: there is no compiler here")
	}
	lib := openTest(t, "reset.wasm", Options{Interpreter: true})
	_, _, _, err := engineLines(lib.in.mod.code)
	require.ErrorIs(t, err, wasmffi.ErrNotSupported)
	require.ErrorIs(t, lib.in.mod.setLines(lineTable{[]uintptr{1}, []uint64{2}}), wasmffi.ErrNotSupported)
	require.NoError(t, lib.in.mod.setLines(lineTable{}))
	_, _, _, err = engineLines(nil)
	require.ErrorIs(t, err, wasmffi.ErrNotSupported)
}
