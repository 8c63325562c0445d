package host

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

var (
	unary     = proto(dtype.CInt, dtype.CInt)
	applySig  = proto(dtype.CInt, dtype.PointerTo(unary), dtype.CInt)
	nullary   = proto(dtype.CVoid)
	pointType = mustStruct("point", dtype.Field{Name: "x", Type: dtype.CInt}, dtype.Field{Name: "y", Type: dtype.CInt})
)

func mustStruct(tag string, fields ...dtype.Field) *dtype.Struct {
	s, err := dtype.NewStruct(tag, fields...)
	if err != nil {
		panic(err)
	}
	return s
}

// callbackOf makes a callback for int f(int).
func callbackOf(t testing.TB, lib *Library, f func(ctx context.Context, x int32) (int32, error)) wasmffi.Callback {
	cb, err := lib.Callback(wasmffi.CallbackSpec{Sig: unary, Func: func(fr *wasmffi.Frame) error {
		r, err := f(fr.Ctx, int32(fr.Words[0]))
		fr.Words[1] = uint64(int64(r))
		return err
	}})
	require.NoError(t, err)
	return cb
}

func TestCallback(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		lib := openTest(t, "basic.wasm", opts)
		cb := callbackOf(t, lib, func(_ context.Context, x int32) (int32, error) { return -2 * x, nil })
		got, err := call(t, lib, "apply", applySig, cb.Address(), 21)
		require.NoError(t, err)
		assert.EqualValues(t, -41, int64(got))
		got, err = call(t, lib, "apply", applySig, cb.Address(), neg(1<<31))
		require.NoError(t, err, "INT_MIN arrives as such")
		assert.EqualValues(t, 1, int64(got))
	})
}

func TestCallbackError(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	broken := errors.New("broken")
	n := 0
	cb, err := lib.Callback(wasmffi.CallbackSpec{
		Sig:      unary,
		Fallback: []uint64{100},
		Func: func(*wasmffi.Frame) error {
			n++
			switch n {
			case 1:
				return broken
			case 2:
				panic("late")
			}
			return nil
		},
	})
	require.NoError(t, err)
	c := prepare(t, lib, "repeat", applySig)
	_, err = callWords(nil, c, cb.Address(), 3)
	require.ErrorIs(t, err, broken, "the first error is reported")
	assert.Equal(t, 3, n, "C got the fallback and went on")

	n = 1
	_, err = callWords(nil, c, cb.Address(), 1)
	var p *wasmffi.PanicError
	require.ErrorAs(t, err, &p)
	assert.Equal(t, "late", p.Value)
	requireUsable(t, lib)
}

func TestFreedCallback(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	f := func(context.Context, int32) (int32, error) { return 7, nil }
	old := callbackOf(t, lib, f)
	require.NoError(t, old.Free())
	require.NoError(t, old.Free(), "freeing twice is no error")
	_, err := call(t, lib, "apply", applySig, old.Address(), 1)
	require.ErrorIs(t, err, wasmffi.ErrCallback)
	requireUsable(t, lib)

	seen := map[uint64]int{}
	for i := range 10 * firstSlots {
		cb := callbackOf(t, lib, f)
		if last, ok := seen[cb.Address()]; ok {
			require.GreaterOrEqual(t, i-last, firstSlots, "a slot is used again as late as can be")
		}
		seen[cb.Address()] = i
		require.NoError(t, cb.Free())
	}
	assert.Len(t, seen, firstSlots)
}

func TestManyCallbacks(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{TableLimit: 1000})
	var live []wasmffi.Callback
	for i := int32(0); ; i++ {
		cb, err := lib.Callback(wasmffi.CallbackSpec{Sig: unary, Func: func(f *wasmffi.Frame) error {
			f.Words[1] = uint64(i)
			return nil
		}})
		if err != nil {
			require.ErrorIs(t, err, wasmffi.ErrLimit)
			break
		}
		live = append(live, cb)
	}
	assert.Greater(t, len(live), 400)
	for i, cb := range live {
		got, err := call(t, lib, "apply", applySig, cb.Address(), 0)
		require.NoError(t, err)
		require.EqualValues(t, i+1, got)
	}
}

