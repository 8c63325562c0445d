package host

import (
	"bytes"
	"crypto/sha256"
	"io"
	"sync"

	"github.com/tetratelabs/wazero"
)

// A shelf stands where the engine of one module keeps files of machine code. It
// has what the engine is to find there, and takes what it makes.
type shelf struct {
	key    [sha256.Size]byte      // the engine's own, of stored or else of made
	stored func() ([]byte, error) // code; nil where there is none

	mu   sync.Mutex
	made []byte
	done bool // it is for the module itself, and not for its helpers
}

// cache is a store of machine code that has the shelf for its files.
func (s *shelf) cache() (wazero.CompilationCache, error) {
	c := wazero.NewCompilationCache()
	return c, putInEngine(c, s)
}

// take is what the engine has made, and its key, if it had to make anything. From
// then on the shelf does nothing.
func (s *shelf) take() (key [sha256.Size]byte, made []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	made, s.made, s.stored, s.done = s.made, nil, nil, true
	return s.key, made
}

// Get, Add and Delete are the engine's internal interface for files.

func (s *shelf) Get(key [sha256.Size]byte) (io.ReadCloser, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stored == nil || key != s.key {
		return nil, false, nil
	}
	code, err := s.stored()
	return io.NopCloser(bytes.NewReader(code)), err == nil && len(code) > 0, err
}

func (s *shelf) Add(key [sha256.Size]byte, r io.Reader) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return nil
	}
	var err error
	s.key = key
	s.made, err = io.ReadAll(r)
	return err
}

func (s *shelf) Delete([sha256.Size]byte) error { return nil }
