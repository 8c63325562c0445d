package guestabi

import (
	"encoding/binary"
	"slices"
)

func (g *generator) constant(t ValueType) {
	v := GlobalValue{Type: t}
	switch g.n(4) {
	case 0:
	case 1:
		v.Lo = uint64(g.n(256))
	case 2:
		v.Lo, v.Hi = -uint64(g.n(256)), uint64(g.n(256))<<56
	case 3:
		var b [16]byte
		for i := range b {
			b[i] = byte(g.n(256))
		}
		v.Lo, v.Hi = binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])
	}
	v.init(&g.a)
}

// value pushes a value.
func (g *generator) value(t ValueType, depth int) {
	if g.size--; depth <= 0 || g.size < 0 {
		g.leaf(t)
		return
	}
	switch g.n(8) {
	case 0, 1:
		g.leaf(t)
	case 2:
		g.value(t, depth-1)
		g.value(t, depth-1)
		g.value(I32, depth-1)
		if t.IsRef() {
			g.a.op(opSelectTyped)
			g.a = append(g.a, 1, byte(t))
		} else {
			g.a.op(opSelect)
		}
	case 3:
		if fs := g.funcsOf(t); len(fs) > 0 && depth > 1 {
			f := pick(g, fs)
			g.values(g.typeOf(f).Params, 1)
			g.a.index(opCall, uint32(f))
			return
		}
		g.leaf(t)
	case 4:
		if is := g.indices(g.locals, func(i int) bool { return g.locals[i] == t && !slices.Contains(g.loops, uint32(i)) }); len(is) > 0 {
			g.value(t, depth-1)
			g.a.local(opLocalTee, pick(g, is))
			return
		}
		g.leaf(t)
	default:
		g.operation(t, depth)
	}
}

// funcsOf are the functions with one result, of type t.
func (g *generator) funcsOf(t ValueType) (fs []int) {
	for f := range len(g.imports) + len(g.funcs) {
		if slices.Equal(g.typeOf(f).Results, []ValueType{t}) {
			fs = append(fs, f)
		}
	}
	return fs
}

func (g *generator) leaf(t ValueType) {
	is := g.indices(g.locals, func(i int) bool { return g.locals[i] == t })
	gs := g.indices(make([]ValueType, len(g.globals)), func(i int) bool { return g.globals[i].Type == t })
	switch k := g.n(4); {
	case k == 0 && len(is) > 0, k == 1 && len(is) > 0:
		g.a.local(opLocalGet, pick(g, is))
	case k == 2 && len(gs) > 0:
		g.a.index(opGlobalGet, pick(g, gs))
	case t == FuncRef && k < 3:
		// Functions from the first export on are declared.
		g.a.index(opRefFunc, uint32(len(g.imports)+g.n(len(g.funcs))))
	default:
		g.constant(t)
	}
}

// operation pushes what an instruction of a random opcode computes.
func (g *generator) operation(t ValueType, depth int) {
	if t.IsRef() {
		for i, e := range g.tables {
			if e == t {
				g.a.i32(int32(g.n(9))).index(opTableGet, uint32(i))
				return
			}
		}
		g.leaf(t)
		return
	}
	if t == I32 && g.chance(10) {
		switch table := uint32(g.n(len(g.tables))); g.n(3) {
		case 0:
			g.value(pick(g, []ValueType{FuncRef, ExternRef}), 1)
			g.a.op(opRefIsNull)
		case 1:
			g.a.index(opTableSize, table)
		case 2:
			g.value(g.tables[table], 1)
			g.a.i32(int32(g.n(3))).index(opTableGrow, table)
		}
		return
	}
	op := pick(g, producers()[t])
	in := op.info()
	if in.imm == immMemArg || in.imm == immMemLane || in.imm == immAtomic {
		g.address()
		for _, p := range in.pops[1:in.npops] {
			g.value(p, depth-1)
		}
		g.access(op, in)
		return
	}
	for _, p := range in.pops[:in.npops] {
		g.value(p, depth-1)
	}
	g.a.op(op)
	switch in.imm {
	case immLane:
		g.a = append(g.a, byte(g.n(int(in.lanes))))
	case immShuffle:
		for range 16 {
			g.a = append(g.a, byte(g.n(32)))
		}
	case immMemory:
		g.a = append(g.a, 0)
	}
}
