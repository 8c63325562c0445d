package sealed

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var key = bytes.Repeat([]byte{7}, MinKey)

const plenty = 1 << 20

func open(t testing.TB, dir string) *Store {
	s, err := Open(dir, key, plenty)
	require.NoError(t, err)
	return s
}

func put(t testing.TB, s *Store, id, blob string) {
	_, err := s.Put([]byte(id), []byte(blob))
	require.NoError(t, err)
}

func (s *Store) file(id string) string { return filepath.Join(s.dir, s.name([]byte(id))) }

func TestPutGet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := open(t, dir)
	_, err := s.Get([]byte("x"), plenty)
	require.ErrorIs(t, err, ErrNone)
	put(t, s, "x", "one")
	put(t, s, "y", "")
	_, err = s.Put([]byte("x"), []byte("two"))
	require.NoError(t, err)
	for id, want := range map[string]string{"x": "two", "y": ""} {
		got, err := open(t, dir).Get([]byte(id), plenty)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	_, err = Open(dir, key[1:], plenty)
	require.EqualError(t, err, "key of 31 bytes, want 32 or more")
}

// seed is printed so that a failure can be run again, with WASMFFI_SEED.
func seed(t testing.TB) *rand.Rand {
	n := time.Now().UnixNano()
	if s := os.Getenv("WASMFFI_SEED"); s != "" {
		var err error
		n, err = strconv.ParseInt(s, 0, 64)
		require.NoError(t, err)
	}
	t.Logf("WASMFFI_SEED=%d", n)
	return rand.New(rand.NewPCG(uint64(n), 0))
}

// No file but the one that was put is believed: each byte changed, each length,
// and whatever random edits make of it.
func TestForgeries(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "x", "some contents of more than one block of the hash, which has 64 bytes")
	file := s.file("x")
	good, err := os.ReadFile(file)
	require.NoError(t, err)
	refused := func(b []byte, why string) {
		require.NoError(t, os.WriteFile(file, b, 0o600))
		_, err := s.Get([]byte("x"), plenty)
		require.ErrorIs(t, err, ErrForged, why)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		refused(bad, fmt.Sprintf("byte %d", i))
		refused(good[:i], fmt.Sprintf("%d bytes", i))
	}
	refused(append(bytes.Clone(good), 0), "a byte more")
	r := seed(t)
	for range 300 {
		bad := bytes.Clone(good)
		for range 1 + r.IntN(4) {
			switch at := r.IntN(len(bad)); r.IntN(4) {
			case 0:
				bad[at] = byte(r.Uint32())
			case 1:
				bad = append(bad[:at:at], bad[min(len(bad), at+r.IntN(8)):]...)
			case 2:
				bad = append(bad[:at:at], append([]byte{byte(r.Uint32())}, bad[at:]...)...)
			case 3:
				copy(bad[at:], bad[r.IntN(len(bad)):])
			}
			if len(bad) == 0 {
				break
			}
		}
		if !bytes.Equal(bad, good) {
			refused(bad, fmt.Sprintf("%x", bad))
		}
	}
	require.NoError(t, os.WriteFile(file, good, 0o600))
	_, err = s.Get([]byte("x"), plenty)
	require.NoError(t, err)
}

func TestEntriesOfOthers(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "x", "for x")
	require.NoError(t, os.Rename(s.file("x"), s.file("y")))
	_, err := s.Get([]byte("y"), plenty)
	require.ErrorIs(t, err, ErrForged)

	other, err := Open(dir, bytes.Repeat([]byte{8}, MinKey), plenty)
	require.NoError(t, err)
	_, err = other.Get([]byte("y"), plenty)
	require.ErrorIs(t, err, ErrNone, "another key has other names")
	put(t, other, "x", "for x")
	require.NoError(t, os.Rename(other.file("x"), s.file("x")))
	_, err = s.Get([]byte("x"), plenty)
	require.ErrorIs(t, err, ErrForged, "and other seals")
}

func TestLargest(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "x", "12345")
	_, err := s.Get([]byte("x"), 5)
	require.NoError(t, err)
	_, err = s.Get([]byte("x"), 4)
	require.ErrorIs(t, err, ErrForged)
	// A file of holes costs whoever plants it nothing.
	require.NoError(t, os.Truncate(s.file("x"), 1<<40))
	_, err = s.Get([]byte("x"), plenty)
	require.ErrorIs(t, err, ErrForged)
}

func TestEviction(t *testing.T) {
	dir := t.TempDir()
	size := 100 + Overhead(100)
	s, err := Open(dir, key, 3*size)
	require.NoError(t, err)
	blob := make([]byte, 100)
	foreign := filepath.Join(dir, "README")
	require.NoError(t, os.WriteFile(foreign, make([]byte, 10*size), 0o600))
	stale, fresh := filepath.Join(dir, tempTag+"old"), filepath.Join(dir, tempTag+"young")
	for _, f := range []string{stale, fresh} {
		require.NoError(t, os.WriteFile(f, nil, 0o600))
	}
	age := func(file string, by time.Duration) {
		then := time.Now().Add(-by)
		require.NoError(t, os.Chtimes(file, then, then))
	}
	age(stale, 2*staleTemp)
	for i, id := range []string{"a", "b", "c"} {
		n, err := s.Put([]byte(id), blob)
		require.NoError(t, err)
		require.Zero(t, n)
		age(s.file(id), time.Duration(10-i)*time.Minute)
	}
	_, err = s.Get([]byte("a"), plenty) // b is now the one not used for longest
	require.NoError(t, err)
	n, err := s.Put([]byte("d"), blob)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	for id, want := range map[string]error{"a": nil, "b": ErrNone, "c": nil, "d": nil} {
		_, err := s.Get([]byte(id), plenty)
		require.ErrorIs(t, err, want, id)
	}
	require.FileExists(t, foreign)
	require.NoFileExists(t, stale)
	require.FileExists(t, fresh)

	_, err = s.Put([]byte("e"), make([]byte, 4*size))
	require.EqualError(t, err, "entry of 760 bytes exceeds 516")
	n, err = s.Put([]byte("f"), make([]byte, 3*size-Overhead(3*size)))
	require.NoError(t, err)
	require.Equal(t, 3, n)
}

func TestDirectoryInTheWay(t *testing.T) {
	s := open(t, t.TempDir())
	require.NoError(t, os.MkdirAll(filepath.Join(s.file("x"), "full"), 0o700))
	_, err := s.Get([]byte("x"), plenty)
	require.ErrorIs(t, err, ErrForged)
	_, err = s.Put([]byte("x"), nil)
	require.Error(t, err)
	names, err := os.ReadDir(s.dir)
	require.NoError(t, err)
	require.Len(t, names, 1, "what was being written is removed")

	require.NoError(t, os.RemoveAll(s.dir))
	_, err = s.Get([]byte("x"), plenty)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = s.Put([]byte("x"), nil)
	require.ErrorIs(t, err, fs.ErrNotExist)
}
