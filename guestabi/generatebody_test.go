package guestabi

import "slices"

func (g *generator) typeOf(f int) FuncType {
	if f < len(g.imports) {
		return g.types[g.imports[f]]
	}
	return g.types[g.funcs[f-len(g.imports)]]
}

func (g *generator) body(i int) []byte {
	t := g.types[g.funcs[i]]
	g.self = len(g.imports) + i
	g.locals = slices.Clone(t.Params)
	for range g.n(5) {
		g.locals = append(g.locals, pick(g, allTypes))
	}
	g.a, g.labels, g.loops = nil, [][]ValueType{t.Results}, nil
	g.size = 3 + g.n(60)
	g.statements(2)
	g.values(t.Results, 3)
	g.a.op(opEnd)
	decls := appendU32(nil, uint32(len(g.locals)-len(t.Params)))
	for _, l := range g.locals[len(t.Params):] {
		decls = append(decls, 1, byte(l))
	}
	return append(decls, g.a...)
}

func (g *generator) values(ts []ValueType, depth int) {
	for _, t := range ts {
		g.value(t, depth)
	}
}

// statements leave the stack as it is.
func (g *generator) statements(depth int) {
	for range 1 + g.n(4) {
		if g.size--; g.size < 0 {
			return
		}
		g.statement(depth)
	}
}

func (g *generator) statement(depth int) {
	kinds := 14
	if depth <= 0 {
		kinds = 9
	}
	switch g.n(kinds) {
	case 0, 1:
		if is := g.indices(g.locals, func(i int) bool { return !slices.Contains(g.loops, uint32(i)) }); len(is) > 0 {
			i := pick(g, is)
			g.value(g.locals[i], 3)
			g.a.local(opLocalSet, i)
		}
	case 2:
		if is := g.indices(make([]ValueType, len(g.globals)), func(i int) bool { return g.globals[i].Mutable }); len(is) > 0 {
			i := pick(g, is)
			g.value(g.globals[i].Type, 3)
			g.a.index(opGlobalSet, i)
		}
	case 3:
		g.store()
	case 4:
		g.bulk()
	case 5:
		g.call(g.n(len(g.imports)+len(g.funcs)), opCall)
	case 6:
		g.callIndirect(opCallIndirect)
	case 7:
		g.branch()
	case 8:
		g.value(pick(g, allTypes), 2)
		g.a.op(opDrop)
	case 9, 10:
		g.block(depth)
	case 11, 12:
		g.loop(depth)
	case 13:
		g.tail()
	}
}

func (g *generator) indices(of []ValueType, ok func(i int) bool) (is []uint32) {
	for i := range of {
		if ok(i) {
			is = append(is, uint32(i))
		}
	}
	return is
}

// blockType appends the type of a block with results and no parameters.
func (g *generator) blockType(t FuncType) {
	switch {
	case len(t.Params) == 0 && len(t.Results) == 0:
		g.a = append(g.a, emptyBlock)
	case len(t.Params) == 0 && len(t.Results) == 1:
		g.a = append(g.a, byte(t.Results[0]))
	default:
		i := slices.IndexFunc(g.types, t.Equal)
		g.a = appendS64(g.a, int64(i))
	}
}

func (g *generator) block(depth int) {
	t := pick(g, g.types)
	g.values(t.Params, 1)
	isIf := g.chance(50)
	if isIf {
		g.value(I32, 2)
		g.a.op(opIf)
	} else {
		g.a.op(opBlock)
	}
	g.blockType(t)
	arm := func() {
		for range t.Params {
			g.a.op(opDrop)
		}
		g.labels = append(g.labels, t.Results)
		g.statements(depth - 1)
		g.values(t.Results, 1)
		g.labels = g.labels[:len(g.labels)-1]
	}
	arm()
	if isIf {
		g.a.op(opElse)
		arm()
	}
	g.a.op(opEnd)
	for range t.Results {
		g.a.op(opDrop)
	}
}

