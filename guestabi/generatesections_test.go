package guestabi

func (g *generator) importSection(b []byte) []byte {
	n := len(g.imports) + g.imported
	var s []byte
	if g.importsMemory() {
		n += 2
		s = append(appendString(appendString(s, "env"), "m"), byte(KindMemory), 1, 1, 4)
	}
	for i, t := range g.imports {
		s = append(appendString(appendString(s, "env"), string(rune('a'+i))), byte(KindFunc))
		s = appendU32(s, t)
	}
	for i, t := range g.globals[:g.imported] {
		s = append(appendString(appendString(s, "env"), "g"+string(rune('0'+i))), byte(KindGlobal))
		s = appendGlobalType(s, t)
	}
	if g.importsMemory() {
		s = append(appendString(appendString(s, "env"), "t"), byte(KindTable), byte(FuncRef), 1, 8, 20)
	}
	if n == 0 {
		return b
	}
	return appendSection(b, SectionImport, append(appendU32(nil, uint32(n)), s...))
}

// appendTables appends tables from an index on. Each is as large as it can get:
// the rewrite lets tables grow further.
func (g *generator) appendTables(b []byte, from int) []byte {
	for _, t := range g.tables[from:] {
		b = append(b, byte(t), 1, 8, 20)
	}
	return b
}

func (g *generator) globalSection(b []byte) []byte {
	own := g.globals[g.imported:]
	if len(own) == 0 {
		return b
	}
	s := assembler{byte(len(own))}
	for _, t := range own {
		s = appendGlobalType(s, t)
		g.a = nil
		same := g.constants(t.Type, g.imported)
		switch {
		case len(same) > 0 && g.chance(50):
			g.a.index(opGlobalGet, pick(g, same))
		default:
			g.constant(t.Type)
		}
		if t.Type == I32 && g.chance(30) {
			g.constant(I32)
			g.a.op(pick(g, []opcode{opI32Add, opI32Sub, opI32Mul}))
		}
		s = append(s, *g.a.op(opEnd)...)
	}
	return appendSection(b, SectionGlobal, s)
}

// constants are the immutable globals of a type below an index.
func (g *generator) constants(t ValueType, below int) (is []uint32) {
	for i, gt := range g.globals[:below] {
		if gt == (GlobalType{t, false}) {
			is = append(is, uint32(i))
		}
	}
	return is
}

func (g *generator) exportSection(b []byte) []byte {
	n, s := 1, appendExport(nil, "m", KindMemory, 0)
	export := func(name string, k Kind, i int) {
		n++
		s = appendExport(s, name, k, uint32(i))
	}
	for i := range g.funcs {
		export("f"+string(rune('0'+i)), KindFunc, len(g.imports)+i)
	}
	for i := range g.globals {
		export("g"+string(rune('0'+i)), KindGlobal, i)
	}
	for i := range g.tables {
		export("t"+string(rune('0'+i)), KindTable, i)
	}
	return appendSection(b, SectionExport, append([]byte{byte(n)}, s...))
}

// elementSection has an active segment of functions for table 0, a passive one of
// indices, and then of expressions.
func (g *generator) elementSection(b []byte) []byte {
	s := []byte{byte(g.elems)}
	all := len(g.imports) + len(g.funcs)
	for i := range g.elems {
		n := 1 + g.n(6)
		switch {
		case i == 0:
			s = append(g.offset(append(s, 0), 1), byte(n))
		case i == 1:
			s = append(s, 1, 0, byte(n))
		default:
			s = append(s, 5, byte(FuncRef), byte(n))
		}
		for range n {
			switch {
			case i < 2:
				s = appendU32(s, uint32(g.n(all)))
			case g.chance(30):
				s = append(s, byte(opRefNull), byte(FuncRef), byte(opEnd))
			default:
				s = append(appendU32(append(s, byte(opRefFunc)), uint32(g.n(all))), byte(opEnd))
			}
		}
	}
	return appendSection(b, SectionElement, s)
}

// offset appends an offset: a constant, or an imported one, which mostly is out
// of range, or both.
func (g *generator) offset(b []byte, at int32) []byte {
	a := assembler(b)
	is := g.constants(I32, g.imported)
	switch {
	case len(is) == 0 || g.chance(80):
		a.i32(at)
	case g.chance(30):
		a.index(opGlobalGet, pick(g, is))
	default:
		i := pick(g, is)
		a.i32(at).index(opGlobalGet, i).index(opGlobalGet, i).op(opI32Sub).op(opI32Add)
	}
	return *a.op(opEnd)
}
