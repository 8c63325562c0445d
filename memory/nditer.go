package memory

import "slices"

// A plan is the order in which an operation walks its operands, which have one
// shape: as memory lies, not as the axes are named. Axes of one element are
// left out, what is one axis in all operands is made one, and axes all of whose
// strides are negative are turned around.
type plan struct {
	shape   []int     // outermost first
	strides [][]int64 // of each operand
	start   []int64   // of each operand, in bytes from its element 0
	empty   bool
}

// newPlan plans a walk over operands of a shape. The axis that varies fastest
// is that of the smallest strides; where operands disagree C's order wins.
func newPlan(shape []int, strides ...[]int64) *plan {
	p := &plan{strides: make([][]int64, len(strides)), start: make([]int64, len(strides))}
	order := memoryOrder(shape, strides...)
	for _, axis := range slices.Backward(order) {
		n := shape[axis]
		if n == 0 {
			p.empty = true
		}
		if n <= 1 {
			continue
		}
		p.shape = append(p.shape, n)
		turn := true
		for _, s := range strides {
			turn = turn && s[axis] <= 0
		}
		for i, s := range strides {
			step := s[axis]
			if turn {
				p.start[i] += step * int64(n-1)
				step = -step
			}
			p.strides[i] = append(p.strides[i], step)
		}
	}
	p.coalesce()
	return p
}

// memoryOrder is the axes sorted by strides, fastest first.
func memoryOrder(shape []int, strides ...[]int64) []int {
	order := make([]int, len(shape))
	for i := range order {
		order[i] = len(shape) - 1 - i
	}
	for i := 1; i < len(order); i++ {
		axis, to := order[i], i
		for j := i - 1; j >= 0; j-- {
			known, faster := false, false
			for _, s := range strides {
				mine, other := magnitude(s[axis]), magnitude(s[order[j]])
				if mine == 0 || other == 0 || shape[axis] == 1 || shape[order[j]] == 1 {
					continue
				}
				if other <= mine {
					faster = false
				} else if !known {
					faster = true
				}
				known = true
			}
			if known && !faster {
				break
			}
			if known {
				to = j
			}
		}
		order = slices.Insert(slices.Delete(order, i, i+1), to, axis)
	}
	return order
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// coalesce makes one axis of two where each operand's outer stride is what the
// inner axis spans.
func (p *plan) coalesce() {
	for i := len(p.shape) - 2; i >= 0; i-- {
		one := true
		for _, s := range p.strides {
			one = one && s[i] == s[i+1]*int64(p.shape[i+1])
		}
		if !one {
			continue
		}
		p.shape[i] *= p.shape[i+1]
		p.shape = slices.Delete(p.shape, i+1, i+2)
		for k, s := range p.strides {
			s[i] = s[i+1]
			p.strides[k] = slices.Delete(s, i+1, i+2)
		}
	}
}

// inner is an operand's stride along the innermost axis.
func (p *plan) inner(i int) int64 {
	if len(p.shape) == 0 {
		return 0
	}
	return p.strides[i][len(p.shape)-1]
}

// tile is how many elements of the innermost axis are walked together with the
// axis around it where one operand jumps from cache line to cache line: their
// lines stay cached until the outer axis has used all of each.
const (
	tile      = 256
	cacheLine = 64
)

// tiled reports whether an operand is slow along the innermost axis and
// faster along the one around it.
func (p *plan) tiled() bool {
	n := len(p.shape)
	if n < 2 {
		return false
	}
	for _, s := range p.strides {
		if in := magnitude(s[n-1]); in >= cacheLine && magnitude(s[n-2]) < in && s[n-2] != 0 {
			return true
		}
	}
	return false
}

// each calls f with every operand's offset and the number of elements of a run
// along the innermost axis, at most chunk.
func (p *plan) each(chunk int, f func(at []int64, n int)) {
	if p.empty {
		return
	}
	at := slices.Clone(p.start)
	if len(p.shape) == 0 {
		f(at, 1)
		return
	}
	last := len(p.shape) - 1
	outer, rows := p.shape[:last], 1
	isTiled := p.tiled()
	if isTiled {
		chunk = min(chunk, tile)
		rows = p.shape[last-1]
		outer = p.shape[:last-1]
	}
	index := make([]int, len(outer))
	run := make([]int64, len(at))
	for {
		for done := 0; done < p.shape[last]; done += chunk {
			n := min(chunk, p.shape[last]-done)
			for i := range run {
				run[i] = at[i] + int64(done)*p.strides[i][last]
			}
			f(run, n)
			for range rows - 1 {
				for i := range run {
					run[i] += p.strides[i][last-1]
				}
				f(run, n)
			}
		}
		axis := len(outer) - 1
		for ; axis >= 0; axis-- {
			index[axis]++
			for i := range at {
				at[i] += p.strides[i][axis]
			}
			if index[axis] < outer[axis] {
				break
			}
			for i := range at {
				at[i] -= int64(outer[axis]) * p.strides[i][axis]
			}
			index[axis] = 0
		}
		if axis < 0 {
			return
		}
	}
}
