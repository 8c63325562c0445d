package debuginfo

import "debug/dwarf"

// An entry is a debugging information entry with the attributes that are of
// use here, decoded. It is large and reused while a unit is walked.
type entry struct {
	unit     *unit
	off      int // of the entry
	end      int // after its attributes, where children begin
	tag      dwarf.Tag
	children bool

	present attrSet
	name    string
	typ     int // offset of the type's entry, 0 is void
	origin  int // DW_AT_abstract_origin or DW_AT_specification
	full    int // the same type in a type unit
	sibling int
	imports int // DW_AT_import: another unit

	external, declaration, prototyped, bigEndian, vector bool
	mangled                                              bool // has a linkage name, as what C++ makes of a name
	split                                                bool // the unit's contents are in another file

	byteSize, bitSize, bitOffset, dataBitOffset uint64
	memberOffset                                uint64
	alignment, encoding                         uint64
	upperBound, count                           uint64
	constValue                                  uint64

	lowPC, highPC uint64 // highPC is absolute
	rangesKind    valueKind
	rangesAt      uint64
	location      []byte

	declFile, declLine             uint64
	callFile, callLine, callColumn uint64

	language, stmtList                     uint64
	compDir                                string
	strOffsetsBase, addrBase, rnglistsBase uint64
}

// attrSet tells which attributes an entry has, where 0 is no answer.
type attrSet uint16

const (
	hasByteSize attrSet = 1 << iota
	hasBitSize
	hasBitOffset
	hasDataBitOffset
	hasUpperBound
	hasCount
	hasConstValue
	hasLowPC
	hasRanges
	hasStmtList
	hasMemberOffset
	hasVariableSize // a size or bound that is computed at run time
)

// hasPrototype reports whether a function's parameters are all there are.
func (e *entry) hasPrototype() bool { return e.prototyped || e.unit.isCPP() }

func (e *entry) has(a attrSet) bool { return e.present&a != 0 }

// entry decodes the entry at off into e, reporting false if the unit is
// damaged there. The entry that ends a list of children has the tag 0.
func (u *unit) entry(off int, e *entry) bool {
	*e = entry{unit: u, off: off}
	if off < u.first || off >= u.end {
		return false
	}
	c := cursor{data: u.data.info[:u.end], pos: off}
	code := c.uleb()
	if code == 0 {
		e.end = c.pos
		return !c.bad
	}
	a := u.abbrevs.get(code)
	if a == nil {
		return false
	}
	e.tag, e.children = a.tag, a.children
	highIsOffset := false
	for _, s := range a.attrs {
		v := u.value(&c, s.form, s.value)
		if s.attr == dwarf.AttrHighpc {
			highIsOffset = v.kind == valueConst
		}
		e.set(s.attr, v)
	}
	if highIsOffset {
		e.highPC += e.lowPC
	}
	e.end = c.pos
	return !c.bad
}

