package host

import (
	"strconv"
	"strings"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// addArgs tells, in the frame of the function that Go called, what Go passed.
// words are the call's frame, or nil to take them from where the engine got them:
// so that calls which do not fault keep nothing for this.
func (c *callable) addArgs(fs []Frame, raw error, h *handle, words []uint64) {
	if c.proto == nil || len(fs) == 0 {
		return
	}
	outer, ok := c.in.outermost(raw)
	if !ok || !c.isFunc(outer) {
		return // beyond what the engine tells
	}
	if words == nil {
		words = c.passed(h)
	}
	fs[len(fs)-1].Args = harmless(wasmffi.FormatArgs(dtype.WASM32, c.described(), words))
}

// outermost is the function that Go called, if the engine's error tells it: not
// where there were more frames than it has room for.
func (in *instance) outermost(raw error) (index uint32, ok bool) {
	_, trace, _ := strings.Cut(raw.Error(), "\nwasm stack trace:\n\t")
	ps := places(trace)
	if len(ps) == 0 || strings.HasSuffix(trace, "... maybe followed by omitted frames") {
		return 0, false
	}
	return in.mod.res.OriginalFunc(ps[len(ps)-1].fn)
}

// isFunc reports whether a function of the module is the one that is called.
func (c *callable) isFunc(index uint32) bool {
	if c.slot >= 0 {
		f, ok := c.in.tables.funcAt(uint64(c.slot))
		return ok && f == index
	}
	e, ok := c.in.mod.res.Module.Export(c.name)
	return ok && e.Index == index
}

// passed are the words of parameters that are scalars, from the engine's values.
// The engine writes there only when a function returns.
func (c *callable) passed(h *handle) []uint64 {
	words := make([]uint64, c.shape.Words)
	for i, p := range c.sig.Params {
		words[i] = opFor(p).apply(h.stack[i])
	}
	return words
}

// described is the prototype with the names that the debug info has, and with
// its types where they have the same size: an enum's constants say more than a
// number.
func (c *callable) described() *dtype.Func {
	info, err := c.in.debugInfo()
	if err != nil {
		return c.proto
	}
	f, err := info.Func(c.name)
	if err != nil || f.Type == nil {
		return c.proto
	}
	params, known := append([]dtype.Param(nil), c.proto.Params()...), f.Type.Params()
	for i := range min(len(params), len(known)) {
		if params[i].Name == "" {
			params[i].Name = known[i].Name
		}
		if sameSize(params[i].Type, known[i].Type) {
			params[i].Type = known[i].Type
		}
	}
	sig, err := dtype.NewFunc(c.proto.Result(), params, false)
	if err != nil {
		return c.proto
	}
	return sig
}

func sameSize(a, b dtype.Type) bool {
	abi := dtype.WASM32
	n, err := abi.Size(a)
	m, err2 := abi.Size(b)
	return err == nil && err2 == nil && n == m && memory.IsScalar(abi, a) == memory.IsScalar(abi, b)
}

// harmless is text in which names may be of the module's making.
func harmless(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}
