package debuginfo

import (
	"fmt"
	"io"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// Section ids of a WebAssembly module: core specification 5.5.2.
const (
	wasmCustom = 0
	wasmImport = 2
	wasmExport = 7
	wasmCode   = 10
)

type wasmFile struct {
	r      io.ReaderAt
	custom map[string]extent
	known  map[uint8]extent // by id
}

// An extent is where something is in the file.
type extent struct{ off, size int64 }

// maxWASMSections bounds the walk over section headers, each of which is read
// by itself. Compilers write a few dozen.
const maxWASMSections = 10_000

// openWASM reads the headers of a module's sections.
func openWASM(r io.ReaderAt, size int64) (container, error) {
	w := &wasmFile{r: r, custom: map[string]extent{}, known: map[uint8]extent{}}
	const header = 8 // magic and version
	for off, n := int64(header), 0; off < size; n++ {
		if n == maxWASMSections {
			return nil, fmt.Errorf("%w: more than %d sections", ErrMalformed, maxWASMSections)
		}
		next, err := w.readHeader(off, size)
		if err != nil {
			return nil, err
		}
		off = next
	}
	return w, nil
}

// readHeader notes the section at off and gives the offset of the next.
func (w *wasmFile) readHeader(off, size int64) (int64, error) {
	const maxHeader = 64 // id, two lengths and every name of interest
	buf := make([]byte, min(maxHeader, size-off))
	if _, err := w.r.ReadAt(buf, off); err != nil && err != io.EOF {
		return 0, err
	}
	c := cursor{data: buf}
	id, length := c.u8(), c.uleb()
	start := off + int64(c.pos)
	if c.bad || length > uint64(size-start) {
		return 0, fmt.Errorf("%w: section of %d bytes at 0x%x exceeds the file's %d", ErrMalformed, length, off, size)
	}
	end := start + int64(length)
	if id != wasmCustom {
		w.known[id] = extent{start, int64(length)}
		return end, nil
	}
	// A name that does not fit the buffer, or its section, is none of ours.
	if name := c.take(c.uleb()); !c.bad && off+int64(c.pos) <= end {
		body := off + int64(c.pos)
		w.custom[string(name)] = extent{body, end - body}
	}
	return end, nil
}

func (w *wasmFile) abi() *dtype.ABI { return dtype.WASM32 }

func (w *wasmFile) has(name string) bool {
	_, ok := w.custom[".debug_"+name]
	return ok
}

func (w *wasmFile) section(name string) ([]byte, error) {
	return w.read(w.custom[".debug_"+name])
}

func (w *wasmFile) read(e extent) ([]byte, error) {
	if e.size == 0 {
		return nil, nil
	}
	b := make([]byte, e.size)
	if _, err := w.r.ReadAt(b, e.off); err != nil && err != io.EOF {
		return nil, err
	}
	return b, nil
}

// buildID is the contents of the build_id section that wasm-ld writes on
// request.
func (w *wasmFile) buildID() []byte {
	b, err := w.read(w.custom["build_id"])
	if err != nil {
		return nil
	}
	return b
}

// external is the path or URL in external_debug_info.
func (w *wasmFile) external() string {
	b, err := w.read(w.custom["external_debug_info"])
	if err != nil {
		return ""
	}
	c := cursor{data: b}
	name := c.take(c.uleb())
	if c.bad {
		return ""
	}
	return strings.TrimPrefix(string(name), "file://")
}

// symbols are the exported functions. DWARF names a function's address by the
// first byte of its body after the size, as an offset into the code section.
func (w *wasmFile) symbols() symbols {
	imports, ok := w.importedFuncs()
	bodies := w.bodies()
	b, err := w.read(w.known[wasmExport])
	if !ok || err != nil {
		return symbols{}
	}
	funcs := map[string]uint64{}
	c := cursor{data: b}
	for range c.uleb() {
		name, kind, i := c.take(c.uleb()), c.u8(), c.uleb()
		if c.bad {
			break
		}
		if kind == 0 && i >= imports && i-imports < uint64(len(bodies)) {
			funcs[string(name)] = bodies[i-imports]
		}
	}
	return symbols{funcs: funcs}
}

// importedFuncs counts the imported functions: they come first in the index
// space.
func (w *wasmFile) importedFuncs() (n uint64, ok bool) {
	b, err := w.read(w.known[wasmImport])
	if err != nil {
		return 0, false
	}
	c := cursor{data: b}
	for range c.uleb() {
		c.take(c.uleb()) // module
		c.take(c.uleb()) // name
		switch kind := c.u8(); kind {
		case 0: // function: its type
			c.uleb()
			n++
		case 1: // table: element type and limits
			c.u8()
			c.skipLimits()
		case 2: // memory: limits
			c.skipLimits()
		case 3: // global: type and mutability
			c.take(2)
		case 4: // tag: attribute and type
			c.u8()
			c.uleb()
		default:
			c.bad = true
		}
		if c.bad {
			return 0, false
		}
	}
	return n, true
}

func (c *cursor) skipLimits() {
	hasMax := c.u8()&1 != 0
	c.uleb()
	if hasMax {
		c.uleb()
	}
}

// bodies are the offsets of the function bodies in the code section, as far as
// it can be read.
func (w *wasmFile) bodies() (offs []uint64) {
	b, err := w.read(w.known[wasmCode])
	if err != nil {
		return nil
	}
	c := cursor{data: b}
	for range c.uleb() {
		size := c.uleb()
		body := uint64(c.pos)
		if c.take(size); c.bad {
			break
		}
		offs = append(offs, body)
	}
	return offs
}
