package memory

import (
	"fmt"
	"math"
)

// A Span is a part of an axis, as start:stop:step in Python: negative bounds
// count from the end, bounds beyond the ends stop there.
type Span struct{ start, stop, step int }

// Open is a bound left out, as in a[:3] or a[::-1].
const Open = math.MinInt

var (
	// All is a whole axis.
	All = Range(Open, Open, 1)
	// Reverse is a whole axis from its end to its start.
	Reverse = Range(Open, Open, -1)
)

// Range is the span start:stop:step.
func Range(start, stop, step int) Span { return Span{start, stop, step} }

// resolve is the first index, the number of indexes and the step in an axis of
// n elements.
func (s Span) resolve(n int) (start, count, step int, err error) {
	first, last := 0, n // what bounds are limited to
	if s.step == 0 {
		return 0, 0, 0, fmt.Errorf("%w: step 0", ErrRange)
	}
	if s.step < 0 {
		first, last = -1, n-1
	}
	start, stop := first, last
	if s.step < 0 {
		start, stop = last, first
	}
	if s.start != Open {
		start = bound(s.start, n, first, last)
	}
	if s.stop != Open {
		stop = bound(s.stop, n, first, last)
	}
	switch {
	case s.step > 0 && start < stop:
		count = (stop-start-1)/s.step + 1
	case s.step < 0 && start > stop:
		// -s.step overflows for the least int only, where the count is 1
		count = (start-stop-1)/max(-s.step, 1) + 1
		if s.step == math.MinInt {
			count = 1
		}
	}
	return start, count, s.step, nil
}

func bound(i, n, first, last int) int {
	if i < 0 {
		i += n
	}
	return min(max(i, first), last)
}
