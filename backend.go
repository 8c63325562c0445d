package wasmffi

import (
	"context"
	"sync"
)

// A Backend opens one kind of library. Backends register themselves when they
// are imported, as image formats do: importing wasmffi/host makes wasm modules
// known to [Open], importing wasmffi/native shared libraries.
type Backend interface {
	// Name is the backend's import path's last element: "host", "native".
	Name() string
	// Opens reports whether the backend opens files of this kind.
	Opens(k Kind) bool
	// Open opens src. Options of other backends among opts are ignored.
	Open(ctx context.Context, src Source, opts []Options) (Library, error)
	// Find looks for a library by bare name the way this backend's loader
	// does ("z" or "libz.so.1", "geo" or "geo.wasm") and returns what Open
	// takes, with a list of what was tried when there is none.
	Find(name string) (found string, tried []string)
}

// Options are a backend's options: host.Options or native.Options. Those that
// do not concern the library being opened are ignored, so that one source
// serves both.
type Options interface {
	// BackendName is the name of the backend the options are for.
	BackendName() string
}

// A Source is what to open.
type Source struct {
	Name string // path or bare name, also for messages
	Data []byte // the file's content; nil for native's loader to find by name
	Kind Kind
}

var registry struct {
	sync.RWMutex
	backends []Backend
}

// Register makes a backend known to [Open]. A backend of the same name is
// replaced.
func Register(b Backend) {
	registry.Lock()
	defer registry.Unlock()
	for i, old := range registry.backends {
		if old.Name() == b.Name() {
			registry.backends[i] = b
			return
		}
	}
	registry.backends = append(registry.backends, b)
}

func backends() []Backend {
	registry.RLock()
	defer registry.RUnlock()
	return append([]Backend(nil), registry.backends...)
}
