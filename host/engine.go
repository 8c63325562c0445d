package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmffi/wasmffi/debuginfo"
	"github.com/wasmffi/wasmffi/guestabi"
)

// A module is a wasm module made safe and compiled. All libraries opened from
// the same bytes under the same limits and with the same cache share it.
type module struct {
	key    moduleKey
	res    *guestabi.Result // but for its Wasm
	limits moduleLimits
	size   int // of the rewritten module, in bytes

	rt   wazero.Runtime
	own  wazero.CompilationCache // of a module with a cache; else nil
	code wazero.CompiledModule
	tick api.Module // provides res.Tick; nil where there is none
	wasi api.Module // nil when the module imports nothing of it

	// debugInfo reads the module's debug info, when it is first asked for.
	debugInfo func() (*debuginfo.Info, error)
	// hiddenState looks at the code, when it is first asked for.
	hiddenState func() bool

	mu      sync.Mutex
	helpers map[string]wazero.CompiledModule // by their bytes

	users int // guarded by modules.mu
}

// moduleLimits are the options that a compiled module depends on.
type moduleLimits struct {
	memoryPages uint32
	table       uint32
	module      guestabi.ModuleLimits
	interpreter bool
	plain       bool // not instrumented
	globals     globalKey
}

type moduleKey struct {
	hash   [sha256.Size]byte
	limits moduleLimits
	cache  *Cache // a module that was loaded from one is not for others
}

// features are what guestabi lets through.
const features = api.CoreFeaturesV2 | experimental.CoreFeaturesThreads | experimental.CoreFeaturesTailCall |
	experimental.CoreFeaturesExtendedConst

// compilations is wazero's store of machine code, so that helper modules are
// compiled once in a process.
var compilations = sync.OnceValue(wazero.NewCompilationCache)

// build makes a module of size bytes, which data waits for. The context is not
// looked at while compiling, which limits.module bounds.
func build(key moduleKey, size int, data func() []byte) (*module, error) {
	if key.cache != nil {
		return key.cache.build(key, size, data)
	}
	res, wasm, err := rewrite(key.limits, data())
	if err != nil {
		return nil, err
	}
	return newModule(key, res, wasm, nil)
}

// rewriting is what the rewriting of a module depends on.
func (l moduleLimits) rewriting() guestabi.Options {
	return guestabi.Options{
		// No MaxMemoryPages: the memory's allocator keeps the limit, and notes
		// that it was reached.
		MaxTable:       l.table,
		InitialFuel:    firstFuel,
		Limits:         l.module,
		Uninstrumented: l.plain,
		Own:            true,
		Refusals:       true,
		Globals:        l.globals.values(),
	}
}

// rewrite makes a module safe, and gives what the engine compiles in place of
// res.Wasm, which nobody needs then.
func rewrite(l moduleLimits, data []byte) (res *guestabi.Result, wasm []byte, err error) {
	res, err = guestabi.Rewrite(data, l.rewriting())
	if errors.Is(err, guestabi.ErrLimit) {
		if m, parseErr := guestabi.Parse(data); parseErr == nil {
			if err := l.fits(m); err != nil {
				return nil, nil, err
			}
		}
	}
	if err != nil {
		return nil, nil, rewriteError(err)
	}
	if err := l.fits(res.Module); err != nil {
		return nil, nil, err
	}
	if wasm, err = traceable(res); err != nil {
		return nil, nil, rewriteError(err)
	}
	res.Wasm = nil
	return res, wasm, nil
}

// newModule compiles what was rewritten. With a shelf it has an engine of its
// own, which shares no machine code with others.
func newModule(key moduleKey, res *guestabi.Result, wasm []byte, s *shelf) (*module, error) {
	config := wazero.NewRuntimeConfig()
	if key.limits.interpreter {
		config = wazero.NewRuntimeConfigInterpreter()
	}
	ctx := context.Background()
	m := &module{key: key, res: res, limits: key.limits, size: len(wasm), helpers: map[string]wazero.CompiledModule{}}
	m.debugInfo = sync.OnceValues(func() (*debuginfo.Info, error) {
		src := res.Module.Source()
		return debuginfo.New(bytes.NewReader(src), int64(len(src)), "module")
	})
	m.hiddenState = sync.OnceValue(func() bool { return hiddenState(res) })
	cache := compilations()
	if s != nil {
		var err error
		if m.own, err = s.cache(); err != nil {
			return nil, err
		}
		cache = m.own
	}
	m.rt = wazero.NewRuntimeWithConfig(ctx, config.
		WithCoreFeatures(features).
		WithCompilationCache(cache).
		WithMemoryLimitPages(guestabi.MaxPages).
		WithDebugInfoEnabled(true)) // for offsets in traces: see traceable
	if err := m.compile(ctx, wasm); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

func (m *module) compile(ctx context.Context, wasm []byte) (err error) {
	if m.code, err = m.rt.CompileModule(ctx, wasm); err != nil {
		return engineError(err)
	}
	if m.importsFrom(wasiModule) {
		if m.wasi, err = m.wasiModule(ctx, nil); err != nil {
			return engineError(err)
		}
	}
	if m.limits.plain {
		return nil
	}
	if m.tick, err = m.hostModule(ctx, m.res.Tick.Module, []hostFunc{{
		name: m.res.Tick.Name,
		typ:  guestabi.FuncType{Params: []guestabi.ValueType{guestabi.I64}, Results: []guestabi.ValueType{guestabi.I64}},
		call: api.GoFunc(func(ctx context.Context, stack []uint64) {
			in, need := instanceOf(ctx), int64(stack[0])
			if need == guestabi.Refused {
				in.reach(reachedTable)
				return
			}
			stack[0] = uint64(in.tick(need))
		}),
	}}); err != nil {
		return engineError(err)
	}
	return nil
}

func (m *module) importsFrom(name string) bool {
	for _, im := range m.res.Module.Imports {
		if im.Module == name {
			return true
		}
	}
	return false
}

func (m *module) close() {
	// With a compilation cache, closing the runtime leaves machine code alone.
	ctx := context.Background()
	for _, c := range m.helpers {
		_ = c.Close(ctx)
	}
	if m.code != nil {
		_ = m.code.Close(ctx)
	}
	_ = m.rt.Close(ctx)
	if m.own != nil {
		_ = m.own.Close(ctx)
	}
}

// helper compiles a generated module, once.
func (m *module) helper(wasm []byte) (wazero.CompiledModule, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.helpers[string(wasm)]; c != nil {
		return c, nil
	}
	c, err := m.rt.CompileModule(context.Background(), wasm)
	if err != nil {
		return nil, engineError(err)
	}
	m.helpers[string(wasm)] = c
	return c, nil
}
