package guestabi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmffi/wasmffi/guestabi"
)

// The specification's own test suite comes with wazero's sources, which are in
// the module cache wherever these tests can be built.

type specScript struct {
	Commands []specCommand `json:"commands"`
}

type specCommand struct {
	Type       string     `json:"type"`
	Line       int        `json:"line"`
	Name       string     `json:"name"`
	As         string     `json:"as"`
	Filename   string     `json:"filename"`
	ModuleType string     `json:"module_type"`
	Text       string     `json:"text"`
	Action     specAction `json:"action"`
}

type specAction struct {
	Type   string      `json:"type"`
	Module string      `json:"module"`
	Field  string      `json:"field"`
	Args   []specValue `json:"args"`
}

type specValue struct {
	Type  string `json:"type"`
	Lane  string `json:"lane_type"`
	Value any    `json:"value"`
}

// words encodes a value as wazero takes it.
func (v specValue) words(t *testing.T) []uint64 {
	parse := func(x any) uint64 {
		switch s := x.(string); {
		case s == "null":
			return 0
		default:
			u, err := strconv.ParseUint(s, 10, 64)
			if err != nil {
				i, err := strconv.ParseInt(s, 10, 64)
				require.NoError(t, err)
				u = uint64(i)
			}
			return u
		}
	}
	if v.Type == "externref" {
		if v.Value == "null" {
			return []uint64{0}
		}
		return []uint64{parse(v.Value) + 1} // 0 would be null
	}
	if v.Type != "v128" {
		return []uint64{parse(v.Value)}
	}
	lanes := v.Value.([]any)
	bits := uint(128 / len(lanes))
	w := make([]uint64, 2)
	for i, l := range lanes {
		at := uint(i) * bits
		w[at/64] |= parse(l) & (1<<bits - 1) << (at % 64)
	}
	return w
}

func specDir(t *testing.T) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		t.Skipf("SKIPPED: the WebAssembly test suite is found with the go command (Debian: golang-go): %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "internal", "integration_test", "spectest")
}

// specSuites are WebAssembly 2.0 and the proposals that are understood.
var specSuites = []string{"v2", "tail-call", "extended-const", "threads"}

func specScripts(t *testing.T) map[string]specScript {
	var paths []string
	for _, suite := range specSuites {
		found, err := filepath.Glob(filepath.Join(specDir(t), suite, "testdata", "*.json"))
		require.NoError(t, err)
		require.NotEmpty(t, found)
		paths = append(paths, found...)
	}
	scripts := map[string]specScript{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		require.NoError(t, err)
		var s specScript
		require.NoError(t, json.Unmarshal(b, &s))
		scripts[p] = s
	}
	return scripts
}

// TestSpecVerdicts asks for the verdict the suite gives on each of its modules.
func TestSpecVerdicts(t *testing.T) {
	for path, script := range specScripts(t) {
		for _, c := range script.Commands {
			if c.Filename == "" || c.ModuleType == "text" {
				continue
			}
			wasm, err := os.ReadFile(filepath.Join(filepath.Dir(path), c.Filename))
			require.NoError(t, err)
			m, err := guestabi.Parse(wasm)
			if err == nil {
				err = guestabi.Validate(m)
			}
			switch c.Type {
			case "assert_malformed", "assert_invalid":
				assert.Error(t, err, "%s: %s", c.Filename, c.Text)
			default:
				assert.NoError(t, err, c.Filename)
			}
		}
	}
}

// specWorld runs a script's modules, as they came or rewritten.
type specWorld struct {
	t       *testing.T
	ctx     context.Context
	rt      wazero.Runtime
	rewrite *guestabi.Options // nil: modules as they came
	ticks   int
	modules map[string]api.Module
	last    api.Module
}

func newSpecWorld(t *testing.T, rc wazero.RuntimeConfig, host []byte, rewrite *guestabi.Options) *specWorld {
	w := &specWorld{t: t, rewrite: rewrite, modules: map[string]api.Module{}}
	w.ctx = experimental.WithImportResolver(context.Background(), func(name string) api.Module { return w.modules[name] })
	w.rt = wazero.NewRuntimeWithConfig(w.ctx, rc)
	t.Cleanup(func() { w.rt.Close(w.ctx) })
	m, err := w.rt.InstantiateWithConfig(w.ctx, host, wazero.NewModuleConfig().WithName(""))
	require.NoError(t, err)
	w.modules["spectest"] = m
	return w
}

