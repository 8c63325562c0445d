package host

import (
	"bytes"
	"context"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func openDifferential(t *testing.T, file string, opts Options) *Differential {
	d, err := OpenDifferential(background, file, nil, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

const conformFile = "../testdata/wasm/conform.wasm"

func TestDifferentialAgrees(t *testing.T) {
	var out bytes.Buffer
	d := openDifferential(t, conformFile, Options{Stdout: &out, Fuel: 1e6})
	say, err := wasmffi.Bind[func(string)](d, "say")
	require.NoError(t, err)
	say("once")
	require.NoError(t, d.Flush())
	require.Equal(t, "once\n", out.String())

	x := []int32{5, -1, 3, 0, 9, -7}
	calls := 0
	sort, err := wasmffi.Bind[func([]int32, dtype.Size, dtype.Size, func(a, b *int32) int32)](d, "sort")
	require.NoError(t, err)
	half, err := wasmffi.Bind[func(float32) float32](d, "half")
	require.NoError(t, err)
	sort(x, 6, 4, func(a, b *int32) int32 {
		calls++
		require.EqualValues(t, 1.5, half(3), "a nested call")
		return *a - *b
	})
	require.Equal(t, []int32{-7, -1, 0, 3, 5, 9}, x)
	require.Less(t, calls, 20, "Go ran once")

	// What Go writes, between calls and in callbacks, is in both.
	counter, err := wasmffi.Var(d, "counter", dtype.CInt)
	require.NoError(t, err)
	require.NoError(t, counter.Store(int32(41)))
	bump, err := wasmffi.Bind[func() int32](d, "bump")
	require.NoError(t, err)
	require.EqualValues(t, 42, bump())
	apply, err := wasmffi.Bind[func(func(int32) (int32, error), int32) (int32, error)](d, "apply")
	require.NoError(t, err)
	_, err = apply(func(int32) (int32, error) { return 0, counter.Store(int32(7)) }, 1)
	require.NoError(t, err)
	require.EqualValues(t, 8, bump())

	_, err = apply(func(int32) (int32, error) { return 0, os.ErrExist }, 1)
	require.ErrorIs(t, err, os.ErrExist)
	_, err = apply(func(int32) (int32, error) { panic(os.ErrExist) }, 1)
	require.ErrorIs(t, err, os.ErrExist)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = apply(func(x int32) (int32, error) {
			return apply(func(int32) (int32, error) { runtime.Goexit(); return 0, nil }, x)
		}, 1)
	}()
	<-ended
	divide, err := wasmffi.Bind[func(int32, int32) (int32, error)](d, "divide")
	require.NoError(t, err)
	_, err = divide(1, 0)
	require.ErrorIs(t, err, ErrDivideByZero)
	recurse, err := wasmffi.Bind[func(int32) (int32, error)](d, "recurse")
	require.NoError(t, err)
	_, err = recurse(1)
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrDifferent)
	spin, err := wasmffi.Bind[func(context.Context) error](d, "spin")
	require.NoError(t, err)
	var fuel *FuelError
	require.ErrorAs(t, spin(background), &fuel)
	require.EqualValues(t, 9, bump(), "it goes on after all of these")
}

// TestDifferentialDeadline: where a deadline ends the two runs is no difference.
func TestDifferentialDeadline(t *testing.T) {
	d, err := OpenDifferential(background, conformFile, nil, Options{})
	require.NoError(t, err)
	defer d.Close()
	spin, err := wasmffi.Bind[func(context.Context) error](d, "spin")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, spin(ctx), context.DeadlineExceeded)
	add, err := wasmffi.Bind[func(int32, int32) (int32, error)](d, "add")
	require.NoError(t, err)
	sum, err := add(2, 3)
	require.NoError(t, err)
	require.EqualValues(t, 5, sum)
}

// A nested deadline ends both runs, wherever they are.
func TestDifferentialDeadlineInCallback(t *testing.T) {
	d := openDifferential(t, conformFile, Options{})
	apply, err := wasmffi.Bind[func(context.Context, func(int32) (int32, error), int32) (int32, error)](d, "apply")
	require.NoError(t, err)
	spin, err := wasmffi.Bind[func() error](d, "spin")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	_, err = apply(ctx, func(int32) (int32, error) { return 0, spin() }, 1)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	bump, err := wasmffi.Bind[func() int32](d, "bump")
	require.NoError(t, err)
	require.EqualValues(t, 42, bump())
}

// changed is a module with one piece of its code another.
func changed(t *testing.T, module []byte, from, to string) []byte {
	require.Equal(t, 1, bytes.Count(module, []byte(from)), "a piece of code that is there once")
	return bytes.Replace(module, []byte(from), []byte(to), 1)
}

