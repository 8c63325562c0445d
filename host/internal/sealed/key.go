package sealed

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrUnsafeKey: others could read or replace the key.
var ErrUnsafeKey = errors.New("key is not this user's alone")

// maxKey is more than any key file has.
const maxKey = 1 << 10

// KeyFile reads the key in a file, which is made if it is not there. The file
// and its directory must be this user's: the error wraps ErrUnsafeKey if others
// may read or write the file, or replace it.
func KeyFile(path string) ([]byte, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	st, err := os.Stat(dir)
	if err == nil {
		err = private(st, 0o022)
	}
	if err != nil {
		return nil, fmt.Errorf("directory of the key %s: %w", dir, err)
	}
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := newKey(path); err != nil {
			return nil, err
		}
		key, err = readKey(path) // another process's, if it was there first
	}
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", path, err)
	}
	return key, nil
}

func readKey(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err == nil {
		err = private(st, 0o077)
	}
	if err != nil {
		return nil, err
	}
	key, err := io.ReadAll(io.LimitReader(f, maxKey))
	if err == nil && len(key) < MinKey {
		err = fmt.Errorf("%d bytes, want %d or more", len(key), MinKey)
	}
	return key, err
}

// newKey makes the file, whole from the beginning, unless another process does.
func newKey(path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	var key [MinKey]byte
	_, _ = rand.Read(key[:]) // never fails
	_, err = f.Write(key[:])
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	err = os.Link(f.Name(), path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	// There are no links here. Of two processes that come at once, the first one's
	// key is lost, and with it what it has sealed until then.
	return os.Rename(f.Name(), path)
}
