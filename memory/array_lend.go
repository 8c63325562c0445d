package memory

import (
	"fmt"
	"math"
	"slices"
)

// A lent is an array's memory, lent for the length of an operation.
type lent struct {
	mem     []byte // from the lowest byte of any element to the highest one
	at      int64  // where element 0, 0 … is
	shape   []int
	strides []int64
	kind    numKind // noNum for what is no number
	size    int     // of an element
	part    int     // of what has a byte order; 0 if nothing has
	big     bool
}

// lend gives f the arrays' memory. The first written ones may be stored to.
func lend(op string, written int, f func(m []lent) error, arrays ...Array) error {
	m := make([]lent, len(arrays))
	for i, a := range arrays {
		if a.space == nil {
			return a.fail(op, ErrNull)
		}
		if _, ro := a.space.(readOnlySpace); ro && i < written {
			return a.fail(op, ErrReadOnly)
		}
		if a.from.bits.n > 0 {
			return a.fail(op, fmt.Errorf("%w: bit-fields have no bytes of their own", ErrType))
		}
		if err := a.life.Acquire(); err != nil {
			return a.fail(op, err)
		}
		defer a.life.Release()
		var err error
		if m[i], err = a.lent(); err != nil {
			return a.fail(op, err)
		}
	}
	return f(m)
}

// lent needs a lease.
func (a Array) lent() (lent, error) {
	kind := numKindOf(a.space.ABI(), a.elem)
	m := lent{shape: a.shape, strides: a.strides, kind: kind, size: int(a.size), part: int(kind.part()), big: a.from.big}
	if a.Len() == 0 || a.size == 0 {
		return m, nil
	}
	if kind == noNum && hasByteOrder(a.elem) {
		m.part = partOf(a)
	}
	below, above, err := reach(a.shape, a.strides)
	if err != nil {
		return m, err
	}
	m.at = int64(below)
	m.mem, err = underlying(a.space).Bytes(a.addr-below, below+above+a.size)
	return m, err
}

// partOf is the size of the scalars of an array of arrays of them.
func partOf(a Array) int {
	v := View{space: a.space, typ: a.elem, from: a.from}
	if _, elem, err := dimensions(v); err == nil {
		return int(numKindOf(a.space.ABI(), elem).part())
	}
	return 0
}

// swapped reports whether the bytes are not in the processor's order.
func (m *lent) swapped() bool { return m.big && m.part > 1 }

// extent is where the elements' bytes are in this process.
func (m *lent) extent() extent {
	if len(m.mem) == 0 {
		return extent{}
	}
	start := bytesAddr(m.mem)
	return extent{start, start + uint64(len(m.mem))}
}

// apart gives m elements of its own if they overlap with those of dst other
// than element for element.
func (m *lent) apart(dst *lent) {
	e, d := m.extent(), dst.extent()
	if e.start >= d.end || d.start >= e.end {
		return
	}
	same := m.size == dst.size && e.start+uint64(m.at) == d.start+uint64(dst.at) && slices.Equal(m.shape, dst.shape)
	for i, n := range m.shape {
		same = same && (n == 1 || m.strides[i] == dst.strides[i])
	}
	if !same {
		m.pack()
	}
}

// pack copies the elements together in C's order; those that strides of 0
// repeat once.
func (m *lent) pack() {
	once := *m
	once.shape = slices.Clone(m.shape)
	for i, s := range m.strides {
		if s == 0 {
			once.shape[i] = min(once.shape[i], 1)
		}
	}
	n, _ := product(once.shape)
	packed := once
	packed.mem = alignedBytes(n * uint64(m.size))
	packed.at, packed.strides = 0, cStrides(once.shape, uint64(m.size))
	move(&packed, &once)
	for i, s := range m.strides {
		if s == 0 {
			packed.strides[i] = 0
		}
	}
	packed.shape = m.shape
	*m = packed
}

// move copies elements of one type between arrays of one shape that do not
// overlap. Byte orders may differ.
func move(dst, src *lent) {
	p := newPlan(dst.shape, dst.strides, src.strides)
	size := dst.size
	ds, ss := p.inner(0), p.inner(1)
	swap := dst.big != src.big && dst.part > 1
	p.each(maxRun, func(at []int64, n int) {
		d, s := dst.at+at[0], src.at+at[1]
		strideCopy(dst.mem, d, ds, src.mem, s, ss, n, size)
		if swap {
			swapStrided(dst.mem, d, ds, n, size, dst.part)
		}
	})
}

// maxRun is no limit on a run.
const maxRun = math.MaxInt