func (w *specWorld) instantiate(wasm []byte) error {
	if w.rewrite != nil {
		res, err := guestabi.Rewrite(wasm, *w.rewrite)
		if err != nil {
			return err
		}
		wasm = res.Wasm
		if res.Fuel != "" && w.rt.Module(res.Tick.Module) == nil {
			_, err := w.rt.NewHostModuleBuilder(res.Tick.Module).NewFunctionBuilder().WithGoFunction(
				api.GoFunc(func(_ context.Context, stack []uint64) { w.ticks++; stack[0] = 7 }), []api.ValueType{api.ValueTypeI64}, []api.ValueType{api.ValueTypeI64}).
				Export(res.Tick.Name).Instantiate(w.ctx)
			require.NoError(w.t, err)
		}
	}
	m, err := w.rt.InstantiateWithConfig(w.ctx, wasm, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err == nil {
		w.last = m
	}
	return err
}

// run does one command and says what came of it.
func (w *specWorld) run(dir string, c specCommand) string {
	switch c.Type {
	case "module", "assert_uninstantiable", "assert_unlinkable":
		wasm, err := os.ReadFile(filepath.Join(dir, c.Filename))
		require.NoError(w.t, err)
		if err := w.instantiate(wasm); err != nil {
			return "error"
		}
		w.modules[c.Name] = w.last
	case "register":
		m := w.last
		if c.Name != "" {
			m = w.modules[c.Name]
		}
		w.modules[c.As] = m
	case "action", "assert_return", "assert_trap", "assert_exhaustion":
		return w.act(c.Action)
	}
	return ""
}

func (w *specWorld) act(a specAction) string {
	m := w.last
	if a.Module != "" {
		m = w.modules[a.Module]
	}
	if a.Type == "get" {
		return fmt.Sprint(m.ExportedGlobal(a.Field).Get())
	}
	var args []uint64
	for _, v := range a.Args {
		args = append(args, v.words(w.t)...)
	}
	res, err := m.ExportedFunction(a.Field).Call(w.ctx, args...)
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		return first
	}
	return fmt.Sprint(res)
}

// TestSpecBehaviour runs the suite's scripts on modules as they come and on
// rewritten ones that run out of fuel all the time: nothing else may differ.
func TestSpecBehaviour(t *testing.T) {
	if raceEnabled {
		t.Skip("SKIPPED: minutes under the race detector, with nothing concurrent in it; run without -race")
	}
	host, err := os.ReadFile(filepath.Join(specDir(t), "testdata", "spectest.wasm"))
	require.NoError(t, err)
	scripts := specScripts(t)
	for engine, rc := range engines() {
		t.Run(engine, func(t *testing.T) {
			ticks := 0
			for path, script := range scripts {
				if engine == "compiler" && strings.HasPrefix(filepath.Base(path), "simd_") {
					continue // thousands of small functions: slow to compile, quick to interpret
				}
				var asCame *guestabi.Options
				base := filepath.Base(path)
				if base == "table_grow.json" || base == "table_size.json" {
					// Tables may grow further once the host has set their maximum.
					asCame = &guestabi.Options{Uninstrumented: true}
				}
				plain := newSpecWorld(t, rc, host, asCame)
				fuel := newSpecWorld(t, rc, host, &guestabi.Options{InitialFuel: 3, Refusals: strings.HasPrefix(base, "table_")})
				for _, c := range script.Commands {
					if strings.Contains(path, "threads") && strings.Contains(c.Action.Field, "wait") {
						continue // traps in a memory that is not shared any more
					}
					if c.Type == "assert_malformed" || c.Type == "assert_invalid" || c.Type == "assert_unlinkable" {
						continue
					}
					want, got := plain.run(filepath.Dir(path), c), fuel.run(filepath.Dir(path), c)
					require.Equal(t, want, got, "%s line %d: %s %s", filepath.Base(path), c.Line, c.Type, c.Action.Field)
				}
				ticks += fuel.ticks
				plain.rt.Close(plain.ctx)
				fuel.rt.Close(fuel.ctx)
			}
			assert.NotZero(t, ticks)
		})
	}
}

// features are what the package understands.
const features = api.CoreFeaturesV2 | experimental.CoreFeaturesThreads | experimental.CoreFeaturesTailCall |
	experimental.CoreFeaturesExtendedConst

func engines() map[string]wazero.RuntimeConfig {
	return map[string]wazero.RuntimeConfig{
		"interpreter": wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features),
		"compiler":    wazero.NewRuntimeConfigCompiler().WithCoreFeatures(features),
	}
}
