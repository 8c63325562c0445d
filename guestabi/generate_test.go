package guestabi

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
)

// A generator makes random valid modules: memory, tables, globals, segments, and
// functions with everything the rewrite treats by itself. Its choices are bytes
// it is given, for a fuzzer to change, and then random ones.
type generator struct {
	choices []byte
	rand    *rand.Rand

	types        []FuncType
	imports      []uint32 // type of each imported function
	funcs        []uint32 // type of each function it defines
	globals      []GlobalType
	imported     int // globals
	tables       []ValueType
	datas, elems int

	// The body at hand.
	a      assembler
	locals []ValueType
	labels [][]ValueType // what a branch takes, innermost last
	size   int           // instructions that may follow
	self   int
	loops  []uint32 // locals that count the rounds of open loops
}

// Generate makes a valid module of choices, and of a seed for what these do not
// reach.
func Generate(choices []byte, seed uint64) []byte {
	g := generator{choices: choices, rand: rand.New(rand.NewPCG(seed, 0))}
	return g.module()
}

// GeneratedImports are the values of the globals a generated module imports, and
// a module "env" that provides all it imports: it has the functions of a module
// "host".
func GeneratedImports(m *Module) (globals []GlobalValue, provider []byte) {
	imports, exports, own := []byte(nil), []byte(nil), assembler(nil)
	nf, ng, ne := 0, 0, 0
	rest := []byte(nil)
	for _, im := range m.Imports {
		switch im.Kind {
		case KindFunc:
			imports = appendU32(append(appendString(appendString(imports, "host"), im.Name.Name), byte(KindFunc)), im.Type)
			exports = appendExport(exports, im.Name.Name, KindFunc, uint32(nf))
			nf++
		case KindGlobal:
			v := GlobalValue{Name: im.Name, Type: im.Global.Type, Lo: 0x40f0_0000_4049_0fdb + uint64(ng), Hi: 7}
			if v.Type.IsRef() {
				v.Lo, v.Hi = 0, 0
			}
			globals = append(globals, v)
			own = appendGlobalType(own, im.Global)
			v.init(&own)
			own.op(opEnd)
			exports = appendExport(exports, im.Name.Name, KindGlobal, uint32(ng))
			ng++
		case KindMemory:
			rest = appendSection(rest, SectionMemory, appendLimits([]byte{1}, im.Memory))
			exports = appendExport(exports, im.Name.Name, KindMemory, 0)
		case KindTable:
			rest = appendSection(rest[:0:0], SectionTable, appendTable([]byte{1}, im.Table))
			rest = appendSection(rest, SectionMemory, []byte{1, 1, 1, 4})
			exports = appendExport(exports, im.Name.Name, KindTable, 0)
		}
		ne++
	}
	provider = []byte(header)
	types := appendU32(nil, uint32(len(m.Types)))
	for _, t := range m.Types {
		types = appendFuncType(types, t)
	}
	provider = appendSection(provider, SectionType, types)
	provider = appendSection(provider, SectionImport, append(appendU32(nil, uint32(nf)), imports...))
	provider = append(provider, rest...)
	provider = appendSection(provider, SectionGlobal, append(appendU32(nil, uint32(ng)), own...))
	provider = appendSection(provider, SectionExport, append(appendU32(nil, uint32(ne)), exports...))
	return globals, provider
}

func (g *generator) n(below int) int {
	if len(g.choices) > 0 {
		c := g.choices[0]
		g.choices = g.choices[1:]
		return int(c) % below
	}
	return g.rand.IntN(below)
}

func (g *generator) chance(percent int) bool { return g.n(100) < percent }

func pick[T any](g *generator, of []T) T { return of[g.n(len(of))] }

var (
	numTypes = []ValueType{I32, I32, I32, I64, I64, F32, F64, V128}
	allTypes = append(slices.Clone(numTypes), FuncRef, ExternRef)
)

// module makes a module with exported functions f0, f1, … and memory "m".
func (g *generator) module() []byte {
	for range 2 + g.n(5) {
		t := FuncType{}
		for range g.n(4) {
			t.Params = append(t.Params, pick(g, allTypes))
		}
		for range g.n(3) {
			t.Results = append(t.Results, pick(g, allTypes))
		}
		g.types = append(g.types, t)
	}
	none := uint32(len(g.types))
	g.types = append(g.types, FuncType{})
	for range g.n(3) {
		g.imports = append(g.imports, uint32(g.n(len(g.types))))
	}
	for range 1 + g.n(5) {
		g.funcs = append(g.funcs, uint32(g.n(len(g.types))))
	}
	start := g.chance(20)
	if start {
		g.funcs = append(g.funcs, none)
	}
	g.imported = g.n(4)
	for range g.imported + g.n(5) {
		g.globals = append(g.globals, GlobalType{pick(g, allTypes), g.chance(70)})
	}
	g.tables = []ValueType{FuncRef}
	for range g.n(2) {
		g.tables = append(g.tables, pick(g, []ValueType{FuncRef, ExternRef}))
	}
	g.datas, g.elems = 1+g.n(3), 2+g.n(2)

	b := []byte(header)
	types := appendU32(nil, uint32(len(g.types)))
	for _, t := range g.types {
		types = appendFuncType(types, t)
	}
	b = appendSection(b, SectionType, types)
	b = g.importSection(b)
	funcs := appendU32(nil, uint32(len(g.funcs)))
	for _, t := range g.funcs {
		funcs = appendU32(funcs, t)
	}
	b = appendSection(b, SectionFunction, funcs)
	if g.importsMemory() {
		if n := len(g.tables) - 1; n > 0 {
			b = appendSection(b, SectionTable, g.appendTables([]byte{byte(n)}, 1))
		}
	} else {
		b = appendSection(b, SectionTable, g.appendTables([]byte{byte(len(g.tables))}, 0))
		b = appendSection(b, SectionMemory, []byte{1, 1, 1, 4})
	}
	b = g.globalSection(b)
	b = g.exportSection(b)
	if start {
		b = appendSection(b, SectionStart, appendU32(nil, uint32(len(g.imports)+len(g.funcs)-1)))
	}
	b = g.elementSection(b)
	b = appendSection(b, SectionDataCount, []byte{byte(g.datas)})
	code := appendU32(nil, uint32(len(g.funcs)))
	for i := range g.funcs {
		code = appendBytes(code, g.body(i))
	}
	b = appendSection(b, SectionCode, code)
	data := []byte{byte(g.datas)}
	for i := range g.datas {
		if i%2 == 0 {
			data = append(data, 1)
		} else {
			data = g.offset(append(data, 0), 0x10)
		}
		bytes := make([]byte, g.n(20))
		for i := range bytes {
			bytes[i] = byte(g.n(256))
		}
		data = appendBytes(data, bytes)
	}
	return appendSection(b, SectionData, data)
}

// importsMemory: a module with imported globals imports its memory and its first
// table too.
func (g *generator) importsMemory() bool { return g.imported > 0 }

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
