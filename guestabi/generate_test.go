package guestabi

import (
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
