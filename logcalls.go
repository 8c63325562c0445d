package wasmffi

import (
	"context"
	"log/slog"
)

// LogCalls is a [Hook] that writes a record for each call, when it is over: at
// the level given, or at slog.LevelError if it failed. Its attributes are library,
// function, prototype, args and result in C's syntax, duration, and error; calls,
// where there are many in one crossing. Strings and other memory of C's are not
// shown. Where the logger is not enabled for the level nothing is put together.
func LogCalls(l *slog.Logger, level slog.Level) Hook {
	return Hook{After: func(ctx context.Context, c *CallEvent) {
		at := level
		if c.Err != nil {
			at = slog.LevelError
		}
		if !l.Enabled(ctx, at) {
			return
		}
		attrs := []slog.Attr{
			slog.String("library", c.Library),
			slog.String("function", c.Function),
			slog.String("prototype", c.Prototype()),
			slog.Duration("duration", c.Duration),
		}
		if c.Calls != 1 {
			attrs = append(attrs, slog.Uint64("calls", c.Calls))
		} else if args := c.Args(); args != "" {
			attrs = append(attrs, slog.String("args", args))
		}
		if r := c.Result(); r != "" {
			attrs = append(attrs, slog.String("result", r))
		}
		if c.Err != nil {
			attrs = append(attrs, slog.Any("error", c.Err))
		}
		l.LogAttrs(ctx, at, c.Kind.String(), attrs...)
	}}
}
