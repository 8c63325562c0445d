package wasmffi

import "sync/atomic"

// An AuditEvent is something a program may want to watch or forbid.
type AuditEvent struct {
	Op      AuditOp
	Library string // as it is named by whoever opens it
	Symbol  string // for AuditLookup
	Addr    uint64 // for AuditCallAddr and AuditMemory
	Size    uint64 // bytes, for AuditMemory
}

// An AuditOp is the kind of an [AuditEvent].
type AuditOp string

const (
	AuditOpen     AuditOp = "open"      // a library is about to be opened
	AuditLookup   AuditOp = "lookup"    // a symbol is looked up
	AuditCallAddr AuditOp = "call addr" // a function is taken by its raw address
	AuditMemory   AuditOp = "memory"    // memory is viewed at a raw address
)

var auditHook atomic.Pointer[func(AuditEvent) error]

// SetAuditHook installs a function that sees every [AuditEvent] of the process
// before it takes effect; an error from it refuses the operation, with an
// error wrapping [ErrRefused] and the hook's. The hook may be called from
// several goroutines. Restore puts the previous hook back.
func SetAuditHook(hook func(AuditEvent) error) (restore func()) {
	var next *func(AuditEvent) error
	if hook != nil {
		next = &hook
	}
	old := auditHook.Swap(next)
	return func() { auditHook.Store(old) }
}

// Audit asks the hook about an event; backends call it for lookups and raw
// addresses. Without a hook it costs one atomic load.
func Audit(e AuditEvent) error {
	hook := auditHook.Load()
	if hook == nil {
		return nil
	}
	if err := (*hook)(e); err != nil {
		return &Error{Op: string(e.Op), Library: e.Library, Symbol: e.Symbol, Err: refused{err}}
	}
	return nil
}

// refused is the audit hook's error under ErrRefused.
type refused struct{ err error }

func (r refused) Error() string   { return "refused: " + r.err.Error() }
func (r refused) Unwrap() []error { return []error{ErrRefused, r.err} }
