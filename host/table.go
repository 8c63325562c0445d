package host

import (
	"fmt"
	"sync"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
	"github.com/wasmffi/wasmffi/memory"
)

// tables is what is known of the table that C's function pointers are indexes
// of: table 0, as its element segments set it up. C itself never changes it.
type tables struct {
	mu    sync.RWMutex
	funcs map[uint64]uint32 // function index by slot
	slots map[uint32]uint64 // the lowest slot of a function
}

// funcAt is the function in a slot.
func (t *tables) funcAt(slot uint64) (index uint32, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	index, ok = t.funcs[slot]
	return index, ok
}

// slotOf is the lowest slot that a function is in.
func (t *tables) slotOf(index uint32) (slot uint64, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	slot, ok = t.slots[index]
	return slot, ok
}

// put notes that a function has been appended.
func (t *tables) put(slot uint64, index uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.slots[index], t.funcs[slot] = slot, index
}

func (t *tables) init(in *instance) {
	t.mu.Lock() // a reset comes here too
	defer t.mu.Unlock()
	t.funcs, t.slots = map[uint64]uint32{}, map[uint32]uint64{}
	src := in.mod.res.Module
	for _, e := range src.Elements {
		if e.Mode != guestabi.Active || e.Table != 0 {
			continue
		}
		at, ok := in.mod.res.ConstI32(e.Offset)
		if !ok {
			continue
		}
		items := src.Bytes(e.Items)
		for i := uint64(0); i < uint64(e.Len); i++ {
			var f uint32
			var null bool
			if f, null, items, ok = nextElement(items, e.Exprs); !ok {
				break
			}
			slot := uint64(at) + i
			if null {
				continue
			}
			t.funcs[slot] = f
			if _, seen := t.slots[f]; !seen && slot != 0 {
				t.slots[f] = slot
			}
		}
	}
	in.mod.res.TableFuncs(func(slot, f uint32) {
		t.funcs[uint64(slot)] = f
		if _, seen := t.slots[f]; !seen {
			t.slots[f] = uint64(slot)
		}
	})
}

// nextElement reads one item of an element segment: a function index, or a
// constant expression that is "ref.func f" or "ref.null".
func nextElement(b []byte, expr bool) (f uint32, null bool, rest []byte, ok bool) {
	const refNull, refFunc, end = 0xd0, 0xd2, 0x0b
	if expr {
		if len(b) >= 3 && b[0] == refNull && b[2] == end {
			return 0, true, b[3:], true
		}
		if len(b) < 2 || b[0] != refFunc {
			return 0, false, nil, false
		}
		b = b[1:]
	}
	v, n := leb128(b)
	if n == 0 {
		return 0, false, nil, false
	}
	b = b[n:]
	if expr {
		if len(b) == 0 || b[0] != end {
			return 0, false, nil, false
		}
		b = b[1:]
	}
	return uint32(v), false, b, true
}

// leb128 reads a number of up to 32 bits, unsigned or the low bits of a signed
// one, and how many bytes it takes; 0 for a fault.
func leb128(b []byte) (v uint64, n int) {
	for n < min(len(b), 5) {
		v |= uint64(b[n]&0x7f) << (7 * n)
		n++
		if b[n-1]&0x80 == 0 {
			return v, n
		}
	}
	return 0, 0
}

// FuncAt is the function a C function pointer points to. Its name is that of
// the export or, for what is not exported, of the module's name section; it is
// empty for a callback.
func (l *Library) FuncAt(addr uint64) (wasmffi.Symbol, error) {
	in := l.in
	switch {
	case in.closed.Load():
		return wasmffi.Symbol{}, wasmffi.ErrClosed
	case addr == 0:
		return wasmffi.Symbol{}, memory.ErrNull
	case addr > 1<<32-1:
		return wasmffi.Symbol{}, fmt.Errorf("%w: function pointer %#x", memory.ErrOutOfBounds, addr)
	}
	sym := wasmffi.Symbol{Addr: addr}
	if f, ok := in.tables.funcAt(addr); ok {
		t, _ := in.mod.res.Module.FuncType(f)
		sym.Signature = signatureText(t)
		sym.Name = in.mod.exportedName(f)
		if sym.Name == "" {
			sym.Name = in.mod.res.Module.FuncName(f)
		}
		return sym, nil
	}
	if t, ok := in.pools.typeAt(addr); ok {
		sym.Signature = signatureText(t)
		return sym, nil
	}
	return wasmffi.Symbol{}, fmt.Errorf("%w: no function at %#x", wasmffi.ErrNotFound, addr)
}

// exportedName is the first name a function is exported by, or "".
func (m *module) exportedName(index uint32) string {
	for _, e := range m.res.Module.Exports {
		if e.Kind == guestabi.KindFunc && e.Index == index {
			return e.Name
		}
	}
	return ""
}
