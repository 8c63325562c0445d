package host

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
	"github.com/wasmffi/wasmffi/host/internal/pages"
	"github.com/wasmffi/wasmffi/host/internal/sealed"
)

// DefaultCacheBytes is what CacheOptions have when MaxBytes is zero.
const DefaultCacheBytes = 512 << 20

// A Cache keeps compiled modules in a directory, so that other processes open
// them without compiling. It may be shared by any number of goroutines,
// libraries and processes, and needs no closing.
//
// What is in the directory is machine code, and is believed only under a key
// that is not: who can write to the directory, and does not have the key, can
// make opening slow again, and nothing else. An entry is for one module under
// the same limits, one version of this module, of wazero and of Go, and one kind
// of machine; what does not fit is compiled and replaced.
//
// A module is ten times its size there, or less.
type Cache struct {
	store *sealed.Store
	about []byte // what else than the module an entry depends on
	max   int64

	mu    sync.Mutex
	stats CacheStats
}

// CacheOptions say how a [Cache] is kept.
type CacheOptions struct {
	// Key is what entries are authenticated with: at least 32 bytes that those
	// who can write to the directory do not have. Nil means the user's own key,
	// in a file wasmffi/cache.key under [os.UserConfigDir] that is made when it is
	// first needed. It must be the user's alone and lie outside the directory.
	Key []byte
	// MaxBytes is the most that the entries take together; those used least
	// recently are removed. 0 means DefaultCacheBytes.
	MaxBytes int64
}

// CacheStats is what a cache has done in this process.
type CacheStats struct {
	Loaded   uint64 // modules that did not need to be compiled
	Compiled uint64 // modules that did
	Rejected uint64 // of those, because their entry was damaged, forged or could not be read
	Stored   uint64 // entries written
	Evicted  uint64 // entries removed to make room
	Failed   uint64 // entries that could not be written
	// FailedErr is why, the last time.
	FailedErr error
}

// OpenCache makes or opens a cache in a directory. Errors of the operating system
// are wrapped. Where a key is not safe to use the error wraps
// [wasmffi.ErrRefused]. With a version of wazero whose machine code this package
// cannot get at, or where a program can tell nothing of itself, it wraps
// [wasmffi.ErrNotSupported].
//
// A cache that later cannot be read or written works as if there were none.
func OpenCache(dir string, opts CacheOptions) (*Cache, error) {
	c, err := openCache(dir, opts)
	if err != nil {
		return nil, &wasmffi.Error{Op: "open cache", Library: dir, Err: err}
	}
	return c, nil
}

func openCache(dir string, opts CacheOptions) (*Cache, error) {
	if dir == "" {
		return nil, errors.New("no directory given")
	}
	if opts.MaxBytes < 0 {
		return nil, fmt.Errorf("MaxBytes is %d", opts.MaxBytes)
	}
	c := &Cache{max: opts.MaxBytes}
	if c.max == 0 {
		c.max = DefaultCacheBytes
	}
	var err error
	if c.about, err = builtWith(); err != nil {
		return nil, err
	}
	key := opts.Key
	if key == nil {
		if key, err = userKey(dir); err != nil {
			return nil, err
		}
	}
	c.store, err = sealed.Open(dir, key, c.max)
	return c, err
}

// userKey is the key that is this user's alone.
func userKey(dir string) ([]byte, error) {
	config, err := os.UserConfigDir()
	if err != nil {
		return nil, fmt.Errorf("no place for a key: %w", err)
	}
	file := filepath.Join(config, "wasmffi", "cache.key")
	key, err := sealed.KeyFile(file)
	if errors.Is(err, sealed.ErrUnsafeKey) {
		return nil, fmt.Errorf("%w: %w", wasmffi.ErrRefused, err)
	}
	if err == nil && inside(file, dir) {
		return nil, fmt.Errorf("%w: the key %s is in the cache", wasmffi.ErrRefused, file)
	}
	return key, err
}

// inside reports whether a file is in a directory or below it.
func inside(file, dir string) bool {
	want, err := os.Stat(dir)
	if err != nil {
		return false // it is not there yet
	}
	for up := filepath.Dir(file); ; up = filepath.Dir(up) {
		if st, err := os.Stat(up); err == nil && os.SameFile(st, want) {
			return true
		}
		if up == filepath.Dir(up) {
			return false
		}
	}
}

// Stats are what the cache has done so far.
func (c *Cache) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

func (c *Cache) count(f func(*CacheStats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.stats)
}

// build makes a module of what is in the cache, or of its bytes, and then puts
// it there.
func (c *Cache) build(key moduleKey, size int, data func() []byte) (*module, error) {
	id := c.id(key)
	m, err := c.load(id, key, size, data)
	if err == nil {
		c.count(func(s *CacheStats) { s.Loaded++ })
		return m, nil
	}
	c.count(func(s *CacheStats) {
		s.Compiled++
		if !errors.Is(err, sealed.ErrNone) {
			s.Rejected++
		}
	})
	res, wasm, err := rewrite(key.limits, data())
	if err != nil {
		return nil, err
	}
	shelf := &shelf{}
	if m, err = newModule(key, res, wasm, shelf); err != nil {
		return nil, err
	}
	_, code := shelf.take()
	e := entry{size: uint64(len(wasm)), saved: res.Saved(), wasm: wasm}
	if len(code) > 0 { // not of the interpreter
		e.outlined, e.wasm = true, outline(wasm)
		code, e.lines = splitLines(code)
	}
	c.put(id, e, code, size)
	return m, nil
}

