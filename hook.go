package wasmffi

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/wasmffi/wasmffi/dtype"
)

// A Hook sees every call between Go and C, in both directions, for logs, metrics
// and traces. It is an option of [Open] for every backend, and in the backends'
// own options; a library can have several. What is bound and called without one
// costs nothing.
//
//	lib, err := wasmffi.Open(ctx, "geo.wasm", wasmffi.LogCalls(slog.Default(), slog.LevelDebug))
//
// With OpenTelemetry, spans nest as the calls do, Go's own between them included:
//
//	spans := wasmffi.Hook{
//		Before: func(ctx context.Context, c *wasmffi.CallEvent) context.Context {
//			ctx, _ = tracer.Start(ctx, c.Function)
//			return ctx
//		},
//		After: func(ctx context.Context, c *wasmffi.CallEvent) {
//			span := trace.SpanFromContext(ctx)
//			span.RecordError(c.Err)
//			span.End()
//		},
//	}
//
// The functions run on the goroutine of the call, and may run on several at once.
// They must not call the library that they are told of: their own calls would be
// told of again. A panic in them is one of the call.
type Hook struct {
	// Before is told of a call that begins. The context it returns is the call's:
	// C's callbacks get it, and so do the calls that these make with it. ctx is
	// never nil; a nil result is ctx. Nil leaves it out.
	Before func(ctx context.Context, c *CallEvent) context.Context
	// After is told how it ended, with the context that Before returned. Each
	// Before is followed by its After, also where C traps, or Go panics or ends its
	// goroutine in a callback. Of several hooks the first one is the outermost.
	After func(ctx context.Context, c *CallEvent)
}

// BackendName makes a Hook an option of every backend.
func (Hook) BackendName() string { return "" }

// A CallEvent is one call as a [Hook] sees it. It is valid until the function
// that is given it returns.
type CallEvent struct {
	Kind    CallKind
	Library string
	// Function is C's function; of callbacks and imports it is Go's, by the
	// import's name in C or else as the Go runtime calls it.
	Function string
	// Sig is the prototype that it was bound with.
	Sig *dtype.Func
	// Calls is 1, or how many were asked for in one crossing ([Vectorize]).
	Calls uint64

	// Duration and Err are for After. The time is all that the caller waited,
	// for other calls too; Err is what the *Error of the call will wrap.
	Duration time.Duration
	Err      error

	abi      *dtype.ABI
	words    []uint64
	begun    time.Time
	contexts []context.Context // as each hook's Before returned them
}

// A CallKind is the direction of a call.
type CallKind uint8

const (
	CallC      CallKind = iota // Go calls C
	CallGo                     // C calls Go through a function pointer
	CallImport                 // C calls Go by name: see [Imports]
)

func (k CallKind) String() string {
	return [...]string{"call", "callback", "import"}[k]
}

// Prototype is the function's declaration in C; for a callback, which has no name
// there, the type of its pointer.
func (c *CallEvent) Prototype() string {
	if c.Kind == CallGo {
		return dtype.Declare(dtype.PointerTo(c.Sig), "")
	}
	return dtype.Declare(c.Sig, c.Function)
}

// Args are the arguments in C's syntax, as "p=0x1010, n=3": see [FormatArgs].
// Before a call the addresses of Go's memory are not known yet: they are NULL. Of
// what C passes for "..." nothing is known: it is "...".
func (c *CallEvent) Args() string {
	args := FormatArgs(c.abi, c.Sig, c.words)
	if c.Kind != CallC && c.Sig.Variadic() {
		args = strings.TrimPrefix(args+", ...", ", ")
	}
	return args
}

// Result is the result in C's syntax, after a call that did not fail; else, and
// for void, it is empty.
func (c *CallEvent) Result() string {
	if c.Err != nil {
		return ""
	}
	frame := c.Sig
	if c.Kind != CallC {
		frame = CallbackFrame(frame)
	}
	return FormatResult(c.abi, frame, c.words)
}

var errNotReturned = errors.New("the call did not return: a panic, or runtime.Goexit")

// hooked are the hooks of one function and what is the same in all its events.
type hooked struct {
	hooks   []Hook
	kind    CallKind
	library string // not a Library: what C refers to must not keep it alive
	abi     *dtype.ABI
	name    string
	sig     *dtype.Func
}

