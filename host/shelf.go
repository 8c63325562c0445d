package host

import (
	"crypto/sha256"
	"io"
	"sync"

	"github.com/tetratelabs/wazero"

	"github.com/wasmffi/wasmffi/host/internal/pages"
)

// A shelf stands where the engine of one module keeps files of machine code. It
// has what the engine is to find there, and takes what it makes.
type shelf struct {
	mu     sync.Mutex
	stored io.ReadCloser     // code, for the first who asks; nil where there is none
	given  bool              // it was asked for
	key    [sha256.Size]byte // the engine's own, of what it has made
	made   []byte
	done   bool // it is for the module itself, and not for its helpers
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

func (s *shelf) Get([sha256.Size]byte) (io.ReadCloser, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stored == nil {
		return nil, false, nil
	}
	code := &codeReader{ReadCloser: s.stored}
	s.stored, s.given = nil, true
	return code, true, nil
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

// A codeReader reads code into memory that the engine has got for it.
type codeReader struct {
	io.ReadCloser
	into []byte // the largest there was: all of the code
}

func (r *codeReader) Read(p []byte) (int, error) {
	if len(p) > len(r.into) {
		r.into = p
		pages.Large(p)
	}
	n, err := r.ReadCloser.Read(p)
	if err != nil {
		pages.Discard(r.into) // the engine then forgets to unmap it
	}
	return n, err
}
