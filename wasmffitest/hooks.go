package wasmffitest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// A hookLog is a hook that writes what it is told, indented by contexts.
type hookLog struct {
	lines []string
	errs  []error
}

type hookDepth struct{}

func (l *hookLog) hook() wasmffi.Hook {
	note := func(ctx context.Context, text string) {
		depth, _ := ctx.Value(hookDepth{}).(int)
		l.lines = append(l.lines, fmt.Sprintf("%*s%s", 2*depth, "", text))
	}
	return wasmffi.Hook{
		Before: func(ctx context.Context, c *wasmffi.CallEvent) context.Context {
			note(ctx, fmt.Sprintf("%v %s", c.Kind, c.Prototype()))
			depth, _ := ctx.Value(hookDepth{}).(int)
			return context.WithValue(ctx, hookDepth{}, depth+1)
		},
		After: func(ctx context.Context, c *wasmffi.CallEvent) {
			text := fmt.Sprintf("(%s)", c.Args())
			if r := c.Result(); r != "" {
				text += " = " + r
			}
			if c.Err != nil {
				text += " failed"
			}
			note(ctx, text)
			l.errs = append(l.errs, c.Err)
		},
	}
}

// take gives what was written since it was last called.
func (l *hookLog) take() (lines []string, errs []error) {
	lines, errs = l.lines, l.errs
	l.lines, l.errs = nil, nil
	return lines, errs
}