// put writes the code and then the entry that it belongs to, whose hash is in the
// code's id.
func (c *Cache) put(id []byte, e entry, code []byte, size int) {
	blob := e.encode()
	n, largest := int64(len(blob)+len(code)), c.largest(size)
	err := fmt.Errorf("entry of %d bytes exceeds %d, for a module of %d", n, largest, size)
	evicted := 0
	if n <= largest {
		if evicted, err = c.store.Put(codeID(id, blob), code); err == nil {
			var more int
			more, err = c.store.Put(id, blob)
			evicted += more
		}
	}
	c.count(func(s *CacheStats) {
		s.Evicted += uint64(evicted)
		if err != nil {
			s.Failed, s.FailedErr = s.Failed+1, err
		} else {
			s.Stored++
		}
	})
}

// load makes a module of its entry.
func (c *Cache) load(id []byte, key moduleKey, size int, data func() []byte) (*module, error) {
	largest := c.largest(size)
	blob, err := c.store.Get(id, largest)
	if err != nil {
		return nil, err
	}
	code, err := c.store.Open(codeID(id, blob), largest)
	if err != nil {
		return nil, err
	}
	defer code.Close()
	if !pages.CanDiscard { // wrong code would take memory for good
		if err := code.Check(); err != nil {
			return nil, err
		}
	}
	e, err := decodeEntry(blob)
	if err != nil {
		return nil, err
	}
	lines := sync.OnceValues(func() (lineTable, error) { return joinLines(e.lines) })
	go lines() // meanwhile
	res, err := guestabi.Restore(data(), key.limits.rewriting(), nil, e.saved)
	if err != nil {
		return nil, err
	}
	shelf := &shelf{}
	if e.outlined {
		shelf.stored = code
	}
	m, err := newModule(key, res, e.wasm, shelf)
	_, made := shelf.take()
	if codeErr := code.Err(); codeErr != nil {
		err = codeErr // the engine's says less
	} else if err == nil && (made != nil || e.outlined && !shelf.given) {
		err = errors.New("the engine did not take what it has made") // and has made an outline's functions
	}
	if err == nil {
		var t lineTable
		if t, err = lines(); err == nil {
			err = m.setLines(t)
		}
	}
	if err != nil {
		if m != nil {
			m.close()
		}
		return nil, err
	}
	m.size = int(e.size)
	return m, nil
}

// largest is the most an entry may have, for a module of n bytes: what is planted
// in its place costs no more memory. Machine code is some eight times wasm.
func (c *Cache) largest(n int) int64 { return min(c.max-2*sealed.Overhead(c.max), 64*int64(n)+1<<20) }

// id is all that an entry depends on.
func (c *Cache) id(key moduleKey) []byte {
	id := append([]byte(nil), c.about...)
	return fmt.Appendf(id, "module %x\noptions %#v\ninterpreter %t\n", key.hash, key.limits.rewriting(), key.limits.interpreter)
}

// codeID is what the machine code of an entry depends on.
func codeID(id, entry []byte) []byte {
	return fmt.Appendf(nil, "%scode of %x\n", id, sha256.Sum256(entry))
}

// setLines gives the engine the lines that were taken out of its code.
func (m *module) setLines(t lineTable) error {
	if len(t.machine) == 0 {
		return nil
	}
	machine, wasm, code, err := engineLines(m.code)
	if err != nil {
		return err
	}
	for i := range t.machine {
		t.machine[i] += code
	}
	*machine, *wasm = t.machine, t.wasm
	return nil
}

// An entry is what the cache keeps of a module besides machine code.
type entry struct {
	outlined bool   // wasm is an outline, since there is machine code
	size     uint64 // of the rewritten module, in bytes
	saved    []byte // by guestabi
	lines    []byte // of the machine code: see splitLines
	wasm     []byte // rewritten and traceable
}

const entryHead = 1 + 3*8 // bytes of an entry before saved

func (e *entry) encode() []byte {
	b := make([]byte, 1, entryHead+len(e.saved)+len(e.lines)+len(e.wasm))
	if e.outlined {
		b[0] = 1
	}
	for _, n := range []uint64{e.size, uint64(len(e.saved)), uint64(len(e.lines))} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return append(append(append(b, e.saved...), e.lines...), e.wasm...)
}

func decodeEntry(b []byte) (e entry, err error) {
	if len(b) < entryHead {
		return e, io.ErrUnexpectedEOF
	}
	number := func(i int) uint64 { return binary.LittleEndian.Uint64(b[1+8*i:]) }
	size, saved, lines := number(0), number(1), number(2)
	e.outlined, e.size = b[0] != 0, size
	if b = b[entryHead:]; saved > uint64(len(b)) || lines > uint64(len(b))-saved {
		return e, io.ErrUnexpectedEOF
	}
	e.saved, e.lines, e.wasm = b[:saved], b[saved:saved+lines], b[saved+lines:]
	return e, nil
}
