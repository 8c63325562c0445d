package guestabi

import "slices"

// ValueType is the type of a wasm value, encoded as in the binary format.
type ValueType byte

// The value types of WebAssembly 2.0.
const (
	I32       ValueType = 0x7f
	I64       ValueType = 0x7e
	F32       ValueType = 0x7d
	F64       ValueType = 0x7c
	V128      ValueType = 0x7b
	FuncRef   ValueType = 0x70
	ExternRef ValueType = 0x6f
)

// String returns the type's name in the text format.
func (t ValueType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	case anyType:
		return "any"
	}
	return "unknown"
}

// IsRef reports whether t is a reference type.
func (t ValueType) IsRef() bool { return t == FuncRef || t == ExternRef }

func (t ValueType) isNum() bool { return t >= F64 && t <= I32 }

func (t ValueType) valid() bool { return t.isNum() || t == V128 || t.IsRef() }

// FuncType is the type of a function.
type FuncType struct {
	Params, Results []ValueType
}

// String returns the type as in "(i32, i64) -> (f64)".
func (t FuncType) String() string {
	return typeList(t.Params) + " -> " + typeList(t.Results)
}

// Equal reports whether t and u have the same parameters and results.
func (t FuncType) Equal(u FuncType) bool {
	return slices.Equal(t.Params, u.Params) && slices.Equal(t.Results, u.Results)
}

func typeList(ts []ValueType) string {
	s := "("
	for i, t := range ts {
		if i > 0 {
			s += ", "
		}
		s += t.String()
	}
	return s + ")"
}

// Limits bound a memory, in pages of 64 KiB, or a table, in elements.
// Max means nothing unless HasMax is set. Shared memory is of the threads
// proposal.
type Limits struct {
	Min, Max uint32
	HasMax   bool
	Shared   bool
}

// Table is the type of a table.
type Table struct {
	Elem ValueType
	Limits
}

// GlobalType is the type of a global variable.
type GlobalType struct {
	Type    ValueType
	Mutable bool
}

// Global is a global variable the module defines.
type Global struct {
	GlobalType
	Init Span // constant expression, its end opcode included
}

// Kind tells what is imported or exported, encoded as in the binary format.
type Kind byte

// The kinds of imports and exports.
const (
	KindFunc   Kind = 0
	KindTable  Kind = 1
	KindMemory Kind = 2
	KindGlobal Kind = 3
)

// String returns the kind's name in the text format.
func (k Kind) String() string {
	switch k {
	case KindFunc:
		return "func"
	case KindTable:
		return "table"
	case KindMemory:
		return "memory"
	case KindGlobal:
		return "global"
	}
	return "unknown"
}

// Name is the two-level name of an import.
type Name struct {
	Module, Name string
}

// Import is one import. The field that belongs to Kind is set.
type Import struct {
	Name
	Kind   Kind
	Type   uint32 // of a function: index into Module.Types
	Table  Table
	Memory Limits
	Global GlobalType
}

// Export is one export.
type Export struct {
	Name  string
	Kind  Kind
	Index uint32 // in the index space of Kind, imports counted first
}

// SegmentMode tells when a segment is copied to its table or memory.
type SegmentMode byte

// The modes of a segment. Data segments are never declarative.
const (
	Active      SegmentMode = iota // when the module is instantiated
	Passive                        // by memory.init or table.init
	Declarative                    // never; it only declares functions for ref.func
)

// Element is an element segment.
type Element struct {
	Mode   SegmentMode
	Table  uint32
	Type   ValueType
	Offset Span // constant expression, active segments only
	Exprs  bool
	Items  Span   // the vector's items: function indices or, with Exprs, constant expressions
	Len    uint32 // number of items
}

// Data is a data segment.
type Data struct {
	Mode   SegmentMode
	Memory uint32
	Offset Span // constant expression, active segments only
	Init   Span
}

// Code is the body of a function the module defines.
type Code struct {
	Body   Span   // local declarations, instructions and the final end
	Instrs Span   // the part of Body after the local declarations
	Locals uint32 // number of declared locals, parameters not included
}