// loop makes a loop of a few rounds, with parameters at times; branches to it
// from inside may make it endless.
func (g *generator) loop(depth int) {
	t := pick(g, g.types)
	count := uint32(len(g.locals))
	g.locals = append(g.locals, I32)
	g.a.i32(int32(g.n(5))).local(opLocalSet, count)
	g.values(t.Params, 1)
	g.a.op(opLoop)
	g.blockType(t)
	for range t.Params {
		g.a.op(opDrop)
	}
	g.labels = append(g.labels, t.Params)
	g.loops = append(g.loops, count)
	g.statements(depth - 1)
	g.values(t.Params, 1)
	g.a.local(opLocalGet, count).i32(1).op(opI32Sub).local(opLocalTee, count)
	g.a.i32(0).op(0x4a).branch(opBrIf, 0) // i32.gt_s
	for range t.Params {
		g.a.op(opDrop)
	}
	g.values(t.Results, 1)
	g.loops = g.loops[:len(g.loops)-1]
	g.labels = g.labels[:len(g.labels)-1]
	g.a.op(opEnd)
	for range t.Results {
		g.a.op(opDrop)
	}
}

func (g *generator) branch() {
	l := g.n(len(g.labels))
	takes := g.labels[len(g.labels)-1-l]
	switch g.n(8) {
	case 0, 1, 2, 3:
		g.values(takes, 1)
		g.value(I32, 2)
		g.a.branch(opBrIf, uint32(l))
		for range takes {
			g.a.op(opDrop)
		}
	case 4, 5: // the code after it would not be reached, but for an if around
		g.value(I32, 1)
		g.a.op(opIf)
		g.a = append(g.a, emptyBlock)
		g.values(takes, 1)
		g.a.branch(opBr, uint32(l)+1).op(opEnd)
	case 6:
		g.value(I32, 1)
		g.a.op(opIf)
		g.a = append(g.a, emptyBlock)
		g.values(takes, 1)
		g.value(I32, 1)
		var to []uint32
		for i := range g.labels {
			if slices.Equal(g.labels[len(g.labels)-1-i], takes) {
				to = append(to, uint32(i)+1)
			}
		}
		n := g.n(4)
		g.a.index(opBrTable, uint32(n))
		for range n + 1 {
			g.a = appendU32(g.a, pick(g, to))
		}
		g.a.op(opEnd)
	case 7:
		g.value(I32, 1)
		g.a.op(opIf)
		g.a = append(g.a, emptyBlock)
		if g.chance(20) {
			g.a.op(opUnreachable)
		} else {
			g.values(g.labels[0], 1)
			g.a.op(opReturn)
		}
		g.a.op(opEnd)
	}
}

func (g *generator) call(f int, op opcode) {
	t := g.typeOf(f)
	g.values(t.Params, 1)
	g.a.index(op, uint32(f))
	if op == opCall {
		for range t.Results {
			g.a.op(opDrop)
		}
	}
}

func (g *generator) callIndirect(op opcode) {
	f := g.n(len(g.imports) + len(g.funcs))
	t := g.typeOf(f)
	i := slices.IndexFunc(g.types, t.Equal)
	if g.chance(20) {
		i = g.n(len(g.types))
	}
	t = g.types[i]
	g.values(t.Params, 1)
	g.a.i32(int32(g.n(10))).index(op, uint32(i))
	g.a = append(g.a, 0)
	if op == opCallIndirect {
		for range t.Results {
			g.a.op(opDrop)
		}
	}
}

// tail calls a function with this one's results, in an if.
func (g *generator) tail() {
	var fit []int
	for f := range len(g.imports) + len(g.funcs) {
		if slices.Equal(g.typeOf(f).Results, g.labels[0]) {
			fit = append(fit, f)
		}
	}
	g.value(I32, 1)
	g.a.op(opIf)
	g.a = append(g.a, emptyBlock)
	f := pick(g, fit) // itself, if no other
	if g.chance(50) {
		g.call(f, opReturnCall)
	} else {
		t := g.typeOf(f)
		g.values(t.Params, 1)
		g.a.i32(int32(g.n(10))).index(opReturnCallIndirect, uint32(slices.IndexFunc(g.types, t.Equal)))
		g.a = append(g.a, 0)
	}
	g.a.op(opEnd)
}
