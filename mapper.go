package wasmffi

import "context"

// A Mapper is a Callable that can be called for many arguments, which lie in
// the library's memory, in one crossing. A Callable of scalars of one word each
// may be one; [Vectorize] is built on it.
type Mapper interface {
	Callable
	// Map makes the calls of m one after another: what a call stores the next
	// one may load. An error leaves the rest undone; how many calls were made
	// is then unknown. ctx bounds the whole in time; nil is no bound.
	//
	// The caller has checked that the operands lie in the library's memory and
	// keeps it there; only a sandbox checks it again.
	Map(ctx context.Context, m *Mapping) error
}

// A Mapping says where the operands of many calls are: Outer rounds of Inner
// calls each.
type Mapping struct {
	Inner, Outer uint64
	// Operands are the parameters in order, and the result unless it is void.
	Operands []MapOperand
}

// A MapOperand is a parameter or the result: a C scalar, in the library's byte
// order, aligned or not, at Addr + i*Inner + j*Outer for call i of round j.
type MapOperand struct {
	Addr         uint64
	Inner, Outer int64 // bytes
}

// At is the operand's address from call i of round j on.
func (o MapOperand) At(i, j uint64) uint64 {
	return o.Addr + i*uint64(o.Inner) + j*uint64(o.Outer)
}

// Part is the mapping of n calls from call i on, of rounds rounds from round j
// on, with its operands in dst, which has room for them.
func (m *Mapping) Part(dst []MapOperand, i, n, j, rounds uint64) Mapping {
	dst = append(dst[:0], m.Operands...)
	for k := range dst {
		dst[k].Addr = dst[k].At(i, j)
	}
	return Mapping{Inner: n, Outer: rounds, Operands: dst}
}

// Chunks calls f with the parts of m, in order, that have at most limit calls
// each: a backend makes them one crossing each, so as to look at the context in
// between.
func (m *Mapping) Chunks(limit uint64, f func(Mapping) error) error {
	if m.Inner == 0 || m.Outer == 0 {
		return nil
	}
	room := make([]MapOperand, 0, len(m.Operands))
	if m.Inner > limit {
		for j := range m.Outer {
			for i := uint64(0); i < m.Inner; i += limit {
				if err := f(m.Part(room, i, min(limit, m.Inner-i), j, 1)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	rounds := limit / m.Inner
	for j := uint64(0); j < m.Outer; j += rounds {
		if err := f(m.Part(room, 0, m.Inner, j, min(rounds, m.Outer-j))); err != nil {
			return err
		}
	}
	return nil
}