func TestNesting(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	apply := prepare(t, lib, "apply", applySig)
	var cb wasmffi.Callback
	cb = callbackOf(t, lib, func(ctx context.Context, x int32) (int32, error) {
		if x == 0 {
			return 0, nil
		}
		if x%2 == 0 {
			ctx = nil
		}
		r, err := callWords(ctx, apply, cb.Address(), uint64(x-1))
		return int32(r[0]), err
	})
	got, err := callWords(nil, apply, cb.Address(), 50)
	require.NoError(t, err)
	assert.EqualValues(t, 51, got[0])

	_, err = callWords(nil, apply, cb.Address(), 1<<30)
	require.ErrorIs(t, err, wasmffi.ErrDepth)
	requireUsable(t, lib)
	got, err = callWords(nil, apply, cb.Address(), 998)
	require.NoError(t, err)
	assert.EqualValues(t, 999, got[0])
}

func TestErrorsStayWithTheirCall(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	apply := prepare(t, lib, "apply", applySig)
	crash := prepare(t, lib, "crash", proto(dtype.CVoid, dtype.CInt))
	broken := errors.New("inner")
	inner := callbackOf(t, lib, func(context.Context, int32) (int32, error) { return 0, broken })
	outer := callbackOf(t, lib, func(ctx context.Context, x int32) (int32, error) {
		_, err := callWords(ctx, apply, inner.Address(), 1)
		require.ErrorIs(t, err, broken)
		_, err = callWords(nil, crash, 2)
		require.ErrorIs(t, err, ErrDivideByZero)
		_, err = callWords(ctx, prepare(t, lib, "deep", unary), 5)
		require.NoError(t, err)
		return x, nil
	})
	got, err := callWords(nil, apply, outer.Address(), 3)
	require.NoError(t, err, "what the callback dealt with is not the outer call's")
	assert.EqualValues(t, 4, got[0])
	requireUsable(t, lib)
}

func TestGoexitInCallback(t *testing.T) { engines(t, testGoexit) }

func testGoexit(t *testing.T, opts Options) {
	lib := openTest(t, "basic.wasm", opts)
	apply := prepare(t, lib, "apply", applySig)
	exit := callbackOf(t, lib, func(context.Context, int32) (int32, error) { runtime.Goexit(); return 0, nil })
	nested := callbackOf(t, lib, func(ctx context.Context, x int32) (int32, error) {
		defer requireUsable(t, lib) // while the goroutine is being unwound
		r, err := callWords(ctx, apply, exit.Address(), 1)
		return int32(r[0]), err
	})
	for _, addr := range []uint64{exit.Address(), nested.Address()} {
		for range 3 {
			var wg sync.WaitGroup
			wg.Add(1)
			go func() {
				defer wg.Done()
				_, _ = callWords(nil, apply, addr, 1)
				t.Error("the goroutine goes on")
			}()
			wg.Wait()
			requireUsable(t, lib)
			id := callbackOf(t, lib, func(_ context.Context, x int32) (int32, error) { return x, nil })
			got, err := callWords(nil, apply, id.Address(), 1)
			require.NoError(t, err)
			assert.EqualValues(t, 2, got[0])
		}
	}
}

func TestCloseInCallback(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	cb := callbackOf(t, lib, func(context.Context, int32) (int32, error) {
		err := lib.Close()
		require.ErrorIs(t, err, wasmffi.ErrBusy)
		require.EqualError(t, err, "wasmffi: close basic.wasm: library is busy")
		return 1, nil
	})
	got, err := call(t, lib, "apply", applySig, cb.Address(), 0)
	require.NoError(t, err)
	assert.EqualValues(t, 2, got)
	requireUsable(t, lib)
}

// TestDeadlineOfOuterCall: what a callback calls does not outlive the context
// that the outer call was made under.
func TestDeadlineOfOuterCall(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{})
	apply, spin := prepare(t, lib, "apply", applySig), prepare(t, lib, "spin", nullary)
	cb := callbackOf(t, lib, func(context.Context, int32) (int32, error) {
		longer, cancel := context.WithTimeout(background, time.Hour)
		defer cancel()
		_, err := callWords(longer, spin)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		return 0, err
	})
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	_, err := callWords(ctx, apply, cb.Address(), 0)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	requireUsable(t, lib)
}

