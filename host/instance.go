package host

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/debuginfo"
	"github.com/wasmffi/wasmffi/guestabi"
	"github.com/wasmffi/wasmffi/memory"
)

// An instance is a running module: its memory, its table, and the state of the
// call that is going on in it.
type instance struct {
	name string
	path string // of the module's file; "" if there is none
	opts Options
	mod  *module
	// debugInfo reads the module's debug info, when it is first asked for.
	debugInfo func() (*debuginfo.Info, error)

	wasm  api.Module
	hosts []api.Module // the host modules made for this instance alone
	mem   *linear      // nil for a module without memory
	life  memory.Lifetime
	// epoch is the lifetime of what the memory holds, within life: until it is
	// closed or reset.
	epoch atomic.Pointer[memory.Lifetime]
	// provided are the modules it imports, by name.
	provided map[string]api.Module
	sp       api.MutableGlobal // nil where C's stack pointer was not found
	spBase   uint64            // its value when no C runs
	fuel     api.MutableGlobal // C's counter; nil without Options.Fuel
	fuelLeft atomic.Uint64     // by the last call
	tables   tables
	heap     heap
	errno    errno
	room     uint64 // bytes of C's stack below spBase
	pools    pools
	wasmCtx  callContext // what the engine is given as the context

	lock callLock
	// owner is the goroutine that runs Go code for C, as far as anybody needs
	// to know; it is cleared when the outer call returns.
	owner  atomic.Uintptr
	closed atomic.Bool

	// What follows belongs to the goroutine that holds the lock.

	level *level // of the innermost call
	// age grows when handles of the engine must not be used again.
	age atomic.Uint32
	// dirty tells the end of a call that there is something to put in order.
	dirty bool
	// aborted is why the call that is going on was ended from outside C.
	aborted error
	clock   clock
	// generatedMods are the instances of generated modules that call function
	// pointers, by the type of these, and that map functions, by their bytes.
	generatedMods map[string]generatedMod
	globals       []api.MutableGlobal // that C may change
	initial       *state              // what Reset returns to; nil without Options.Resettable
	writers       []*hostWriter
	stdin         *stdinReader // nil without Options.Stdin
	mounts        []mount
	openFiles     int    // of the mounts
	written       uint64 // of Options.WriteLimit
	wasiErrno     uint16 // what C gets instead of EIO; see ioError
	// touched tells that C has changed what WASI keeps for it.
	touched bool
	// quiet drops what C prints.
	quiet bool

	// rewinding is full while a reset is on; draining is what it waits for, and
	// belongs to it.
	rewinding chan struct{}
	draining  []chan struct{}
}

// A generatedMod is an instance of a generated module, and its bytes.
type generatedMod struct {
	api.Module
	wasm []byte
}

// A level is the state of one call into C, of those that are nested.
type level struct {
	up    *level // the call that this one is nested in
	down  *level // kept for the next nested call
	depth int    // 0 for the outermost
	ctx   context.Context
	// inherits tells that ctx is the outer call's.
	inherits bool
	sp       uint64  // of C's stack when the call began; valid at depth > 0
	runs     *[]byte // the engine's stack that the call runs on; valid at depth > 0
	stacks   int     // bytes of those of the calls that this one is nested in
	// failure is the first error of a callback that this call made.
	failure error
	reached limits        // by this call, and by those nested in it
	frame   wasmffi.Frame // for the callbacks of this call
	words   []uint64
	work    work
}

// callContext is the context that the engine hands to host functions: a way to
// find the instance. The user's context is in the instance's level.
type callContext struct{ in *instance }

type instanceKey struct{}

