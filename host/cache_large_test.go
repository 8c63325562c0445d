package host

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
	"github.com/wasmffi/wasmffi/host/internal/sealed"
)

// largeModule has n functions, of which each calls the next, with machine code of
// some 10 KiB each. The first is exported as run and adds n numbers.
func largeModule(n int) []byte {
	section := func(out []byte, id byte, contents []byte) []byte {
		return append(binary.AppendUvarint(append(out, id), uint64(len(contents))), contents...)
	}
	funcs := append(binary.AppendUvarint(nil, uint64(n)), make([]byte, n)...)
	code := binary.AppendUvarint(nil, uint64(n))
	for i := range n {
		body := []byte{0, 0x20, 0} // no locals; local.get 0
		if i+1 < n {
			body = binary.AppendUvarint(append(body, 0x10), uint64(i+1)) // call the next
		}
		for k := range 200 {
			body = append(body, 0x41, byte(k&0x3f), 0x28, 2) // i32.const; i32.load
			body = binary.AppendUvarint(body, uint64(4*k))
			body = append(body, 0x6a) // i32.add
		}
		body = append(body, 0x41, 1, 0x6a, 0x0b) // i32.const 1; i32.add; end
		code = append(binary.AppendUvarint(code, uint64(len(body))), body...)
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = section(out, 1, []byte("\x01\x60\x01\x7f\x01\x7f")) // (i32) -> i32
	out = section(out, 3, funcs)
	out = section(out, 5, []byte{1, 0, 1}) // a page
	out = section(out, 7, []byte("\x01\x03run\x00\x00"))
	return section(out, 10, code)
}

// Code of many parts is what it was, is refused if any of them is not, and then
// leaves nothing behind.
func TestCacheLargeCode(t *testing.T) {
	const functions = 400
	dir, data := t.TempDir(), largeModule(functions)
	open := func(want CacheStats) *module {
		c := testCache(t, dir)
		lib, err := OpenBytes(background, "large", data, Options{Cache: c})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, lib.Close()) })
		requireStats(t, c, want)
		got, err := call(t, lib, "run", proto(dtype.CInt, dtype.CInt), 5)
		require.NoError(t, err)
		require.EqualValues(t, functions+5, got)
		require.Equal(t, sha256.Sum256(data), sha256.Sum256(lib.in.mod.res.Module.Source()))
		return lib.in.mod
	}
	open(compiled)
	m := open(loaded)
	if m.limits.interpreter || m.size == 0 {
		t.Fatal("it has no size")
	}

	var code string // the larger file
	var good []byte
	for _, file := range entries(t, dir) {
		if b, err := os.ReadFile(file); err == nil && len(b) > len(good) {
			code, good = file, b
		}
	}
	if len(good) < 2<<20 {
		t.Skip("LEFT OUT: there is no compiler here")
	}
	c := testCache(t, dir)
	before := usage(t)
	for i := range 24 {
		bad := bytes.Clone(good)
		bad[len(bad)-1-i*(len(bad)/32)] ^= 1 // from the last part on
		require.NoError(t, os.WriteFile(code, bad, 0o600))
		_, err := c.load(c.id(m.key), m.key, len(data), func() []byte { return data })
		require.ErrorIs(t, err, sealed.ErrForged)
	}
	usage(t).requireNotAbove(t, before)
	open(rejected)
	open(loaded)
}

// An entry that is as it was sealed, and yet not what the engine takes, is made
// anew: its outline never runs in its place.
func TestCacheOutlineAlone(t *testing.T) {
	dir := t.TempDir()
	data := fixture(t, "reset.wasm")
	lib, c := openCached(t, dir, "reset.wasm", Options{})
	key := lib.in.mod.key
	blob, err := c.store.Get(c.id(key), c.largest(len(data)))
	require.NoError(t, err)
	e, err := decodeEntry(blob)
	require.NoError(t, err)
	if !e.outlined {
		t.Skip("LEFT OUT: there is no compiler here")
	}
	code, err := c.store.Get(codeID(c.id(key), blob), c.largest(len(data)))
	require.NoError(t, err)
	put := func(e entry, code []byte) error {
		blob := e.encode()
		_, err := c.store.Put(codeID(c.id(key), blob), code)
		require.NoError(t, err)
		_, err = c.store.Put(c.id(key), blob)
		require.NoError(t, err)
		m, err := c.load(c.id(key), key, len(data), func() []byte { return data })
		if err == nil {
			m.close()
		}
		return err
	}
	require.NoError(t, put(e, code))
	stale := bytes.Clone(code)
	stale[len("WAZEVO")+1]++ // the engine's version: it compiles what it has
	for what, damaged := range map[string][]byte{"stale": stale, "none": nil, "cut": code[:len(code)/2]} {
		require.Error(t, put(e, damaged), what)
		_, c := openCached(t, dir, "reset.wasm", Options{})
		requireStats(t, c, rejected)
		_, c = openCached(t, dir, "reset.wasm", Options{})
		requireStats(t, c, loaded)
	}
	bad := e
	bad.lines = []byte{0x80}
	require.Error(t, put(bad, code))
	bad = e
	bad.saved = []byte{5}
	require.ErrorIs(t, put(bad, code), guestabi.ErrMalformed)
	require.False(t, errors.Is(put(e, stale), sealed.ErrForged))
}