// TestTimeoutOfOuterCall: neither does it outlive the library's own limit, when
// the outer call has no context.
func TestTimeoutOfOuterCall(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{Timeout: 20 * time.Millisecond})
	apply, spin := prepare(t, lib, "apply", applySig), prepare(t, lib, "spin", nullary)
	cb := callbackOf(t, lib, func(context.Context, int32) (int32, error) {
		longer, cancel := context.WithTimeout(background, time.Hour)
		defer cancel()
		_, err := callWords(longer, spin)
		return 0, err
	})
	_, err := callWords(nil, apply, cb.Address(), 0)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	requireUsable(t, lib)
}

// values is a context that == cannot compare.
type values struct {
	context.Context
	_ []int
}

func TestContextOfAnyType(t *testing.T) {
	lib := openTest(t, "basic.wasm", Options{Timeout: 20 * time.Millisecond})
	apply, spin := prepare(t, lib, "apply", applySig), prepare(t, lib, "spin", nullary)
	ctx := values{Context: background}
	cb := callbackOf(t, lib, func(ctx context.Context, _ int32) (int32, error) {
		_, err := callWords(ctx, spin)
		return 0, err
	})
	_, err := callWords(ctx, apply, cb.Address(), 0)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestCallbackStructs(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		lib := openTest(t, "basic.wasm", opts)
		mover := proto(pointType, pointType, dtype.CDouble)
		cb, err := lib.Callback(wasmffi.CallbackSpec{Sig: mover, Func: func(f *wasmffi.Frame) error {
			p := wordBytes(f.Words[:1])
			x, y := binary.NativeEndian.Uint32(p), binary.NativeEndian.Uint32(p[4:])
			require.Equal(t, 0.5, math.Float64frombits(f.Words[1]))
			r := wordBytes(f.Words[2:])
			binary.NativeEndian.PutUint32(r, x+1)
			binary.NativeEndian.PutUint32(r[4:], y+2)
			return nil
		}})
		require.NoError(t, err)
		got, err := call(t, lib, "move", proto(dtype.CInt, dtype.PointerTo(mover), dtype.CInt, dtype.CInt), cb.Address(), 3, 4)
		require.NoError(t, err)
		assert.EqualValues(t, 4006, got)
	})
}

func TestFunctionPointers(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		lib := openTest(t, "basic.wasm", opts)
		addr, err := call(t, lib, "get_twice", proto(dtype.PointerTo(unary)))
		require.NoError(t, err)
		sym, err := lib.FuncAt(addr)
		require.NoError(t, err)
		assert.Equal(t, wasmffi.Symbol{Name: "twice", Addr: addr, Signature: "(i32) -> i32"}, sym)
		c, err := lib.Prepare(sym, unary)
		require.NoError(t, err)
		got, err := callWords(nil, c, 21)
		require.NoError(t, err)
		assert.EqualValues(t, 42, got[0])

		_, err = lib.Prepare(sym, proto(dtype.CDouble, dtype.CInt))
		require.ErrorIs(t, err, wasmffi.ErrSignature)
		_, err = lib.FuncAt(0)
		require.Error(t, err)
		_, err = lib.FuncAt(1 << 20)
		require.ErrorIs(t, err, wasmffi.ErrNotFound)
		bad, err := lib.Prepare(wasmffi.Symbol{Addr: 1 << 20}, unary)
		require.NoError(t, err)
		_, err = callWords(nil, bad, 1)
		require.ErrorIs(t, err, ErrBadFuncPointer)

		// A function that no pointer in C points to gets a place in the table.
		sym, err = lib.Lookup("neg8")
		require.NoError(t, err)
		addr, err = lib.Address(sym)
		require.NoError(t, err)
		again, err := lib.Address(sym)
		require.NoError(t, err)
		assert.Equal(t, addr, again)
		got2, err := call(t, lib, "apply", applySig, addr, 5)
		require.NoError(t, err)
		assert.EqualValues(t, -4, int64(got2))
		sym, err = lib.FuncAt(addr)
		require.NoError(t, err)
		assert.Equal(t, "neg8", sym.Name)
		requireUsable(t, lib)
	})
}
