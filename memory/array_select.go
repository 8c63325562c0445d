package memory

import (
	"fmt"
	"slices"
)

// A Selector is one entry of a[…] in [Array.Select]: an index [I] or [Last], a
// [Span], [Ellipsis] or [NewAxis].
type Selector interface{ selects() int } // the number of axes it takes

// I is an index from 0. A negative one is an error, as everywhere in Go; see
// [Last] for counting from the end.
type I int

// Last is an index from the end: Last(1) is Python's a[-1].
type Last int

type (
	ellipsis struct{}
	newAxis  struct{}
)

var (
	// Ellipsis stands for All of the axes that no other selector takes, ... in
	// Python. Without one it is at the end.
	Ellipsis Selector = ellipsis{}
	// NewAxis makes an axis of one element, np.newaxis in Python.
	NewAxis Selector = newAxis{}
)

func (I) selects() int        { return 1 }
func (Last) selects() int     { return 1 }
func (Span) selects() int     { return 1 }
func (ellipsis) selects() int { return 0 }
func (newAxis) selects() int  { return 0 }

// Select is the subarray a[…] of Python's basic indexing:
//
//	a[2, ..., ::-1, None]   →   a.Select(I(2), Ellipsis, Reverse, NewAxis)
//	a[-1]                   →   a.Select(Last(1))
//
// With indexes alone [Array.Index] says the same, with spans alone
// [Array.Slice].
func (a Array) Select(selectors ...Selector) (Array, error) {
	taken, open := 0, -1
	for i, s := range selectors {
		switch {
		case s == nil:
			return Array{}, a.fail("select", fmt.Errorf("%w: selector %d is nil", ErrType, i))
		case s == Ellipsis && open >= 0:
			return Array{}, a.fail("select", fmt.Errorf("%w: two ellipses", ErrType))
		case s == Ellipsis:
			open = i
		}
		taken += s.selects()
	}
	if taken > len(a.shape) {
		return Array{}, a.fail("select", fmt.Errorf("%w: %d selectors for %d axes", ErrRange, taken, len(a.shape)))
	}
	rest := slices.Repeat([]Selector{All}, len(a.shape)-taken)
	if open < 0 {
		selectors = append(slices.Clone(selectors), rest...)
	} else {
		selectors = slices.Concat(selectors[:open], rest, selectors[open+1:])
	}
	b := a.derived()
	b.shape, b.strides = nil, nil
	axis := 0
	for _, s := range selectors {
		if s == NewAxis {
			b.shape, b.strides = append(b.shape, 1), append(b.strides, 0)
			continue
		}
		if err := b.take(a, axis, s); err != nil {
			return Array{}, a.fail("select", err)
		}
		axis++
	}
	return b, nil
}

// take applies the selector of one axis of a to b.
func (b *Array) take(a Array, axis int, s Selector) error {
	n, i := a.shape[axis], 0
	switch s := s.(type) {
	case Span:
		start, count, step, err := s.resolve(n)
		if err != nil {
			return err
		}
		stride := a.strides[axis]
		if count > 0 {
			b.addr += uint64(int64(start) * stride)
		}
		if count > 1 { // else the step may be beyond all bounds
			stride *= int64(step)
		}
		b.shape, b.strides = append(b.shape, count), append(b.strides, stride)
		return nil
	case I:
		i = int(s)
	case Last:
		if s < 1 || int(s) > n {
			return fmt.Errorf("%w: index %d from the end of axis %d with %d elements", ErrOutOfBounds, s, axis, n)
		}
		i = n - int(s)
	}
	if uint(i) >= uint(n) {
		return indexError(i, axis, a.shape)
	}
	b.addr += uint64(int64(i) * a.strides[axis])
	return nil
}
