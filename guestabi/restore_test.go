package guestabi

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func committedModules(t *testing.T) map[string][]byte {
	out := map[string][]byte{}
	for _, dir := range []string{"../testdata/wasm", "../testdata/wasm/kernels", "../host/testdata"} {
		paths, err := filepath.Glob(dir + "/*.wasm")
		require.NoError(t, err)
		for _, path := range paths {
			wasm, err := os.ReadFile(path)
			require.NoError(t, err)
			out[filepath.Base(path)] = wasm
		}
	}
	require.Greater(t, len(out), 20)
	return out
}

// What is restored is what was saved, down to the last field.
func TestRestore(t *testing.T) {
	for name, wasm := range committedModules(t) {
		for _, opts := range []Options{{}, {InitialFuel: 1000, MaxTable: 5000, MaxMemoryPages: 600}, {Uninstrumented: true},
			{Own: true}, {Own: true, Uninstrumented: true}} {
			made, err := Rewrite(wasm, opts)
			require.NoError(t, err, name)
			restored, err := Restore(wasm, opts, made.Wasm, made.Saved())
			require.NoError(t, err, name)
			require.Equal(t, made, restored, name)
		}
	}
}

func TestRestoreDamage(t *testing.T) {
	wasm := committedModules(t)["hostile.wasm"]
	made, err := Rewrite(wasm, Options{})
	require.NoError(t, err)
	saved := made.Saved()
	for n := range saved {
		_, err := Restore(wasm, Options{}, made.Wasm, saved[:n])
		require.ErrorIs(t, err, ErrMalformed, "%d of %d bytes", n, len(saved))
	}
	_, err = Restore(wasm, Options{}, made.Wasm, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	require.ErrorIs(t, err, ErrMalformed)
	_, err = Restore(wasm[:20], Options{}, made.Wasm, saved)
	require.ErrorIs(t, err, ErrMalformed)
}

// rewritten are modules and what Revision makes of them, by the hashes of both.
var rewritten = map[string][2]string{
	"fib.wasm":          {"77eaa5fff336d80c", "6731c3ba0013803a"},
	"matmul.wasm":       {"b0f537f8c7e77aa5", "6c0bb4a1592d364e"},
	"sort.wasm":         {"9f15dbbf3ff32a3b", "42d95114a077c1d9"},
	"strhash.wasm":      {"ea9a86f56e8a7b36", "1da7f1144cad2c92"},
	"hostile.wasm":      {"00a696f5ad22e777", "f309c3b015f8a1db"},
	"resettables.wasm":  {"57e03a72186accab", "f84a38ceff7add16"},
	"importmemory.wasm": {"f21ebc82635d5366", "b812f1ab3fe25ad8"},
	"abi.wasm":          {"d7be571f3de15193", "e4e0d2b481e8712d"},
}

// Whoever keeps results trusts Revision to tell them apart.
func TestRevision(t *testing.T) {
	hash := func(parts ...[]byte) string {
		h := sha256.New()
		for _, p := range parts {
			h.Write(p)
		}
		return hex.EncodeToString(h.Sum(nil)[:8])
	}
	modules := committedModules(t)
	for _, name := range slices.Sorted(maps.Keys(rewritten)) {
		made, err := Rewrite(modules[name], Options{})
		require.NoError(t, err)
		now := [2]string{hash(modules[name]), hash(made.Wasm, made.Saved())}
		if was := rewritten[name]; now[0] != was[0] {
			t.Errorf("%s is another file: its line is now %q", name, now)
		} else if now != was {
			t.Errorf("Rewrite makes something else of %s: Revision must be another, the line %q", name, now)
		}
	}
}
