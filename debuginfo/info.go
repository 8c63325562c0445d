package debuginfo

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/wasmffi/wasmffi/dtype"
)

// An Info is the debug info of one library.
type Info struct {
	name  string
	abi   *dtype.ABI
	main  container // the library, which has the symbols
	debug container // the library or a separate file, which has the debug info
	files []io.Closer
	// debugPath is the file of debug, and debugRoot where others may be; empty
	// if no other file may be read.
	debugPath, debugRoot string

	lines lineSection

	once    sync.Once // builds what follows
	loadErr error
	data    *dwarfData
	index   *index
	symbols symbols

	mu      sync.Mutex // guards what follows
	decoder *decoder
	funcs   map[int]*Func
	vars    map[int]*Var
}

// Open reads the debug info of the library at path: its own, or else that of
// the separate file which belongs to it. Without any, the error wraps
// [ErrNone]; on a processor that dtype has no ABI for, [dtype.ErrNotSupported].
func Open(path string) (*Info, error) { return openPath(path, debugRoot) }

func openPath(path, debugRoot string) (*Info, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{Op: "open", File: path, Err: err}
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, &Error{Op: "open", File: path, Err: err}
	}
	i, err := open(f, st.Size(), path, func(c container) container {
		side, sf := sideFile(path, debugRoot, c)
		if sf == nil {
			return nil
		}
		return closing{side, sf}
	})
	if err != nil {
		f.Close()
		return nil, err
	}
	i.files = append(i.files, f)
	i.debugPath, i.debugRoot = path, debugRoot
	if side, ok := i.debug.(closing); ok {
		i.debugPath = side.Closer.(*os.File).Name()
	}
	return i, nil
}

// New reads debug info from a library of the given size in bytes. The name is
// for messages; no other file is read. r is used until [Info.Close].
func New(r io.ReaderAt, size int64, name string) (*Info, error) {
	return open(r, size, name, func(container) container { return nil })
}

// closing is a container in a file of its own.
type closing struct {
	container
	io.Closer
}

func open(r io.ReaderAt, size int64, name string, side func(container) container) (*Info, error) {
	c, err := openContainer(r, size)
	if err != nil {
		return nil, &Error{Op: "open", File: name, Err: err}
	}
	i := &Info{name: name, abi: c.abi(), main: c, debug: c}
	if i.abi == nil {
		return nil, &Error{Op: "open", File: name, Err: fmt.Errorf("%w: processor or byte order", dtype.ErrNotSupported)}
	}
	if !c.has("info") {
		if i.debug = side(c); i.debug == nil {
			return nil, &Error{Op: "open", File: name, Err: ErrNone}
		}
		if f, ok := i.debug.(closing); ok {
			i.files = append(i.files, f.Closer)
		}
	}
	return i, nil
}

// Close releases the files. What was looked up stays valid; lookups that would
// have to read more of a file fail.
func (i *Info) Close() error {
	var first error
	for _, f := range i.files {
		if err := f.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// Name is the path or name the debug info was opened with.
func (i *Info) Name() string { return i.name }

// ABI is the ABI the library was compiled for.
func (i *Info) ABI() *dtype.ABI { return i.abi }

// load builds the index, once.
func (i *Info) load() error {
	i.once.Do(func() {
		defer recoverMalformed(&i.loadErr)
		sup, done, err := i.supplement()
		defer done()
		if i.data, i.loadErr = readDWARF(i.debug, sup); i.loadErr != nil {
			return
		}
		if err != nil && i.data.damaged == nil {
			i.data.damaged = err
		}
		i.index = buildIndex(i.data)
		i.symbols = i.main.symbols()
		i.decoder = &decoder{data: i.data, index: i.index, abi: i.abi, types: map[int]*ctype{}, same: map[uint64]*ctype{}}
		i.funcs, i.vars = map[int]*Func{}, map[int]*Var{}
	})
	return i.loadErr
}

// fail wraps the reason why a lookup failed.
func (i *Info) fail(op, name string, err error) error {
	return &Error{Op: op, File: i.name, Name: name, Err: err}
}

// notFound is [ErrNotFound], with the damage that may be why.
func (i *Info) notFound() error {
	if i.data.damaged != nil {
		return fmt.Errorf("%w; %w", ErrNotFound, i.data.damaged)
	}
	return ErrNotFound
}

func hexAddr(addr uint64) string { return fmt.Sprintf("0x%x", addr) }
