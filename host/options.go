package host

import (
	"io"
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
	DefaultCallbacks   = 1 << 16                 // alive at a time
	DefaultOpenFiles   = 256                     // at a time, directories too
	DefaultWriteLimit  = 256 << 20               // bytes written to Dirs
)

// Options say what a module may use. The zero value gives it memory, time and
// nothing else.
type Options struct {
	// MemoryLimit is the most linear memory the module can have, in bytes,
	// rounded down to pages of 64 KiB. Beyond it malloc returns NULL; the error
	// of a call that then fails, or of opening a module that begins with more,
	// is a LimitError of ErrMemoryLimit. 0 means DefaultMemoryLimit; more than
	// 4 GiB - 64 KiB cannot be addressed. It costs address space, not memory.
	MemoryLimit uint64
	// TableLimit is the most entries the module's function tables can have
	// together, callbacks included; several share it equally. 0 means
	// guestabi.DefaultMaxTable. A callback for which there is no entry is a
	// LimitError of ErrTableLimit.
	TableLimit uint32
	// Callbacks is the most callbacks that are alive at a time, Go functions
	// passed as arguments included. 0 means DefaultCallbacks. One more is a
	// LimitError of ErrCallbackLimit.
	Callbacks int
	// Timeout ends calls whose context sets no deadline, time in callbacks and
	// waiting for other calls included: the error wraps
	// context.DeadlineExceeded, and wasmffi.ErrLimit. The module's own
	// initialisation is such a call; compiling it is none, which ModuleLimits
	// bound. 0 means DefaultTimeout, a negative one none.
	Timeout time.Duration
	// Fuel is the most work a call may do, what it calls back into C for
	// included, in units of about a wasm instruction (package guestabi's doc has
	// the prices): a bound that is the same on every machine and in every run. A
	// call that needs more ends with a FuelError. 0 means no bound but time's.
	Fuel uint64
	// Depth is how deep calls from Go into C may nest through callbacks; one
	// deeper is an error wrapping wasmffi.ErrDepth. 0 means DefaultDepth. A level
	// costs some kilobytes of Go stack: beyond a hundred thousand of them the Go
	// runtime gives up on the whole program.
	Depth int
	// ModuleLimits bound what is compiled. 0 fields mean guestabi's defaults.
	ModuleLimits guestabi.ModuleLimits

	// Stdout and Stderr get what C prints. Nil discards it. After OutputLimit
	// bytes each (0 means DefaultOutputLimit, negative none) C's writes fail
	// with EIO; the error of a call that then fails wraps ErrOutputLimit.
	Stdout, Stderr io.Writer
	OutputLimit    int64
	// PlainText makes what C prints safe to show on a terminal: all that is not
	// printable but newlines and tabs, and bytes that are no UTF-8, are written
	// as in Go's quoted strings, such as \x1b. OutputLimit counts what C wrote.
	PlainText bool
	// Stdin is what C reads. Nil is empty. It is read by a goroutine of its
	// own, which goes on when a deadline ends the call: what it then reads is
	// C's next time. It must not call the library.
	Stdin io.Reader
	// Args are C's argv, the program's name first; Env is its environment.
	Args []string
	Env  map[string]string
	// Dirs are the directories that C sees: none without them.
	Dirs []Dir
	// OpenFiles is the most files and directories of Dirs that C has open at a
	// time, Dirs themselves included. 0 means DefaultOpenFiles. Beyond it C's
	// opens fail with EMFILE; the error of a call that then fails wraps
	// ErrFileLimit.
	OpenFiles int
	// WriteLimit is the most bytes that C may add to Dirs until the library is
	// closed or reset; a new file, directory or link counts 4096, overwriting
	// as adding. 0 means DefaultWriteLimit, negative none. Beyond it C's writes
	// fail with ENOSPC; the error of a call that then fails wraps ErrWriteLimit.
	WriteLimit int64
	// Clock lets C see the time and sleep. Without it time is Time and a
	// millisecond more at every look, the same in every run, and sleeping takes
	// none.
	Clock bool
	// Time is what C's clock begins with when it is not real. Zero is the
	// beginning of 2022, UTC.
	Time time.Time
	// Random is where C's random bytes come from: crypto/rand.Reader for real
	// ones, a seeded rand.ChaCha8 of math/rand/v2 for others that can be had
	// again, which Reset does not wind back. Nil is the same predictable
	// sequence in every run.
	Random io.Reader

	// Imports are Go functions that the module imports. A wasmffi.Imports among
	// the options of wasmffi.Open adds to them.
	Imports wasmffi.Imports
	// Globals are the values of globals that the module imports. What a module
	// linked as a shared library imports for its place in memory and table needs
	// none.
	Globals []Global
	// Hooks see every call between Go and C. A wasmffi.Hook among the options of
	// wasmffi.Open adds to them.
	Hooks []wasmffi.Hook
	// Path lists directories where modules are looked for by bare name, after
	// the current directory and before those of $WASMFFI_PATH.
	Path []string

	// SHA256 pins the module: the hash its bytes must have, in 64 hexadecimal
	// digits. They are compared before anything else is done with them; others are
	// a [PinError], also when they come by [Plugin.Replace] or [Pool.Replace]. ""
	// means any module. It says nothing of a side file with debug info.
	SHA256 string
	// Cache, if set, keeps the compiled module for other processes.
	Cache *Cache

	// Resettable lets [Library.Reset] return to the state that opening ends
	// with, of which a copy is kept: as much memory as C has in use then.
	Resettable bool

	// KeepFaults keeps the state that C was in when it faulted, or ran out of fuel:
	// TrapError.Core. Each such error then holds a copy of C's memory.
	KeepFaults bool

	// Uninstrumented leaves the module's code as it came, which is faster (see
	// BenchmarkFuel): for modules that are trusted to end. Nothing interrupts C then.
	// Contexts, Timeout and Close are looked at when a call begins and when C
	// calls Go, and the garbage collector, with it sooner or later every
	// goroutine, waits for C to do either. Memory, tables and files are bounded as
	// otherwise. With Fuel, opening is an error.
	Uninstrumented bool

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
	if o.Callbacks <= 0 {
		o.Callbacks = DefaultCallbacks
	}
	if o.OpenFiles <= 0 {
		o.OpenFiles = DefaultOpenFiles
	}
	if o.WriteLimit == 0 {
		o.WriteLimit = DefaultWriteLimit
	}
	if o.OutputLimit == 0 {
		o.OutputLimit = DefaultOutputLimit
	}
	return o
}
