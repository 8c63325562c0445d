package wasmffi_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
)

// Every call in the log. Times are left out here.
func ExampleLogCalls() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey, "duration", "function", "library":
				return slog.Attr{}
			}
			return a
		},
	}))
	lib, err := host.Open(context.Background(), "testdata/wasm/conform.wasm", host.Options{
		Hooks: []wasmffi.Hook{wasmffi.LogCalls(logger, slog.LevelDebug)},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer lib.Close()

	divide := wasmffi.MustBind[func(a, b int32) (int32, error)](lib, "divide")
	_, _ = divide(7, 2)
	_, err = divide(1, 0)
	fmt.Println(errors.Is(err, wasmffi.ErrDivideByZero))
	// Output:
	// level=DEBUG msg=call prototype="int32_t divide(int32_t, int32_t)" args="7, 2" result=3
	// level=ERROR msg=call prototype="int32_t divide(int32_t, int32_t)" args="1, 0" error="trap: integer divide by zero in divide(1, 0)"
	// true
}

// Spans that nest, as a tracing library makes them: the context that Before
// returns is the one that callbacks get, and hand on.
func ExampleHook() {
	type span struct{}
	spans := wasmffi.Hook{
		Before: func(ctx context.Context, c *wasmffi.CallEvent) context.Context {
			path := c.Kind.String()
			if outer, ok := ctx.Value(span{}).(string); ok {
				path = outer + "/" + path
			}
			return context.WithValue(ctx, span{}, path)
		},
		After: func(ctx context.Context, c *wasmffi.CallEvent) {
			fmt.Println(ctx.Value(span{}), c.Result())
		},
	}
	lib, err := host.Open(context.Background(), "testdata/wasm/conform.wasm", host.Options{Hooks: []wasmffi.Hook{spans}})
	if err != nil {
		log.Fatal(err)
	}
	defer lib.Close()

	triple := wasmffi.MustBind[func(context.Context, int32) (int32, error)](lib, "triple")
	apply := wasmffi.MustBind[func(f func(context.Context, int32) (int32, error), x int32) (int32, error)](lib, "apply")
	fmt.Println(apply(func(ctx context.Context, x int32) (int32, error) {
		return triple(ctx, x+1)
	}, 4))
	// Output:
	// call/callback/call 15
	// call/callback 15
	// call 15
	// 15 <nil>
}
