package wasmffitest_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// TestHooksOfVarargs: hooks see of variadic callbacks and imports what C passed
// before the "...", and their results; of C's own variadic functions everything.
func TestHooksOfVarargs(t *testing.T) {
	var lines []string
	note := wasmffi.Hook{After: func(_ context.Context, c *wasmffi.CallEvent) {
		line := fmt.Sprintf("%v %s: (%s) = %s", c.Kind, c.Prototype(), c.Args(), c.Result())
		if c.Err != nil {
			line += "failed"
		}
		lines = append(lines, regexp.MustCompile("0x[0-9a-f]+").ReplaceAllString(line, "ADDR"))
	}}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	print := func(_ dtype.Addr, args wasmffi.Varargs) (int32, error) {
		n, err := wasmffi.VaArg[int32](args.VaList)
		if n < 0 {
			err = errEmpty
		}
		return -2 * n, err
	}
	opts := []wasmffi.Options{note, wasmffi.LogCalls(logger, slog.LevelInfo), wasmffi.Imports{{Name: "host_print", Func: print}}}
	saw := func(t *testing.T, want ...string) {
		t.Helper()
		require.Equal(t, want, lines)
		lines = nil
	}
	onBoth(t, "varargs", opts, func(t *testing.T, lib wasmffi.Library) {
		lines = nil
		keep, err := wasmffi.Bind[func(wasmffi.Callback) error](lib, "keep")
		require.NoError(t, err)
		cb, err := wasmffi.NewCallback(lib, print, nil)
		require.NoError(t, err)
		require.NoError(t, keep(cb))
		saw(t, "call void keep(void *): (ADDR) = ")

		log.Reset()
		kept, err := wasmffi.Bind[func(int32) (int32, error)](lib, "print_kept")
		require.NoError(t, err)
		n, err := kept(21)
		require.NoError(t, err)
		require.EqualValues(t, -42, n)
		saw(t, "callback int32_t (*)(void *, ...): (ADDR, ...) = -42", "call int32_t print_kept(int32_t): (21) = -42")
		require.Regexp(t, `msg=callback .* args="0x[0-9a-f]+, ..." result=-42\n`, log.String())
		_, err = kept(-1)
		require.ErrorIs(t, err, errEmpty)
		saw(t, "callback int32_t (*)(void *, ...): (ADDR, ...) = failed", "call int32_t print_kept(int32_t): (-1) = failed")
		require.NoError(t, cb.Free())

		through, err := wasmffi.Bind[func(int32) (int32, error)](lib, "print_through_import")
		require.NoError(t, err)
		_, err = through(8)
		require.NoError(t, err)
		saw(t, "import int32_t host_print(void *, ...): (ADDR, ...) = -16", "call int32_t print_through_import(int32_t): (8) = -16")
	})
	onBoth(t, "conform", []wasmffi.Options{note}, func(t *testing.T, lib wasmffi.Library) {
		lines = nil
		sum, err := wasmffi.Bind[func(int32, ...any) (int32, error)](lib, "sum_ints")
		require.NoError(t, err)
		n, err := sum(3, int32(10), int8(-4), uint16(7))
		require.NoError(t, err)
		require.EqualValues(t, 13, n)
		_, err = sum(0)
		require.NoError(t, err)
		weigh, err := wasmffi.Bind[func(int32, ...any) (float64, error)](lib, "sum_doubles")
		require.NoError(t, err)
		_, err = weigh(1, float32(2.5))
		require.NoError(t, err)
		format, err := wasmffi.Bind[func([]byte, dtype.Size, string, ...any) (int32, error)](lib, "format")
		require.NoError(t, err)
		_, err = format(make([]byte, 9), 9, "%s %d", "x", int32(5))
		require.NoError(t, err)
		saw(t,
			"call int32_t sum_ints(int32_t, ...): (3, 10, -4, 7) = 13",
			"call int32_t sum_ints(int32_t, ...): (0) = 0",
			"call double sum_doubles(int32_t, ...): (1, 2.5) = 2.5",
			"call int32_t format(uint8_t *, size_t, const char *, ...): (ADDR, 9, ADDR, ADDR, 5) = 3")
	})
}
