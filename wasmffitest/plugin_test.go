package wasmffitest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	_ "github.com/wasmffi/wasmffi/host"
	"github.com/wasmffi/wasmffi/memory"
	_ "github.com/wasmffi/wasmffi/native"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

// onBoth opens a fixture by the same call in both backends.
func onBoth(t *testing.T, name string, opts []wasmffi.Options, f func(t *testing.T, lib wasmffi.Library)) {
	for _, backend := range []string{"sandbox", "native"} {
		t.Run(backend, func(t *testing.T) {
			path := wasmffitest.Fixture("wasm", name+".wasm")
			if backend == "native" {
				path = wasmffitest.BuildNative(t, name+".c")
			}
			lib, err := wasmffi.Open(context.Background(), path, opts...)
			require.NoError(t, err)
			defer func() { require.NoError(t, lib.Close()) }()
			f(t, lib)
		})
	}
}

func TestImports(t *testing.T) {
	var lines []string
	errFull := errors.New("the log is full")
	imports := wasmffi.Imports{
		{Name: "host_log", Func: func(level int32, text string) (int32, error) {
			if level > 3 {
				return 0, errFull
			}
			lines = append(lines, fmt.Sprint(level, " ", text))
			return 1, nil
		}},
		{Name: "host_clock", Func: func() float64 { return 12.5 }},
		{Name: "not_imported", Func: func() {}},
	}
	onBoth(t, "plugin", []wasmffi.Options{imports}, func(t *testing.T, lib wasmffi.Library) {
		lines = nil
		run, err := wasmffi.Bind[func(int32) (int32, error)](lib, "run")
		require.NoError(t, err)
		n, err := run(3)
		require.NoError(t, err)
		require.EqualValues(t, 3, n)
		require.Equal(t, []string{"0 even", "1 odd", "2 even"}, lines)
		_, err = run(6)
		require.ErrorIs(t, err, errFull)
		now, err := wasmffi.Bind[func() float64](lib, "now")
		require.NoError(t, err)
		require.Equal(t, 12.5, now())
	})
}

// A hook sees what C calls by name, under the name it has in C.
func TestHookedImports(t *testing.T) {
	imports := wasmffi.Imports{
		{Name: "host_log", Func: func(int32, string) int32 { return 1 }},
		{Name: "host_clock", Func: func() float64 { return 12.5 }},
	}
	var seen []string
	hook := wasmffi.Hook{After: func(_ context.Context, c *wasmffi.CallEvent) {
		seen = append(seen, fmt.Sprint(c.Kind, " ", c.Library != "", " ", c.Prototype(), " = ", c.Result()))
	}}
	onBoth(t, "plugin", []wasmffi.Options{imports, hook}, func(t *testing.T, lib wasmffi.Library) {
		seen = nil
		require.Equal(t, 12.5, wasmffi.MustBind[func() float64](lib, "now")())
		require.EqualValues(t, 1, wasmffi.MustBind[func(int32) int32](lib, "run")(1))
		require.Equal(t, []string{
			"import true double host_clock(void) = 12.5", "call true double now(void) = 12.5",
			"import true int32_t host_log(int32_t, const char *) = 1", "call true int32_t run(int32_t) = 1",
		}, seen)
	})
}

// Nothing is declared: prototypes, structs and variables come from the
// library's debug info.
func TestDebugInfo(t *testing.T) {
	log := wasmffi.Imports{
		{Name: "host_log", Func: func(level int32, text string) int32 { return level + int32(len(text)) }},
		{Name: "host_clock", Func: func() float64 { return 0 }},
	}
	onBoth(t, "plugin", []wasmffi.Options{log}, func(t *testing.T, lib wasmffi.Library) {
		r, err := wasmffi.Call(nil, lib, "run", 2)
		require.NoError(t, err)
		require.EqualValues(t, 0+4+1+3, r)
		r, err = wasmffi.Call(nil, lib, "report", &struct {
			Level int32
			At    float64
			Text  string
		}{1, 2.5, "abc"})
		require.NoError(t, err)
		require.EqualValues(t, 1+3+2, r)
		last, err := wasmffi.Var(lib, "last", nil)
		require.NoError(t, err)
		level, err := last.At("level")
		require.NoError(t, err)
		x, err := memory.Load[int32](level)
		require.NoError(t, err)
		require.EqualValues(t, 7, x)
		event, err := lib.(wasmffi.Typer).TypeNamed("struct event")
		require.NoError(t, err)
		require.Equal(t, "struct event { int level; double at; const char *text; }", dtype.Define(event))
	})
}

func TestWrongDeclarationsAreRefused(t *testing.T) {
	onBoth(t, "plugin", []wasmffi.Options{wasmffi.Imports{
		{Name: "host_log", Func: func(int32, string) int32 { return 0 }},
		{Name: "host_clock", Func: func() float64 { return 0 }},
	}}, func(t *testing.T, lib wasmffi.Library) {
		type event struct {
			Level int32
			Text  string
			At    float64
		}
		_, err := wasmffi.Bind[func(*event) int32](lib, "report")
		require.ErrorIs(t, err, wasmffi.ErrSignature)
		require.EqualError(t, err, "wasmffi: bind "+lib.Name()+" report: signature mismatch: declared int32_t report(struct event *); "+
			"debug info has int report(const struct event *e): parameter 1: pointer to struct event.Text "+map[uint64]string{
			4: "at offset 4 for struct event.at at offset 8",
			8: "for struct event.at: const char * for double",
		}[lib.Space().ABI().PointerSize()]+
			"; declared struct event { int32_t Level; const char *Text; double At; }; debug info has struct event { int level; double at; const char *text; }")
		_, err = wasmffi.Bind[func(uint32) int32](lib, "run")
		require.ErrorIs(t, err, wasmffi.ErrSignature)
		_, err = wasmffi.Var(lib, "last", dtype.CInt)
		require.ErrorIs(t, err, wasmffi.ErrSignature)
	})
}