// set takes one attribute over.
func (e *entry) set(a dwarf.Attr, v value) {
	switch a {
	case dwarf.AttrName:
		e.name = v.str
	case dwarf.AttrType:
		e.typ = e.reference(v)
	case dwarf.AttrAbstractOrigin, dwarf.AttrSpecification:
		e.origin = e.reference(v)
	case dwarf.AttrSignature:
		e.full = e.reference(v)
	case dwarf.AttrImport:
		e.imports = e.reference(v)
	case dwarf.AttrSibling:
		e.sibling = e.reference(v)
	case dwarf.AttrExternal:
		e.external = v.n != 0
	case dwarf.AttrLinkageName, attrMIPSLinkageName:
		e.mangled = true
	case dwarf.AttrDeclaration:
		e.declaration = v.n != 0
	case dwarf.AttrPrototyped:
		e.prototyped = v.n != 0
	case dwarf.AttrEndianity:
		e.bigEndian = v.n == 1 // DW_END_big
	case dwarf.AttrDwoName, attrGNUDwoName:
		e.split = true
	case attrGNUVector:
		e.vector = v.n != 0
	case dwarf.AttrByteSize:
		e.number(v, &e.byteSize, hasByteSize)
	case dwarf.AttrBitSize:
		e.number(v, &e.bitSize, hasBitSize)
	case dwarf.AttrBitOffset:
		e.number(v, &e.bitOffset, hasBitOffset)
	case dwarf.AttrDataBitOffset:
		e.number(v, &e.dataBitOffset, hasDataBitOffset)
	case dwarf.AttrDataMemberLoc:
		if v.kind == valueBlock {
			v = plusConst(v.block)
		}
		e.number(v, &e.memberOffset, hasMemberOffset)
	case dwarf.AttrAlignment:
		e.number(v, &e.alignment, 0)
	case dwarf.AttrEncoding:
		e.encoding = v.n
	case dwarf.AttrUpperBound:
		e.number(v, &e.upperBound, hasUpperBound)
	case dwarf.AttrCount:
		e.number(v, &e.count, hasCount)
	case dwarf.AttrConstValue:
		e.number(v, &e.constValue, hasConstValue)
	case dwarf.AttrLocation:
		e.location = v.block
	case dwarf.AttrDeclFile:
		e.declFile = v.n
	case dwarf.AttrDeclLine:
		e.declLine = v.n
	case dwarf.AttrCallFile:
		e.callFile = v.n
	case dwarf.AttrCallLine:
		e.callLine = v.n
	case dwarf.AttrCallColumn:
		e.callColumn = v.n
	case dwarf.AttrLowpc:
		e.lowPC = v.n
		e.present |= hasLowPC
	case dwarf.AttrHighpc:
		e.highPC = v.n
	case dwarf.AttrRanges:
		e.rangesKind, e.rangesAt = v.kind, v.n
		e.present |= hasRanges
	case dwarf.AttrStmtList:
		e.stmtList = v.n
		e.present |= hasStmtList
	case dwarf.AttrCompDir:
		e.compDir = v.str
	case dwarf.AttrLanguage:
		e.language = v.n
	case dwarf.AttrStrOffsetsBase:
		e.strOffsetsBase = v.n
	case dwarf.AttrAddrBase:
		e.addrBase = v.n
	case dwarf.AttrRnglistsBase:
		e.rnglistsBase = v.n
	}
}

// GNU's attributes that debug/dwarf has no names for.
const (
	attrGNUVector  dwarf.Attr = 0x2107 // an array type made by vector_size
	attrGNUDwoName dwarf.Attr = 0x2130 // split DWARF 4

	attrMIPSLinkageName dwarf.Attr = 0x2007 // before DWARF 4
)

// number takes a constant over; what is computed at run time (an expression,
// another entry) is noted as such.
func (e *entry) number(v value, to *uint64, has attrSet) {
	if v.kind != valueConst {
		e.present |= hasVariableSize
		return
	}
	*to = v.n
	e.present |= has
}

// Offsets of references that lead to no entry.
const (
	nowhere   = -1
	elsewhere = -2 // in a supplementary file, as dwz makes them
)

// reference is the offset of the entry that v refers to.
func (e *entry) reference(v value) int {
	switch v.kind {
	case valueRef:
		if v.n < uint64(len(e.unit.data.info)) {
			return int(v.n)
		}
	case valueSig:
		if off, ok := e.unit.data.sigs[v.n]; ok {
			return off
		}
	case valueAlt:
		return elsewhere
	}
	return nowhere
}

// plusConst is the constant of an expression that adds one to an address, the
// way older compilers give a member's offset.
func plusConst(expr []byte) value {
	const opPlusUconst = 0x23
	c := cursor{data: expr}
	if c.u8() == opPlusUconst {
		if n := c.uleb(); !c.bad && c.pos == len(expr) {
			return value{kind: valueConst, n: n}
		}
	}
	return value{}
}
