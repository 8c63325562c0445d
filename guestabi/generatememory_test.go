package guestabi

// address is an operand that mostly lies in memory.
func (g *generator) address() {
	if g.chance(70) {
		g.a.i32(int32(g.n(250) * pick(g, []int{256, 257})))
		return
	}
	g.value(I32, 2)
}

func (g *generator) store() {
	ops := storesOf()
	op := pick(g, ops)
	in := op.info()
	g.address()
	g.value(in.pops[1], 2)
	g.access(op, in)
}

func (g *generator) access(op opcode, in *opInfo) {
	align := uint32(in.align)
	if in.imm != immAtomic {
		align = uint32(g.n(int(in.align) + 1))
	}
	g.a.index(op, align)
	offset := g.n(20)
	if in.imm == immAtomic {
		offset &^= 7
	}
	g.a = appendU32(g.a, uint32(offset))
	if in.imm == immMemLane {
		g.a = append(g.a, byte(g.n(int(in.lanes))))
	}
}

func (g *generator) bulk() {
	table := g.n(len(g.tables))
	small := func() {
		if g.chance(90) {
			g.a.i32(int32(g.n(6)))
		} else {
			g.value(I32, 1)
		}
	}
	switch g.n(12) {
	case 0, 1:
		g.address()
		g.value(I32, 1)
		g.a.i32(int32(g.n(256) * 80))
		g.a.bulk(opMemoryFill)
	case 2, 3:
		g.address()
		g.address()
		g.a.i32(int32(g.n(256) * 80))
		g.a.bulk(opMemoryCopy)
	case 4:
		g.address()
		small()
		small()
		g.a.index(opMemoryInit, uint32(g.n(g.datas)))
		g.a = append(g.a, 0)
	case 5:
		g.a.index(opDataDrop, uint32(g.n(g.datas)))
	case 6:
		small()
		small()
		small()
		g.a.index(opTableInit, uint32(g.n(g.elems)))
		g.a = append(g.a, 0)
	case 7:
		g.a.index(opElemDrop, uint32(g.n(g.elems)))
	case 8:
		from := g.n(len(g.tables))
		if g.tables[from] != g.tables[table] {
			from = table
		}
		small()
		small()
		small()
		g.a.index(opTableCopy, uint32(table))
		g.a = appendU32(g.a, uint32(from))
	case 9:
		small()
		g.value(g.tables[table], 1)
		small()
		g.a.index(opTableFill, uint32(table))
	case 10:
		small()
		g.value(g.tables[table], 1)
		g.a.index(opTableSet, uint32(table))
	case 11:
		g.a.i32(int32(g.n(2))).op(opMemoryGrow)
		g.a = append(g.a, 0)
		g.a.op(opDrop)
	}
}
