// Package sealed keeps blobs in a directory that others may write to, and gives
// back only what it has put there itself: each file is authenticated with a key
// that is kept elsewhere, over its contents and what they stand for.
//
// Whoever can write to the directory can delete blobs and put old ones back
// under their own name. They cannot make up a blob, change one, or pass one off
// as another's.
package sealed

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// MinKey is the shortest key, in bytes.
const MinKey = 32

var (
	// ErrNone: there is no such blob.
	ErrNone = errors.New("no such entry")
	// ErrForged: there is a file, but not one that this key has sealed for it.
	ErrForged = errors.New("not a sealed entry")
)

// A Store is a directory and a key. It may be used by several goroutines and
// processes at once: there are no locks, files appear whole or not at all.
type Store struct {
	dir string
	key []byte
	max int64
}

// Open makes the directory if it is not there. max bounds the sum of the files'
// sizes after each Put.
func Open(dir string, key []byte, max int64) (*Store, error) {
	if len(key) < MinKey {
		return nil, fmt.Errorf("key of %d bytes, want %d or more", len(key), MinKey)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &Store{dir, append([]byte(nil), key...), max}
	root, err := s.open()
	if err != nil {
		return nil, err
	}
	return s, root.Close()
}

// open opens the directory. Names in it cannot lead out of it.
func (s *Store) open() (*os.Root, error) { return os.OpenRoot(s.dir) }

const (
	suffix  = ".sealed"
	tempTag = "new-" // of files that are being written
)

// name is the file of a blob. Without the key nobody can tell whose it is, and
// stores of other keys in the same directory do not get in its way.
func (s *Store) name(id []byte) string {
	h := s.mac("name", id)
	return hex.EncodeToString(h.Sum(nil)) + suffix
}

// mac begins a MAC of one purpose for one blob.
func (s *Store) mac(purpose string, id []byte) hash.Hash {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(purpose))
	sum := sha256.Sum256(id) // of a fixed length, so that what follows begins in one place only
	h.Write(sum[:])
	return h
}

// seal is the MAC of a blob, by its head. That says all of the blob, and is made on
// all processors.
func (s *Store) seal(id, head []byte) []byte {
	h := s.mac("blob", id)
	h.Write(head)
	return h.Sum(nil)
}

// Get reads the blob of an id, which is any bytes that tell it from others, of no
// more than largest bytes. Errors wrap ErrNone, ErrForged or the operating
// system's.
func (s *Store) Get(id []byte, largest int64) ([]byte, error) {
	b, err := s.Open(id, largest)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	data := make([]byte, b.len)
	_, err = io.ReadFull(b, data)
	return data, err
}

// Open is Get for who has memory for the blob.
func (s *Store) Open(id []byte, largest int64) (*Blob, error) {
	root, err := s.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	name := s.name(id)
	f, size, err := openFile(root, name, largest+Overhead(largest))
	if err != nil {
		return nil, err
	}
	b := &Blob{f: f}
	if err := s.begin(b, id, size, largest); err != nil {
		f.Close()
		return nil, err
	}
	now := time.Now()
	_ = root.Chtimes(name, now, now) // it was used; in a directory that is not ours it looks old
	return b, nil
}

// begin reads a blob's head and believes it.
func (s *Store) begin(b *Blob, id []byte, size, largest int64) error {
	cut := func(err error) error { return fmt.Errorf("%w: %w", ErrForged, err) }
	var start [sealSize + minHead]byte
	if _, err := b.f.ReadAt(start[:], 0); err != nil {
		return cut(err)
	}
	n := binary.LittleEndian.Uint64(start[sealSize:])
	if n > uint64(max(0, largest)) || int64(n)+Overhead(int64(n)) != size {
		return fmt.Errorf("%w: %d bytes in a file of %d", ErrForged, n, size)
	}
	b.len, b.head = int64(n), make([]byte, headSize(int64(n)))
	if _, err := b.f.ReadAt(b.head, sealSize); err != nil {
		return cut(err)
	}
	if !hmac.Equal(s.seal(id, b.head), start[:sealSize]) {
		return fmt.Errorf("%w: its seal is another", ErrForged)
	}
	return nil
}

// openFile opens a file that somebody else may have put there, or be replacing.
func openFile(root *os.Root, name string, largest int64) (*os.File, int64, error) {
	// Opening a device, or what a link leads to, may do things.
	st, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, ErrNone
	}
	if err == nil {
		err = plausible(st, largest)
	}
	if err != nil {
		return nil, 0, err
	}
	f, err := root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if errors.Is(err, fs.ErrNotExist) { // removed meanwhile
		return nil, 0, ErrNone
	}
	if err != nil {
		return nil, 0, err
	}
	if st, err = f.Stat(); err == nil {
		err = plausible(st, largest)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, st.Size(), nil
}

func plausible(st fs.FileInfo, largest int64) error {
	switch n := st.Size(); {
	case !st.Mode().IsRegular():
		return fmt.Errorf("%w: %v", ErrForged, st.Mode())
	case n < Overhead(0) || n > largest:
		return fmt.Errorf("%w: %d bytes, want %d to %d", ErrForged, n, Overhead(0), largest)
	}
	return nil
}

// Put writes the blob of an id, and then removes the files that were used least
// recently until the rest fits, of which it returns the number. A blob that does
// not fit itself is an error.
func (s *Store) Put(id, blob []byte) (evicted int, err error) {
	if size := int64(len(blob)) + Overhead(int64(len(blob))); size > s.max {
		return 0, fmt.Errorf("entry of %d bytes exceeds %d", size, s.max)
	}
	root, err := s.open()
	if err != nil {
		return 0, err
	}
	defer root.Close()
	name, head := s.name(id), headOf(blob)
	if err := write(root, name, s.seal(id, head), head, blob); err != nil {
		return 0, err
	}
	return s.evict(root, name)
}

// write makes a file appear whole. It is not synced: one that a crash leaves
// halfway is not believed.
func write(root *os.Root, name string, parts ...[]byte) error {
	temp := tempTag + rand.Text() + suffix
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err == nil {
			_, err = f.Write(p)
		}
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = root.Rename(temp, name)
	}
	if err != nil {
		_ = root.Remove(temp)
	}
	return err
}
