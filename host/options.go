package host

import (
	"io"
	"io/fs"
	"time"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
)

// What Options have when a field is zero.
const (
	DefaultMemoryLimit = 64 << 20 << (2 * roomy) // bytes: 256 MiB where address space is free, else 64
	DefaultTimeout     = 10 * time.Second        // of a call without a deadline
	DefaultDepth       = wasmffi.MaxDepth        // levels of calls from Go into C
	DefaultOutputLimit = 16 << 20                // bytes written to Stdout and to Stderr
)

// Options say what a module may use. The zero value gives it memory, time and
// nothing else.
type Options struct {
	// MemoryLimit is the most linear memory the module can have, in bytes,
	// rounded down to pages of 64 KiB. Beyond it malloc returns NULL. 0 means
	// DefaultMemoryLimit; more than 4 GiB - 64 KiB cannot be addressed. It
	// costs address space, not memory.
	MemoryLimit uint64
	// TableLimit is the most entries the module's function tables can have,
	// callbacks included. 0 means guestabi.DefaultMaxTable.
	TableLimit uint32
	// Timeout ends calls whose context sets no deadline, time in callbacks and
	// waiting for other calls included. The module's own initialisation is such
	// a call; compiling it is none, which ModuleLimits bound. 0 means
	// DefaultTimeout, a negative one none.
	Timeout time.Duration
	// Fuel is the most work a call may do, what it calls back into C for
	// included, in units of about a wasm instruction (package guestabi's doc has
	// the prices): a bound that is the same on every machine and in every run. A
	// call that needs more ends with a FuelError. 0 means no bound but time's.
	Fuel uint64
	// Depth is how deep calls from Go into C may nest through callbacks. 0
	// means DefaultDepth. A level costs some kilobytes of Go stack: beyond a
	// hundred thousand of them the Go runtime gives up on the whole program.
	Depth int
	// ModuleLimits bound what is compiled. 0 fields mean guestabi's defaults.
	ModuleLimits guestabi.ModuleLimits

	// Stdout and Stderr get what C prints. Nil discards it. After OutputLimit
	// bytes each (0 means DefaultOutputLimit, negative none) C's writes fail.
	Stdout, Stderr io.Writer
	OutputLimit    int64
	// PlainText makes what C prints safe to show on a terminal: all that is not
	// printable but newlines and tabs, and bytes that are no UTF-8, are written
	// as in Go's quoted strings, such as \x1b. OutputLimit counts what C wrote.
	PlainText bool
	// Stdin is what C reads. Nil is empty. A read that blocks cannot be ended
	// by a deadline.
	Stdin io.Reader
	// Args are C's argv, the program's name first; Env is its environment.
	Args []string
	Env  map[string]string
	// FS, if set, is C's root directory, read-only: for a directory of this
	// machine that C cannot leave, the FS of an os.Root.
	FS fs.FS
	// Clock lets C see the time and sleep. Without it time stands still but for
	// a tick at every look, the same in every run, and sleeping takes none.
	Clock bool
	// Random is where C's random bytes come from; crypto/rand.Reader for real
	// ones. Nil is the same predictable sequence in every run.
	Random io.Reader

	// Imports are Go functions that the module imports. A wasmffi.Imports among
	// the options of wasmffi.Open adds to them.
	Imports wasmffi.Imports
	// Hooks see every call between Go and C. A wasmffi.Hook among the options of
	// wasmffi.Open adds to them.
	Hooks []wasmffi.Hook
	// Path lists directories where modules are looked for by bare name, after
	// the current directory and before those of $WASMFFI_PATH.
	Path []string

	// Resettable lets [Library.Reset] return to the state that opening ends
	// with, of which a copy is kept: as much memory as C has in use then.
	Resettable bool

	// KeepFaults keeps the state that C was in when it faulted, or ran out of fuel:
	// TrapError.Core. Each such error then holds a copy of C's memory.
	KeepFaults bool

	// Interpreter runs the module without compiling it to machine code: some
	// fifty times slower, and the only way where there is no compiler.
	Interpreter bool

	opened func(*Library) // is told of the library before C runs
}

// BackendName makes Options fit [wasmffi.Open].
func (Options) BackendName() string { return backendName }

func (o Options) withDefaults() Options {
	if o.MemoryLimit == 0 {
		o.MemoryLimit = DefaultMemoryLimit
	}
	o.MemoryLimit = min(o.MemoryLimit/pageSize, guestabi.MaxPages) * pageSize
	if o.TableLimit == 0 {
		o.TableLimit = guestabi.DefaultMaxTable
	}
	switch {
	case o.Timeout == 0:
		o.Timeout = DefaultTimeout
	case o.Timeout < 0:
		o.Timeout = 0
	}
	if o.Depth <= 0 {
		o.Depth = DefaultDepth
	}
	if o.OutputLimit == 0 {
		o.OutputLimit = DefaultOutputLimit
	}
	return o
}
