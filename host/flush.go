package host

import (
	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
)

var _ wasmffi.Flusher = (*Library)(nil)

// Flush calls the module's fflush(NULL), if it exports fflush: link with
// -Wl,--export-if-defined=fflush. A module without it is flushed by nobody but
// itself.
func (l *Library) Flush() error {
	if err := l.in.enter(nil); err != nil {
		return err
	}
	return l.in.leave(l.in.flush())
}

// flush does so inside a call that has been entered, and when the last one has
// ended.
func (in *instance) flush() error {
	if in.wasm == nil {
		return nil
	}
	flush := in.export("fflush", guestabi.FuncType{
		Params: []guestabi.ValueType{guestabi.I32}, Results: []guestabi.ValueType{guestabi.I32},
	})
	if flush == nil {
		return nil
	}
	_, err := flush.callRaw(0)
	return err
}
