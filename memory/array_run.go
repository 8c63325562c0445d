package memory

import "sync"

// block is how many elements go through scratch memory at once: several
// operands' fit the first cache.
const block = 512

// A port is an operand's way between its memory and a loop, which wants
// elements of one kind, contiguous, aligned and in the processor's order.
type port struct {
	*lent
	stride int64 // along the innermost axis
	kind   numKind
	conv   loop1 // from memory's kind to the loop's, or back for a result
	direct bool  // the loop may work in memory itself

	raw, done []byte // scratch before and after conv
	filled    int    // elements in scratch that repeat one, at last
	last      int64  // which one
}

// newPort makes the port of operand i of a plan. A result is converted the
// other way.
func newPort(p *plan, i int, m *lent, wide wideFormat, kind numKind, result bool) port {
	x := port{lent: m, stride: p.inner(i), kind: kind, last: -1}
	if result {
		x.conv = castLoop(wide, m.kind, kind)
	} else {
		x.conv = castLoop(wide, kind, m.kind)
	}
	x.direct = x.inPlace(p, i)
	return x
}

// inPlace reports whether the memory is contiguous along the innermost axis,
// aligned, and in the processor's byte order.
func (x *port) inPlace(p *plan, i int) bool {
	if x.swapped() || len(x.mem) == 0 {
		return false
	}
	odd := bytesAddr(x.mem) + uint64(x.at+p.start[i])
	for _, s := range p.strides[i] {
		odd |= uint64(s)
	}
	if n := len(p.shape); n > 0 && x.stride != int64(x.size) {
		return false
	}
	return odd%uint64(min(x.part, 8)) == 0
}

// buffered reports whether runs must be cut into blocks.
func (x *port) buffered() bool { return !x.direct || x.conv != nil }

func (x *port) bytes(at int64, n int) []byte {
	at += x.at
	return x.mem[at : at+int64(n*x.size)]
}

// fetch is n elements from at on for a loop to read.
func (x *port) fetch(at int64, n int) []byte {
	want := n * int(numSizes[x.kind])
	if x.stride == 0 && x.last == at && n <= x.filled {
		if x.conv != nil {
			return x.done[:want]
		}
		return x.raw[:want]
	}
	var raw []byte
	if x.direct {
		raw = x.bytes(at, n)
	} else {
		if x.raw == nil {
			x.raw = scratchBlock()
		}
		raw = x.raw[:n*x.size]
		strideCopy(raw, 0, int64(x.size), x.mem, x.at+at, x.stride, n, x.size)
		if x.swapped() {
			swapBytes(raw, x.part)
		}
		x.last, x.filled = at, n
	}
	if x.conv == nil {
		return raw
	}
	if x.done == nil {
		x.done = scratchBlock()
	}
	x.conv(x.done[:want], raw)
	return x.done[:want]
}

// room is where a loop may put n elements, to be delivered.
func (x *port) room(at int64, n int) []byte {
	if x.direct && x.conv == nil {
		return x.bytes(at, n)
	}
	if x.done == nil {
		x.done = scratchBlock()
	}
	return x.done[:n*int(numSizes[x.kind])]
}

// deliver stores what a loop put into room.
func (x *port) deliver(at int64, n int, b []byte) {
	if x.direct && x.conv == nil {
		return
	}
	if x.direct {
		x.conv(x.bytes(at, n), b)
		return
	}
	if x.conv != nil {
		if x.raw == nil {
			x.raw = scratchBlock()
		}
		raw := x.raw[:n*x.size]
		x.conv(raw, b)
		b = raw
	}
	if x.swapped() {
		swapBytes(b, x.part)
	}
	strideCopy(x.mem, x.at+at, x.stride, b, 0, int64(x.size), n, x.size)
}

// close gives the scratch memory back.
func (x *port) close() {
	for _, b := range [][]byte{x.raw, x.done} {
		if b != nil {
			blocks.Put((*[]byte)(&b))
		}
	}
}

// blocks are scratch memory for block elements of any kind.
var blocks = sync.Pool{New: func() any {
	b := alignedBytes(block * 32)
	return &b
}}

func scratchBlock() []byte { return *blocks.Get().(*[]byte) }

// runBinary stores loop(a, b) in dst. All have one shape.
func runBinary(wide wideFormat, loop loop2, in, out numKind, dst, a, b *lent) {
	a.apart(dst)
	b.apart(dst)
	p := newPlan(dst.shape, dst.strides, a.strides, b.strides)
	d := newPort(p, 0, dst, wide, out, true)
	x := newPort(p, 1, a, wide, in, false)
	y := newPort(p, 2, b, wide, in, false)
	defer d.close()
	defer x.close()
	defer y.close()
	chunk := maxRun
	if d.buffered() || x.buffered() || y.buffered() {
		chunk = block
	}
	p.each(chunk, func(at []int64, n int) {
		to := d.room(at[0], n)
		loop(to, x.fetch(at[1], n), y.fetch(at[2], n))
		d.deliver(at[0], n, to)
	})
}

// runCast stores the converted elements of src in dst. Both have one shape.
func runCast(wide wideFormat, dst, src *lent) {
	src.apart(dst)
	conv := castLoop(wide, dst.kind, src.kind)
	if conv == nil {
		move(dst, src)
		return
	}
	p := newPlan(dst.shape, dst.strides, src.strides)
	d := newPort(p, 0, dst, wide, dst.kind, true)
	s := newPort(p, 1, src, wide, src.kind, false)
	defer d.close()
	defer s.close()
	chunk := maxRun
	if d.buffered() || s.buffered() {
		chunk = block
	}
	p.each(chunk, func(at []int64, n int) {
		to := d.room(at[0], n)
		conv(to, s.fetch(at[1], n))
		d.deliver(at[0], n, to)
	})
}

// runFold adds the elements of src to acc, which has the same shape and
// strides of 0 along the axes that are folded.
func runFold(wide wideFormat, op Op, acc, src *lent) {
	kind := acc.kind
	p := newPlan(src.shape, src.strides, acc.strides)
	fold, from := foldLoop(wide, op, kind), kind
	if sum := sumLoop(src.kind); sum != nil && op == Add && kind.integer() && p.inner(1) == 0 {
		fold, from = sum, src.kind
	}
	s := newPort(p, 0, src, wide, from, false)
	d := newPort(p, 1, acc, wide, kind, true)
	defer s.close()
	defer d.close()
	chunk := maxRun
	if s.buffered() {
		chunk = block
	}
	if p.inner(1) == 0 {
		p.each(chunk, func(at []int64, n int) {
			fold(acc.mem[acc.at+at[1]:][:acc.size], s.fetch(at[0], n))
		})
		return
	}
	t := newPort(p, 1, acc, wide, kind, false)
	defer t.close()
	if d.buffered() {
		chunk = block
	}
	loop := arithmeticLoop(wide, op, kind)
	p.each(chunk, func(at []int64, n int) {
		to := d.room(at[1], n)
		loop(to, t.fetch(at[1], n), s.fetch(at[0], n))
		d.deliver(at[1], n, to)
	})
}