func (*callContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (*callContext) Done() <-chan struct{}       { return nil }
func (*callContext) Err() error                  { return nil }
func (c *callContext) Value(key any) any {
	if _, ok := key.(instanceKey); ok {
		return c.in
	}
	return nil
}

// instanceOf finds the instance a host function is called from.
func instanceOf(ctx context.Context) *instance {
	if c, ok := ctx.(*callContext); ok {
		return c.in
	}
	return ctx.Value(instanceKey{}).(*instance)
}

// instantiate makes an instance of a module and runs its initialisation. On
// failure the module is released.
func instantiate(ctx context.Context, lib *Library, name, path string, m *module, opts Options) (*instance, error) {
	in := &instance{name: name, path: path, opts: opts, mod: m, level: &level{runs: &noStack}}
	in.debugInfo = sync.OnceValues(in.readDebugInfo)
	in.age.Store(1)
	in.wasmCtx.in = in
	in.lock.init()
	in.rewinding = make(chan struct{}, 1)
	in.newEpoch()
	in.clock.slice = firstFuel
	lib.in, lib.space.lib = in, lib
	if opts.opened != nil {
		opts.opened(lib)
	}
	if err := in.start(ctx, lib); err != nil {
		in.discard()
		return nil, err
	}
	return in, nil
}

func (in *instance) start(ctx context.Context, lib *Library) error {
	if err := in.reserve(); err != nil {
		return err
	}
	var err error
	if in.provided, err = in.provideImports(lib); err != nil {
		return err
	}
	if err := in.openDirs(); err != nil {
		return err
	}
	if err := in.run(ctx); err != nil {
		return err
	}
	in.fuelLeft.Store(in.opts.Fuel) // opening is no call
	return in.saveInitial()
}

// run makes the engine's instance and runs its initialisation.
func (in *instance) run(ctx context.Context) error {
	c := experimental.WithImportResolver(&in.wasmCtx, func(name string) api.Module { return in.provided[name] })
	if in.mem != nil {
		c = experimental.WithMemoryAllocator(c, in.mem)
	}
	in.fuel = nil // opening is bounded by time
	err := in.first(ctx, func() error {
		m, err := in.mod.rt.InstantiateModule(c, in.mod.code, in.wasiConfig())
		if err == nil {
			in.wasm = m
		}
		return err
	})
	switch {
	case err == nil:
	case in.mod.res.Module.HasStart:
		return fmt.Errorf("start function: %w", err)
	default:
		return err
	}
	in.findStackPointer()
	in.findGlobals()
	in.tables.init(in)
	in.heap.init(in)
	err = in.initialize(ctx)
	in.findFuel() // from here on it is counted
	return err
}

// reserve makes the linear memory. Its limit is the smaller of the module's
// and the options'.
func (in *instance) reserve() error {
	if in.mod.res.Memory == "" {
		return nil
	}
	limits := in.mod.res.Limits
	if err := in.mod.limits.fitsMemory(limits); err != nil {
		return err
	}
	limit := in.opts.MemoryLimit
	if limits.HasMax {
		limit = min(limit, uint64(limits.Max)*pageSize)
	}
	var err error
	if in.mem, err = newLinear(uint64(limits.Min)*pageSize, limit); err == nil {
		in.mem.refused = func() { in.reach(reachedMemory) }
	}
	return err
}

func (in *instance) findStackPointer() {
	name := in.mod.res.StackPointer
	if name == "" {
		return
	}
	if g, ok := in.wasm.ExportedGlobal(name).(api.MutableGlobal); ok {
		in.sp, in.spBase = g, uint64(uint32(g.Get()))
		in.room = in.stackRoom()
	}
}

// initialize runs what is to be run before anything else: a reactor's
// _initialize; of other modules, that are not commands either, the constructors,
// after the pointers in a shared library's data have been put right.
func (in *instance) initialize(ctx context.Context) error {
	names := []string{"_initialize"}
	if !in.hasProcedure("_initialize") && !in.hasProcedure("_start") {
		names = []string{"__wasm_apply_data_relocs", "__wasm_call_ctors"}
	}
	for _, name := range names {
		if !in.hasProcedure(name) {
			continue
		}
		f := in.wasm.ExportedFunction(name)
		if err := in.first(ctx, func() error { return f.CallWithStack(&in.wasmCtx, nil) }); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// hasProcedure reports whether the module exports a function without parameters
// and results.
func (in *instance) hasProcedure(name string) bool {
	src := in.mod.res.Module
	e, ok := src.Export(name)
	if !ok || e.Kind != guestabi.KindFunc {
		return false
	}
	t, _ := src.FuncType(e.Index)
	return t.Equal(guestabi.FuncType{})
}

// first runs a call that is made before the library is open.
func (in *instance) first(ctx context.Context, call func() error) error {
	if err := in.enter(ctx); err != nil {
		return err
	}
	err := call()
	if err != nil {
		err = in.failed(err)
	}
	return in.leave(err)
}

// discard gives back what an instance has taken. Its memory stays mapped while
// views use it.
func (in *instance) discard() {
	ctx := context.Background()
	if in.wasm != nil {
		_ = in.wasm.Close(ctx)
	}
	in.pools.close(ctx)
	in.closeDirs()
	for _, h := range in.hosts {
		_ = h.Close(ctx)
	}
	in.life.End(func() {
		if in.mem != nil {
			releaseRegion(in.mem.region)
		}
	})
	in.mod.release()
}
