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
// the same bytes under the same limits share it.
type module struct {
	key    moduleKey
	res    *guestabi.Result
	limits moduleLimits

	rt   wazero.Runtime
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
}

// features are what guestabi lets through.
const features = api.CoreFeaturesV2 | experimental.CoreFeaturesThreads | experimental.CoreFeaturesTailCall |
	experimental.CoreFeaturesExtendedConst

// compilations is wazero's store of machine code, so that helper modules are
// compiled once in a process.
var compilations = sync.OnceValue(wazero.NewCompilationCache)

// build compiles a module. The context is not looked at while compiling, which
// limits.module bounds.
func build(key moduleKey, data []byte) (*module, error) {
	l := key.limits
	res, err := guestabi.Rewrite(data, guestabi.Options{
		// No MaxMemoryPages: the memory's allocator keeps the limit, and notes
		// that it was reached.
		MaxTable:       l.table,
		InitialFuel:    firstFuel,
		Limits:         l.module,
		Uninstrumented: l.plain,
		Own:            true,
		Globals:        l.globals.values(),
	})
	if errors.Is(err, guestabi.ErrLimit) {
		if m, parseErr := guestabi.Parse(data); parseErr == nil {
			if err := l.fits(m); err != nil {
				return nil, err
			}
		}
	}
	if err != nil {
		return nil, rewriteError(err)
	}
	if err := l.fits(res.Module); err != nil {
		return nil, err
	}
	config := wazero.NewRuntimeConfig()
	if l.interpreter {
		config = wazero.NewRuntimeConfigInterpreter()
	}
	ctx := context.Background()
	m := &module{key: key, res: res, limits: l, helpers: map[string]wazero.CompiledModule{}}
	m.debugInfo = sync.OnceValues(func() (*debuginfo.Info, error) {
		src := res.Module.Source()
		return debuginfo.New(bytes.NewReader(src), int64(len(src)), "module")
	})
	m.hiddenState = sync.OnceValue(func() bool { return hiddenState(res) })
	m.rt = wazero.NewRuntimeWithConfig(ctx, config.
		WithCoreFeatures(features).
		WithCompilationCache(compilations()).
		WithMemoryLimitPages(guestabi.MaxPages).
		WithDebugInfoEnabled(true)) // for offsets in traces: see traceable
	if err := m.compile(ctx); err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

func (m *module) compile(ctx context.Context) (err error) {
	wasm, err := traceable(m.res)
	if err != nil {
		return rewriteError(err)
	}
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
		typ:  guestabi.FuncType{Results: []guestabi.ValueType{guestabi.I64}},
		call: api.GoFunc(func(ctx context.Context, stack []uint64) { stack[0] = uint64(instanceOf(ctx).tick()) }),
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
