package guestabi

// The largest and the default limits of a rewritten module.
const (
	// MaxPages is the largest memory, one page short of 4 GiB, because engines
	// report the size of a memory in 32 bits.
	MaxPages = 65535
	// DefaultMaxTable is the largest table unless Options say otherwise.
	DefaultMaxTable = 1 << 20
)

// Refused is the parameter of a tick that asks for no fuel: see Options.Refusals.
const Refused = -1

// Options tell [Rewrite] what to do. The zero value is useful and safe, but
// for InitialFuel, which is then used up at once: the guest begins with a tick.
type Options struct {
	// MaxMemoryPages becomes the memory's maximum, in pages of 64 KiB, unless
	// the module's own is lower. 0 means MaxPages, more is cut to it. A module
	// whose minimum is higher is refused with ErrLimit.
	MaxMemoryPages uint32

	// MaxTable becomes the maximum of the table, in elements, whatever the
	// module declares, so that the host can append to it. Several tables share
	// it equally, but for those that begin with more. 0 means DefaultMaxTable. A
	// module that begins with more in all is refused with ErrLimit.
	MaxTable uint32

	// InitialFuel is the counter's value when the module is instantiated. A
	// start function already uses it.
	InitialFuel int64

	// Uninstrumented leaves the code alone: no fuel, no tick, no import. A
	// guest then can run for ever; exports and limits are as otherwise.
	Uninstrumented bool

	// Own makes the memory, the tables and the globals that the module imports
	// its own, so that it imports functions only. Globals has the values of the
	// globals. A module that was linked as a shared library (wasm-ld -shared)
	// gets a place in its memory and table and all globals that follow from
	// that: __memory_base, __table_base, __stack_pointer, __heap_base, GOT.func
	// and GOT.mem for what it exports itself. What has no value is listed in
	// Result.Missing. A table or mutable global imported twice by one name is
	// refused with ErrNotSupported.
	Own     bool
	Globals []GlobalValue

	// Refusals has the host told of what the guest is refused. The memory's own
	// maximum is then for who allocates it to keep: the new module's is
	// MaxMemoryPages, Result.Limits has the other. Where table.grow has failed, the
	// guest ticks for Refused units; what that tick returns counts for nothing.
	// Uninstrumented code tells nothing of tables.
	Refusals bool

	// Limits bound what the module may make a compiler do.
	Limits ModuleLimits
}

// ModuleLimits bound the size of a module as it comes. 0 means the default.
type ModuleLimits struct {
	ModuleBytes uint64 // of the whole binary, and of its code rewritten; default 64 MiB
	Functions   uint32 // that the module defines; default 200,000
	BodyBytes   uint32 // of a function; default 1 MiB
	Locals      uint32 // of a function, with its parameters; default 10,000

	// Work bounds what compilers need that are not linear in a function's size:
	// an estimate from its branches and live values, in units of a few
	// nanoseconds, summed over all functions. The default is 2e9, some ten
	// seconds. 20 KB of code made for the purpose can take minutes; what a C
	// compiler makes has next to none.
	Work uint64
}

// Result is a rewritten module and what there is to know about it.
type Result struct {
	Wasm   []byte  // the new module
	Module *Module // as it came

	Memory       string         // export name of the memory, "" if there is none
	Limits       Limits         // of the memory, unless it is imported
	Tables       []string       // export names of the tables, by table index
	StackPointer string         // export name of C's stack pointer, an i32 global; "" if not found
	Globals      []GlobalExport // every mutable global, imported ones too
	Fuel         string         // export name of the counter; "" if uninstrumented
	Tick         Name           // the import to provide; zero if uninstrumented

	Missing    []Import // with Options.Own: globals without a value, zero in the new module
	MemoryBase uint32   // of a shared library: exported addresses of variables count from here

	tableBase, gotBase uint32     // of a shared library
	gotFuncs           []uint32   // in table 0 from gotBase on; indices as they came
	consts             []constI32 // of all globals that are constants and known

	shift   uint32 // imported functions: the index the tick import took
	offsets offsetMap
}

// GlobalExport is a mutable global and the private name it is exported by.
type GlobalExport struct {
	Name  string
	Index uint32 // in the module as it came
	Type  ValueType
}