func TestDifferences(t *testing.T) {
	right := counterModule(1, false)
	open := func(t *testing.T, wrong []byte, wait any) (*Differential, *counter) {
		opts := Options{Imports: wasmffi.Imports{{Name: "wait_", Func: wait}}}
		d, err := openPair(background, "counter.wasm", right, wrong, opts)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		c, err := newCounter(d)
		require.NoError(t, err)
		return d, c
	}
	const text = "compiled and interpreted code differ in "
	t.Run("result", func(t *testing.T) {
		_, c := open(t, changed(t, right, "\x41\x01\x0b\x0b", "\x41\x02\x0b\x0b"), func() {})
		_, err := c.Version()
		require.ErrorIs(t, err, ErrDifferent)
		require.ErrorContains(t, err, text+"version(): result: compiled 1, interpreted 2")
		_, err = c.Next()
		require.ErrorContains(t, err, text+"version()", "the first one stays")
	})
	t.Run("global", func(t *testing.T) {
		_, c := open(t, changed(t, right, "\x20\x00\x24\x00", "\x41\x09\x24\x00"), func() {})
		require.NoError(t, c.Set(9), "the same by chance")
		err := c.Set(10)
		require.ErrorContains(t, err, text+"set(10): global 0: compiled 0xa, interpreted 0x9")
	})
	t.Run("callback", func(t *testing.T) {
		// call wait_ → nop nop
		_, c := open(t, changed(t, right, "\x10\x00\x41\x01", "\x01\x01\x41\x01"), func() {})
		_, err := c.Slow(background)
		require.ErrorContains(t, err, text+"slow(): callback: compiled calls Go, interpreted returns")
	})
	t.Run("error", func(t *testing.T) {
		// global.get, i32.const 1, i32.add … → unreachable
		_, c := open(t, changed(t, right, "\x23\x00\x41\x01\x6a", "\x00\x00\x41\x01\x6a"), func() {})
		_, err := c.Next()
		require.ErrorContains(t, err, text+"next(): error: compiled no error, interpreted trap: unreachable")
	})
	t.Run("other way round", func(t *testing.T) {
		right, wrong := changed(t, right, "\x10\x00\x41\x01", "\x01\x01\x41\x01"), right
		d, err := openPair(background, "counter.wasm", right, wrong, Options{Imports: wasmffi.Imports{{Name: "wait_", Func: func() { t.Error("Go runs for the compiled code") }}}})
		require.NoError(t, err)
		defer d.Close()
		c, err := newCounter(d)
		require.NoError(t, err)
		_, err = c.Slow(background)
		require.ErrorContains(t, err, text+"slow(): callback: compiled returns, interpreted calls Go")
	})
	t.Run("in a nested call", func(t *testing.T) {
		var c *counter
		var inner error
		_, c = open(t, changed(t, right, "\x41\x01\x0b\x0b", "\x41\x02\x0b\x0b"), func() { _, inner = c.Version() })
		_, err := c.Slow(background)
		require.ErrorIs(t, inner, ErrDifferent)
		require.ErrorContains(t, err, text+"version()")
	})
	t.Run("memory", func(t *testing.T) {
		d := openDifferential(t, conformFile, Options{})
		v, err := wasmffi.Var(d, "counter", dtype.CInt)
		require.NoError(t, err)
		cb, err := wasmffi.NewCallback(d, func(x int32) int32 { return x }, nil)
		require.NoError(t, err)
		apply, err := wasmffi.Bind[func(wasmffi.Callback, int32) (int32, error)](d, "apply")
		require.NoError(t, err)
		inB := cb.(*diffCallback).b.(*callback).slot.side.Load()
		goSide := inB.spec.Func
		inB.spec.Func = func(f *wasmffi.Frame) error {
			err := goSide(f)
			d.b.in.mem.region[v.Addr()+1] ^= 0x10
			return err
		}
		_, err = apply(cb, 5)
		var diff *DifferenceError
		require.ErrorAs(t, err, &diff)
		require.Equal(t, v.Addr()+1, diff.Addr)
		require.Equal(t, []string{"apply", "0x00", "0x10"}, []string{diff.Function, diff.Compiled, diff.Interpreted})
		require.True(t, strings.HasSuffix(diff.Args, ", 5"), diff.Args)
	})
}

func TestDifferentialOpen(t *testing.T) {
	_, err := OpenDifferential(background, conformFile, nil, Options{Clock: true})
	require.ErrorIs(t, err, wasmffi.ErrNotSupported)
	_, err = OpenDifferential(background, "nothing.wasm", nil, Options{})
	require.ErrorIs(t, err, wasmffi.ErrNotFound)
	_, err = OpenDifferential(background, "counter.wasm", counterModule(1, false), Options{})
	require.ErrorIs(t, err, wasmffi.ErrNotFound, "a missing import")
	require.NotErrorIs(t, err, ErrDifferent)
	d, err := OpenDifferential(background, conformFile, nil, Options{})
	require.NoError(t, err)
	space := d.Space()
	require.NoError(t, d.Close())
	require.NoError(t, d.Close())
	_, err = space.Alloc(8, 8)
	require.ErrorIs(t, err, wasmffi.ErrClosed)
	require.ErrorIs(t, space.WriteAt([]byte{1}, 1024), memory.ErrEnded)
}

func TestSignOfNaN(t *testing.T) {
	f32 := func(u uint32) []byte { return []byte{byte(u), byte(u >> 8), byte(u >> 16), byte(u >> 24)} }
	nan := math.Float32bits(float32(math.NaN()))&^(1<<31) | 1<<22
	for _, c := range []struct {
		a, b uint32
		same bool
	}{
		{0x7fc00000, 0xffc00000, true}, {0x7fc00000, 0x7fc00000, true}, {nan, 0x7fc00001, false}, {0x7fc00001, 0xffc00001, false}, {0, 1 << 31, false}, {math.MaxUint32, math.MaxUint32 - 1, false},
	} {
		_, differ := firstDifference(append(make([]byte, 4), f32(c.a)...), append(make([]byte, 4), f32(c.b)...))
		require.Equal(t, c.same || c.a == c.b, !differ, "%#x %#x", c.a, c.b)
	}
	a, b := make([]byte, 10000), make([]byte, 10000)
	b[9999] = 1
	at, differ := firstDifference(a, b)
	require.True(t, differ)
	require.Equal(t, 9999, at)
	a[15], a[14], b[15], b[14], b[9999] = 0x7f, 0xf8, 0xff, 0xf8, 0
	_, differ = firstDifference(a, b)
	require.False(t, differ, "a double")
}