// Custom is a custom section.
type Custom struct {
	Name  string
	Data  Span // what follows the name
	After SectionID
}

// Span is a range of the module's bytes.
type Span struct {
	Offset, Len uint32
}

// End is the offset just after the span.
func (s Span) End() uint32 { return s.Offset + s.Len }

// SectionID numbers the sections of a module as the binary format does.
type SectionID byte

// The sections of WebAssembly 2.0.
const (
	SectionCustom SectionID = iota
	SectionType
	SectionImport
	SectionFunction
	SectionTable
	SectionMemory
	SectionGlobal
	SectionExport
	SectionStart
	SectionElement
	SectionCode
	SectionData
	SectionDataCount
)

var sectionNames = [...]string{"custom", "type", "import", "function", "table", "memory",
	"global", "export", "start", "element", "code", "data", "data count"}

// String returns the section's name in the specification.
func (id SectionID) String() string {
	if int(id) < len(sectionNames) {
		return sectionNames[id]
	}
	return "unknown"
}

// Module is a parsed module. Its spans are ranges of the bytes given to
// [Parse], which it keeps and which must not change. A Module is not altered
// after Parse, so that it may be read from several goroutines.
//
// A parsed module is well-formed. Whether indices and bodies are right is what
// [Validate] tells.
type Module struct {
	Types     []FuncType
	Imports   []Import
	Funcs     []uint32 // type index of each function the module defines
	Tables    []Table  // those the module defines, as Memories and Globals
	Memories  []Limits
	Globals   []Global
	Exports   []Export
	HasStart  bool
	Start     uint32
	Elements  []Element
	HasCount  bool   // a data count section is present
	DataCount uint32 // what that section says
	Codes     []Code // as many as Funcs
	Datas     []Data
	Customs   []Custom

	// CodeSection is the contents of the code section: offsets in debug
	// information count from its beginning.
	CodeSection Span

	bytes       []byte
	sections    [SectionDataCount + 1]Span // contents; Offset 0 where absent
	imported    [4]uint32                  // number of imports of each Kind
	importTypes []uint32                   // type index of each imported function
	names       Span                       // contents of the first name section
	funcNames   map[uint32]string
	globalNames map[uint32]string
}

// Bytes returns the bytes of a span. They must not be changed.
func (m *Module) Bytes(s Span) []byte { return m.bytes[s.Offset:s.End()] }

// Source returns the whole module as it was parsed. It must not be changed.
func (m *Module) Source() []byte { return m.bytes }

// Imported returns the number of imports of a kind, which is the index of the
// first thing of that kind the module itself defines.
func (m *Module) Imported(k Kind) uint32 {
	if int(k) >= len(m.imported) {
		return 0
	}
	return m.imported[k]
}

// FuncType returns the type of a function by its index, imports counted first.
func (m *Module) FuncType(index uint32) (FuncType, bool) {
	t, ok := m.funcTypeIndex(index)
	if !ok || uint64(t) >= uint64(len(m.Types)) {
		return FuncType{}, false
	}
	return m.Types[t], true
}

func (m *Module) funcTypeIndex(index uint32) (uint32, bool) {
	if uint64(index) < uint64(len(m.importTypes)) {
		return m.importTypes[index], true
	}
	index -= uint32(len(m.importTypes))
	if uint64(index) < uint64(len(m.Funcs)) {
		return m.Funcs[index], true
	}
	return 0, false
}

// FuncName returns the name the name section has for a function, or "".
func (m *Module) FuncName(index uint32) string { return m.funcNames[index] }

// GlobalName returns the name the name section has for a global, or "".
func (m *Module) GlobalName(index uint32) string { return m.globalNames[index] }

// Export returns the export of that name.
func (m *Module) Export(name string) (Export, bool) {
	for _, e := range m.Exports {
		if e.Name == name {
			return e, true
		}
	}
	return Export{}, false
}

// Custom returns the contents of the first custom section of that name, such
// as ".debug_info". They must not be changed.
func (m *Module) Custom(name string) ([]byte, bool) {
	for _, c := range m.Customs {
		if c.Name == name {
			return m.Bytes(c.Data), true
		}
	}
	return nil, false
}
