//go:build unix

package sealed

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Writers and readers of one directory see whole blobs, or none.
func TestManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			s, err := Open(dir, key, 20_000)
			if err != nil {
				t.Error(err)
				return
			}
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for range 60 {
				id := []byte{byte(r.IntN(5))}
				if r.IntN(2) == 0 {
					if _, err := s.Put(id, bytes.Repeat(id, 4000+r.IntN(2000))); err != nil {
						t.Error(err)
					}
				} else if blob, err := s.Get(id, plenty); err == nil && !bytes.Equal(blob, bytes.Repeat(id, len(blob))) {
					t.Errorf("blob of %d begins %x", id, blob[:4])
				} else if err != nil && !errors.Is(err, ErrNone) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// What is planted under an entry's name does not hang, is not followed, and is
// replaced.
func TestPlanted(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.WriteFile(outside, []byte("not to be touched"), 0o600))
	then := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(outside, then, then))
	before, err := os.Stat(outside)
	require.NoError(t, err)
	plants := map[string]func(s *Store) error{
		"pipe":                func(s *Store) error { return syscall.Mkfifo(s.file("x"), 0o600) },
		"link out":            func(s *Store) error { return os.Symlink(outside, s.file("x")) },
		"link to another":     func(s *Store) error { return os.Symlink(filepath.Base(s.file("y")), s.file("x")) },
		"link to itself":      func(s *Store) error { return os.Symlink(filepath.Base(s.file("x")), s.file("x")) },
		"link to a device":    func(s *Store) error { return os.Symlink("/dev/zero", s.file("x")) },
		"hard link":           func(s *Store) error { return os.Link(outside, s.file("x")) },
		"hard link, same dir": func(s *Store) error { return os.Link(s.file("y"), s.file("x")) },
	}
	for what, plant := range plants {
		t.Run(what, func(t *testing.T) {
			s := open(t, t.TempDir())
			put(t, s, "y", "for y")
			require.NoError(t, plant(s))
			_, err := s.Get([]byte("x"), plenty)
			require.ErrorIs(t, err, ErrForged)
			put(t, s, "x", "for x")
			for _, id := range []string{"x", "y"} {
				blob, err := s.Get([]byte(id), plenty)
				require.NoError(t, err)
				require.Equal(t, "for "+id, string(blob))
			}
		})
	}
	after, err := os.Stat(outside)
	require.NoError(t, err)
	require.Equal(t, before.ModTime(), after.ModTime())
	content, err := os.ReadFile(outside)
	require.NoError(t, err)
	require.Equal(t, "not to be touched", string(content))
}

func TestPlantedDirectory(t *testing.T) {
	s := open(t, t.TempDir())
	put(t, s, "x", "for x")
	elsewhere := t.TempDir()
	require.NoError(t, os.RemoveAll(s.dir))
	require.NoError(t, os.Symlink(elsewhere, s.dir)) // the user's own choice, as far as can be told
	_, err := s.Get([]byte("x"), plenty)
	require.ErrorIs(t, err, ErrNone)
	put(t, s, "x", "for x")
	_, err = s.Get([]byte("x"), plenty)
	require.NoError(t, err)
}

func TestUnwritable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("LEFT OUT: root can write to any directory")
	}
	s := open(t, t.TempDir())
	put(t, s, "x", "for x")
	require.NoError(t, os.Chmod(s.dir, 0o500))
	t.Cleanup(func() { _ = os.Chmod(s.dir, 0o700) })
	_, err := s.Get([]byte("x"), plenty)
	require.NoError(t, err)
	_, err = s.Put([]byte("y"), nil)
	require.ErrorIs(t, err, os.ErrPermission)
}

func TestKeyFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sub", "key")
	var wg sync.WaitGroup
	keys := make([][]byte, 16)
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = KeyFile(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range keys {
		require.Len(t, k, MinKey)
		require.Equal(t, keys[0], k)
	}
	require.NotEqual(t, make([]byte, MinKey), keys[0])
	names, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, names, 1, "nothing is left behind")
	for file, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		st, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, want, st.Mode().Perm(), file)
	}

	for _, mode := range []os.FileMode{0o640, 0o604, 0o620} {
		require.NoError(t, os.Chmod(path, mode))
		_, err = KeyFile(path)
		require.ErrorIs(t, err, ErrUnsafeKey, mode.String())
	}
	require.NoError(t, os.Chmod(path, 0o600))
	require.NoError(t, os.Chmod(filepath.Dir(path), 0o720))
	_, err = KeyFile(path)
	require.ErrorIs(t, err, ErrUnsafeKey)
	require.NoError(t, os.Chmod(filepath.Dir(path), 0o700))
	require.NoError(t, os.Truncate(path, MinKey-1))
	_, err = KeyFile(path)
	require.ErrorContains(t, err, "31 bytes, want 32 or more")
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Mkdir(path, 0o700))
	_, err = KeyFile(path)
	require.Error(t, err)
}

// A key that another user could have chosen is not used, by root least of all.
func TestKeyOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("LEFT OUT: only root can give files away")
	}
	path := filepath.Join(t.TempDir(), "sub", "key")
	_, err := KeyFile(path)
	require.NoError(t, err)
	for _, file := range []string{path, filepath.Dir(path)} {
		require.NoError(t, os.Chown(file, 1234, -1))
		_, err = KeyFile(path)
		require.ErrorIs(t, err, ErrUnsafeKey)
		require.ErrorContains(t, err, "it is user 1234's, not 0's")
		require.NoError(t, os.Chown(file, 0, -1))
	}
}
