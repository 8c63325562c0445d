package memory

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// ArgMin is the indexes, as int64, of the least elements along an axis, the
// first where there are several, that of a NaN where there is one. Without an
// axis it is the index in C's order of the least of all. KeepDims is as in
// [Array.Sum].
func (a Array) ArgMin(axis ...int) (Array, error) { return a.arg("argmin", Minimum, axis) }

// ArgMax is the indexes of the greatest elements. See [Array.ArgMin].
func (a Array) ArgMax(axis ...int) (Array, error) { return a.arg("argmax", Maximum, axis) }

func (a Array) arg(name string, op Op, axes []int) (Array, error) {
	fail := func(err error) (Array, error) { return Array{}, a.fail(name, err) }
	kind, err := a.number()
	if err != nil {
		return fail(err)
	}
	over := slices.DeleteFunc(slices.Clone(axes), func(i int) bool { return i == KeepDims })
	if err := a.checkAxes(over); err != nil {
		return fail(err)
	}
	if len(over) > 1 {
		return fail(fmt.Errorf("%w: axes %v; an index has one", ErrRange, over))
	}
	kept, n := slices.Clone(a.shape), a.Len()
	if len(over) == 1 {
		n = a.shape[over[0]]
		kept[over[0]] = 1
	} else {
		for i := range kept {
			kept[i] = 1
		}
	}
	if n == 0 {
		return fail(ErrEmpty)
	}
	out, err := newArray(a.space.ABI(), nil, dtype.Int64, kept, nil)
	if err != nil {
		return fail(err)
	}
	err = lend(name, 1, func(m []lent) error {
		wide := wideFormatOf(a)
		s := chooser{op: op, kind: kind, wide: wide, pick: pickLoop(wide, op, kind)}
		if kind.integer() && !kind.wide() || foldKernel(op, kind) != nil {
			s.fold = foldLoop(wide, op, kind)
		}
		if len(over) == 0 {
			s.all(&m[0], &m[1])
		} else {
			s.along(over[0], &m[0], &m[1])
		}
		return nil
	}, out, a)
	if err != nil {
		return fail(err)
	}
	if !slices.Contains(axes, KeepDims) {
		return out.without(reduced(a.shape, axes)), nil
	}
	return out, nil
}

// A chooser finds the place of the least or greatest element.
type chooser struct {
	op   Op
	kind numKind
	wide wideFormat
	pick func(src []byte) int // the place in contiguous memory
	fold fold                 // the best of the first and of all others, where it is fast

	pair   [64]byte // the best until now, then one to compare it with
	folded [64]byte
	any    bool
	last   bool // none can be better
	at     int64
}

// all chooses among all elements of src.
func (s *chooser) all(dst, src *lent) {
	last := len(src.shape) - 1
	if last < 0 {
		return
	}
	row, n := int64(0), int64(src.shape[last])
	eachIndex(src.shape[:last], src.strides[:last], func(_ []int, off int64) bool {
		s.row(src, off, last, row)
		row += n
		return !s.last
	})
	storeBytes(dst.mem[:8], false, uint64(s.at))
}

// along chooses along one axis.
func (s *chooser) along(axis int, dst, src *lent) {
	shape, strides := slices.Clone(src.shape), slices.Clone(src.strides)
	shape[axis] = 1
	place := 0
	eachIndex(shape, strides, func(_ []int, off int64) bool {
		s.any, s.last = false, false
		s.row(src, off, axis, 0)
		storeBytes(dst.mem[8*place:][:8], false, uint64(s.at))
		place++
		return true
	})
}

// row goes on with the elements along an axis, the first of which counts as
// number first.
func (s *chooser) row(src *lent, off int64, axis int, first int64) {
	p := plan{shape: []int{2}, strides: [][]int64{{src.strides[axis]}}, start: []int64{off}}
	x := newPort(&p, 0, src, s.wide, s.kind, false)
	defer x.close()
	size := int(numSizes[s.kind])
	chunk := block
	if !x.buffered() {
		chunk = max(block, stretch/size)
	}
	for done, n := 0, src.shape[axis]; done < n && !s.last; done += chunk {
		run := min(chunk, n-done)
		b := x.fetch(off+int64(done)*src.strides[axis], run)
		if s.any && s.noBetter(b) {
			continue
		}
		i := s.pick(b)
		best := b[i*size:][:size]
		pair := s.pair[:2*size]
		copy(pair[size:], best)
		if !s.any || s.pick(pair) == 1 {
			copy(pair, best)
			s.any, s.at = true, first+int64(done+i)
			s.last = s.kind == numBool && (best[0] != 0) == (s.op == Maximum)
		}
	}
}

// noBetter reports that none of contiguous elements is better than the best:
// with it before them, it is what they fold to. Floats that differ and are
// equal, the zeros, may go either way.
func (s *chooser) noBetter(b []byte) bool {
	if s.fold == nil {
		return false
	}
	best := s.pair[:numSizes[s.kind]]
	folded := s.folded[:len(best)]
	copy(folded, best)
	s.fold(folded, b)
	return bytes.Equal(folded, best)
}

// pickLoop is the place of the first least or greatest of contiguous elements.
func pickLoop(wide wideFormat, op Op, k numKind) func(src []byte) int {
	switch k {
	case numBool:
		return func(src []byte) int {
			for i, x := range src {
				if (x != 0) == (op == Maximum) {
					return i
				}
			}
			return 0
		}
	case numI8:
		return pickReal[int8](op)
	case numI16:
		return pickReal[int16](op)
	case numI32:
		return pickReal[int32](op)
	case numI64:
		return pickReal[int64](op)
	case numU8:
		return pickReal[uint8](op)
	case numU16:
		return pickReal[uint16](op)
	case numU32:
		return pickReal[uint32](op)
	case numU64:
		return pickReal[uint64](op)
	case numF32:
		return pickReal[float32](op)
	case numF64:
		return pickReal[float64](op)
	case numC64:
		return pickComplex[float32](op)
	case numC128:
		return pickComplex[float64](op)
	}
	size := int(numSizes[k])
	return func(src []byte) int {
		best, at := wide.load(src, k), 0
		for i := 1; (i+1)*size <= len(src); i++ {
			x := wide.load(src[i*size:], k)
			order, comparable := x.cmp(best)
			if _, known := best.cmp(best); !known {
				break
			}
			if !comparable || order < 0 && op == Minimum || order > 0 && op == Maximum {
				best, at = x, i
			}
		}
		return at
	}
}

func pickReal[T realNumber](op Op) func(src []byte) int {
	if op == Minimum {
		return func(src []byte) int {
			s, at := elems[T](src), 0
			best := s[0]
			for i, x := range s {
				if !(x >= best) {
					if best != best {
						return at
					}
					best, at = x, i
				}
			}
			return at
		}
	}
	return func(src []byte) int {
		s, at := elems[T](src), 0
		best := s[0]
		for i, x := range s {
			if !(x <= best) {
				if best != best {
					return at
				}
				best, at = x, i
			}
		}
		return at
	}
}

func pickComplex[P floating](op Op) func(src []byte) int {
	return func(src []byte) int {
		s, at := elems[P](src), 0
		for i := 2; i+1 < len(s); i += 2 {
			if !firstOf(op, s[2*at], s[2*at+1], s[i], s[i+1]) {
				at = i / 2
			}
		}
		return at
	}
}
