package host

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

// eachWay opens bytes in every way there is.
func eachWay(t *testing.T, data []byte, opts Options, check func(err error)) {
	path := filepath.Join(t.TempDir(), "m.wasm")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	_, err := OpenBytes(background, "m", data, opts)
	check(err)
	_, err = Open(background, path, opts)
	check(err)
	_, err = wasmffi.Open(background, path, opts)
	check(err)
	_, err = wasmffi.OpenBytes(background, "m", data, opts)
	check(err)
	_, err = OpenPool(background, path, PoolOptions{Options: opts})
	check(err)
	_, err = NewPool(background, "m", data, PoolOptions{Options: opts}, func(lib wasmffi.Library) (wasmffi.Library, error) { return lib, nil })
	check(err)
}

func TestPin(t *testing.T) {
	data := fixture(t, "reset.wasm")
	sum := sha256.Sum256(data)
	pin := hex.EncodeToString(sum[:])
	for _, good := range []string{"", pin, strings.ToUpper(pin)} {
		eachWay(t, data, Options{SHA256: good}, func(err error) { require.NoError(t, err) })
	}
	changed := append([]byte(nil), data...)
	changed[len(changed)-1] ^= 1 // whether it still is a module is not looked at
	for _, bad := range [][]byte{changed, append(changed, 0), data[:len(data)-1], []byte("\x00asm\x01\x00\x00\x00")} {
		got := sha256.Sum256(bad)
		eachWay(t, bad, Options{SHA256: pin}, func(err error) {
			require.ErrorIs(t, err, wasmffi.ErrRefused)
			var e *PinError
			require.ErrorAs(t, err, &e)
			require.Equal(t, PinError{sum, got}, *e)
			require.ErrorContains(t, err, "refused: the module's SHA-256 is "+hex.EncodeToString(got[:])+", not "+pin)
		})
	}
	_, err := OpenBytes(background, "m", []byte("no wasm"), Options{SHA256: pin})
	require.ErrorAs(t, err, new(*PinError), "nothing is parsed before")

	for _, typo := range []string{pin[1:], pin + "0", pin[:63] + "g", " " + pin[1:], "0x" + pin[2:], "sha256:" + pin, " ", strings.Repeat("long", 100)} {
		eachWay(t, data, Options{SHA256: typo}, func(err error) {
			require.ErrorIs(t, err, wasmffi.ErrRefused)
			require.ErrorContains(t, err, "want 64 hexadecimal digits")
			require.Less(t, len(err.Error()), 300)
		})
	}
}

// A pin is for what replaces a module too, and for a cached one.
func TestPinStays(t *testing.T) {
	first, second := counterModule(1, false), counterModule(2, false)
	w := newWaiting()
	opts := w.options()
	sum := sha256.Sum256(first)
	opts.SHA256 = hex.EncodeToString(sum[:])
	opts.Cache = testCache(t, t.TempDir())
	plugin := newCounterPlugin(t, opts)
	pool, err := NewPool(background, "v1.wasm", first, PoolOptions{Options: opts, Instances: 2}, newCounter)
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.Close(background)) }()
	other := opts
	sum = sha256.Sum256(second)
	other.SHA256 = hex.EncodeToString(sum[:])
	lib, err := OpenBytes(background, "v2.wasm", second, other) // puts it into the cache
	require.NoError(t, err)
	require.NoError(t, lib.Close())
	for _, replace := range []func(module []byte) error{
		func(module []byte) error { return plugin.Replace(background, "v2.wasm", module, nil) },
		func(module []byte) error { return pool.Replace(background, "v2.wasm", module) },
	} {
		var pin *PinError
		require.ErrorAs(t, replace(second), &pin)
		require.Equal(t, sum, pin.Got)
		require.NoError(t, replace(first))
	}
	require.EqualValues(t, 1, version(t, plugin))
	require.EqualValues(t, 1, version(t, pool))
}
