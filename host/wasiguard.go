package host

import (
	"errors"
	"fmt"
	"io"
	"math/rand"
	"time"

	"github.com/wasmffi/wasmffi"
)

// What one WASI request may ask for. More than these no C library asks for, and
// the engine would do for as long, or take as much of Go's memory, as C says.
const (
	maxVectors    = 1024    // buffers of a read or write, as on Linux, and events of a poll
	maxPath       = 4096    // bytes of a file's name, as on Linux
	maxDescriptor = 1 << 12 // that a file is renumbered to: a table is as long as its highest
	maxStep       = 1 << 20 // bytes that are read or written between two looks at the time
)

// ErrRequest is wrapped by the error of a call that asked something of WASI
// that no C library does: too many buffers (1024), too long a name (4096 bytes),
// a descriptor too high (4096), or numbers that do not fit together.
var ErrRequest = errors.New("bad WASI request")

// A bound is the most that a parameter of a WASI function may be.
type bound struct {
	param int
	most  uint32
	what  string
}

var (
	buffers = []bound{{2, maxVectors, "buffers"}}
	path2   = []bound{{2, maxPath, "bytes of a name"}}
	path3   = []bound{{3, maxPath, "bytes of a name"}}
)

// bounds are those of the WASI functions that need some, by name.
var bounds = map[string][]bound{
	"fd_read": buffers, "fd_write": buffers, "fd_pread": buffers, "fd_pwrite": buffers,
	"sock_recv": buffers, "sock_send": buffers,
	"poll_oneoff":           {{2, maxVectors, "events"}},
	"fd_renumber":           {{1, maxDescriptor, "as a descriptor"}},
	"path_create_directory": path2, "path_readlink": path2, "path_remove_directory": path2, "path_unlink_file": path2,
	"path_open": path3, "path_filestat_get": path3, "path_filestat_set_times": path3,
	"path_link":    {path3[0], {6, maxPath, path3[0].what}},
	"path_rename":  {path2[0], {5, maxPath, path2[0].what}},
	"path_symlink": {{1, maxPath, path2[0].what}, {4, maxPath, path2[0].what}},
}

// checkRequest ends the call where a parameter exceeds its bound.
func (in *instance) checkRequest(name string, bounds []bound, params []uint64) {
	for _, b := range bounds {
		if b.param < len(params) && uint32(params[b.param]) > b.most {
			in.abort(fmt.Errorf("%w: %w: %s: %d %s, at most %d are allowed",
				ErrRequest, wasmffi.ErrLimit, name, uint32(params[b.param]), b.what, b.most))
		}
	}
}

// stillTime ends the call when its time is up, but for the last one, which
// flushes what C has printed when the library is closed.
func (in *instance) stillTime() {
	if !in.closed.Load() {
		in.check(time.Now())
	}
}

// A stepReader reads a part at a time, between which the call may end.
type stepReader struct {
	in *instance
	r  io.Reader
}

func (r stepReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p[:min(len(p), maxStep)])
	r.in.stillTime()
	return n, err
}

// predictable is the same sequence of random bytes in every run.
func predictable() io.Reader { return rand.New(rand.NewSource(42)) }