func hooks(t *testing.T, b Backend) {
	if b.OpenHooked == nil {
		t.Skip("LEFT OUT: Backend.OpenHooked is not set")
	}
	log := new(hookLog)
	lib := b.OpenHooked(t, log.hook())
	t.Cleanup(func() { require.NoError(t, lib.Close()) })
	ctx := context.Background()

	t.Run("calls and their values", func(t *testing.T) {
		require.EqualValues(t, 5, bind[func(int32, int32) int32](t, lib, "add")(2, 3))
		bind[func()](t, lib, "nothing")()
		require.EqualValues(t, 2.5, bind[func(float32) float32](t, lib, "half")(5))
		midpoint, err := wasmffi.BindAs[func(point, point) point](lib, "midpoint", fn(t, goType(t, point{}), goType(t, point{}), goType(t, point{})))
		require.NoError(t, err)
		require.Equal(t, point{2, 3}, midpoint(point{1, 2}, point{3, 4}))
		lines, _ := log.take()
		require.Equal(t, []string{
			"call int32_t add(int32_t, int32_t)", "  (2, 3) = 5",
			"call void nothing(void)", "  ()",
			"call float half(float)", "  (5) = 2.5",
			"call struct point midpoint(struct point, struct point)",
			"  ({.X = 1, .Y = 2}, {.X = 3, .Y = 4}) = {.X = 2, .Y = 3}",
		}, lines)
	})
	t.Run("nested as their contexts", func(t *testing.T) {
		add := bind[func(context.Context, int32, int32) (int32, error)](t, lib, "add")
		apply := bind[func(context.Context, wasmffi.Callback, int32) (int32, error)](t, lib, "apply")
		cb, err := wasmffi.NewCallback(lib, hookedCallback(add), &wasmffi.CallbackOptions{Sig: fn(t, dtype.CInt, dtype.CInt)})
		require.NoError(t, err)
		defer func() { require.NoError(t, cb.Free()) }()
		r, err := apply(ctx, cb, 20)
		require.NoError(t, err)
		require.EqualValues(t, 21, r)
		lines, _ := log.take()
		require.Len(t, lines, 6)
		require.Equal(t, "call int32_t apply(void *, int32_t)", lines[0])
		require.Equal(t, "  callback int (*)(int)", lines[1])
		require.Equal(t, []string{"    call int32_t add(int32_t, int32_t)", "      (20, 1) = 21", "    (20) = 21"}, lines[2:5])
		require.Regexp(t, `^  \(0x[0-9a-f]+, 20\) = 21$`, lines[5])
	})
	t.Run("failures", func(t *testing.T) {
		type fails = func(func(int32) (int32, error), int32) (int32, error)
		apply := bind[fails](t, lib, "apply")
		for _, c := range []struct {
			f    func(int32) (int32, error)
			want error
		}{
			{func(int32) (int32, error) { return 0, errBoom }, errBoom},
			{func(int32) (int32, error) { panic(errBoom) }, errBoom},
		} {
			_, err := apply(c.f, 1)
			require.ErrorIs(t, err, c.want)
			_, errs := log.take()
			require.Len(t, errs, 2)
			require.ErrorIs(t, errs[0], c.want)
			require.ErrorIs(t, errs[1], c.want)
			var e *wasmffi.Error
			require.False(t, errors.As(errs[1], &e), "the error that *Error wraps")
			var p *wasmffi.PanicError
			if errors.As(err, &p) {
				require.Contains(t, string(p.Stack), "wasmffitest.hooks.func", "the stack of where the panic began")
			}
		}
	})
	t.Run("runtime.Goexit", func(t *testing.T) {
		apply := bind[func(func(int32) int32, int32) int32](t, lib, "apply")
		done := make(chan struct{})
		go func() {
			defer close(done)
			apply(func(int32) int32 { runtime.Goexit(); return 0 }, 1)
		}()
		<-done
		_, errs := log.take()
		require.Len(t, errs, 2)
		require.Error(t, errs[0])
		require.Error(t, errs[1])
		require.EqualValues(t, 5, bind[func(int32, int32) int32](t, lib, "add")(2, 3))
		log.take()
	})
	if b.Sandbox {
		t.Run("traps", func(t *testing.T) {
			_, err := bind[func(int32, int32) (int32, error)](t, lib, "divide")(1, 0)
			require.ErrorIs(t, err, wasmffi.ErrTrap)
			lines, errs := log.take()
			require.Equal(t, []string{"call int32_t divide(int32_t, int32_t)", "  (1, 0) failed"}, lines)
			require.ErrorIs(t, errs[0], wasmffi.ErrTrap)
		})
	}
	t.Run("several, the first outermost", func(t *testing.T) {
		var order []string
		hook := func(name string) wasmffi.Hook {
			return wasmffi.Hook{
				Before: func(ctx context.Context, c *wasmffi.CallEvent) context.Context {
					order = append(order, "before "+name)
					return context.WithValue(ctx, hookDepth{}, name)
				},
				After: func(ctx context.Context, c *wasmffi.CallEvent) {
					order = append(order, "after "+name)
					require.Equal(t, name, ctx.Value(hookDepth{}))
					require.Positive(t, c.Duration)
				},
			}
		}
		lib := b.OpenHooked(t, hook("a"), hook("b"))
		defer func() { require.NoError(t, lib.Close()) }()
		bind[func()](t, lib, "nothing")()
		require.Equal(t, []string{"before a", "before b", "after b", "after a"}, order)
	})
	t.Run("Vectorize", func(t *testing.T) {
		var calls uint64
		lib := b.OpenHooked(t, wasmffi.Hook{After: func(_ context.Context, c *wasmffi.CallEvent) { calls += c.Calls }})
		defer func() { require.NoError(t, lib.Close()) }()
		arena := wasmffi.NewArena(lib)
		defer arena.Close()
		half, err := wasmffi.Vectorize(lib, "half", fn(t, dtype.CFloat, dtype.CFloat))
		require.NoError(t, err)
		x, err := arena.NewOf(make([]float32, 1000))
		require.NoError(t, err)
		_, err = half.Map(ctx, arena, x)
		require.NoError(t, err)
		require.EqualValues(t, 1000, calls)
	})
	t.Run("allocations", func(t *testing.T) {
		if raceEnabled {
			t.Skip("LEFT OUT: the race detector allocates too")
		}
		var calls int
		count := wasmffi.Hook{
			Before: func(ctx context.Context, c *wasmffi.CallEvent) context.Context { return ctx },
			After:  func(context.Context, *wasmffi.CallEvent) { calls++ },
		}
		lib := b.OpenHooked(t, count)
		defer func() { require.NoError(t, lib.Close()) }()
		cb, err := wasmffi.NewCallback(lib, func(x int32) int32 { return x + 1 }, nil)
		require.NoError(t, err)
		apply, err := wasmffi.Bind2[dtype.Addr, int32, int32](lib, "apply", nil)
		require.NoError(t, err)
		addr := dtype.Addr(cb.Address())
		require.EqualValues(t, 3, apply.Call(addr, 2))
		calls = 0
		require.Zero(t, testing.AllocsPerRun(100, func() { apply.Call(addr, 2) }))
		require.Equal(t, 202, calls)
	})
}

// hookedCallback is a callback that calls back in.
func hookedCallback(add func(context.Context, int32, int32) (int32, error)) func(context.Context, int32) (int32, error) {
	return func(ctx context.Context, x int32) (int32, error) { return add(ctx, x, 1) }
}