var events = sync.Pool{New: func() any { return new(CallEvent) }}

// begin tells the hooks of a call, and gives the context it is to have: ctx
// itself, which may be nil, if they leave it alone.
func (h *hooked) begin(ctx context.Context, words []uint64, calls uint64) (*CallEvent, context.Context) {
	e := events.Get().(*CallEvent)
	e.Kind, e.Library, e.Function, e.Sig, e.Calls = h.kind, h.library, h.name, h.sig, calls
	e.abi, e.words = h.abi, append(e.words[:0], words...)
	e.begun = time.Now()
	now := ctx
	if now == nil {
		now = context.Background()
	}
	given := now
	for _, hook := range h.hooks {
		if hook.Before != nil {
			if next := hook.Before(now, e); next != nil {
				now = next
			}
		}
		e.contexts = append(e.contexts, now)
	}
	if now == given {
		now = ctx
	}
	return e, now
}

// end tells the hooks that the call is over.
func (h *hooked) end(e *CallEvent, words []uint64, err error) {
	e.Duration, e.Err = time.Since(e.begun), err
	e.words = append(e.words[:0], words...)
	for i := len(h.hooks) - 1; i >= 0; i-- {
		if after := h.hooks[i].After; after != nil {
			after(e.contexts[i], e)
		}
	}
	clear(e.contexts)
	*e = CallEvent{words: e.words[:0], contexts: e.contexts[:0]}
	events.Put(e)
}

// HookCallable is c with the hooks around it; without hooks it is c itself. It is
// for backends, at the end of [Library.Prepare].
func HookCallable(hooks []Hook, lib Library, fn Symbol, sig *dtype.Func, c Callable) Callable {
	if len(hooks) == 0 {
		return c
	}
	h := hookedCallable{Callable: c, hooked: &hooked{hooks, CallC, lib.Name(), lib.Space().ABI(), fn.Name, sig}}
	if m, ok := c.(Mapper); ok {
		return hookedMapper{h, m}
	}
	return h
}

// A hookedCallable is a Callable with hooks. It has no shorter ways: what they
// would save is little beside the hooks.
type hookedCallable struct {
	Callable
	*hooked
}

func (c hookedCallable) Call(f *Frame) (err error) {
	ctx := f.Ctx
	e, now := c.begin(ctx, f.Words, 1)
	err = errNotReturned
	defer func() { f.Ctx = ctx; c.end(e, f.Words, err) }()
	f.Ctx = now
	err = c.Callable.Call(f)
	return err
}

type hookedMapper struct {
	hookedCallable
	mapper Mapper
}

func (c hookedMapper) Map(ctx context.Context, m *Mapping) (err error) {
	e, now := c.begin(ctx, nil, m.Inner*m.Outer)
	err = errNotReturned
	defer func() { c.end(e, nil, err) }()
	err = c.mapper.Map(now, m)
	return err
}

// HookCallback puts the hooks around the Go side of a callback; without hooks it
// does nothing. It is for backends, in [Library.Callback] and for imports.
func HookCallback(hooks []Hook, lib Library, spec *CallbackSpec) {
	if len(hooks) == 0 {
		return
	}
	h := &hooked{hooks, CallGo, lib.Name(), lib.Space().ABI(), spec.Import, spec.Sig}
	switch {
	case h.name != "":
		h.kind = CallImport
	case spec.pc != 0:
		h.name = runtime.FuncForPC(spec.pc).Name()
	}
	goSide := spec.Func
	spec.Func = func(f *Frame) error { return h.callback(goSide, f) }
}

func (h *hooked) callback(goSide func(*Frame) error, f *Frame) (err error) {
	ctx := f.Ctx
	e, now := h.begin(ctx, f.Words, 1)
	returned := false
	defer func() {
		f.Ctx = ctx
		if returned {
			h.end(e, f.Words, err)
			return
		}
		v := recover()
		if v == nil {
			h.end(e, f.Words, errGoexit)
			return
		}
		p := &PanicError{Value: v, Stack: debug.Stack()}
		h.end(e, f.Words, p)
		panic(seenPanic{p})
	}()
	f.Ctx = now
	err = goSide(f)
	returned = true
	return err
}

// A seenPanic goes on as a panic after the hooks were told of it, with the stack
// of where it began.
type seenPanic struct{ *PanicError }
