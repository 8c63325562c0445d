package guestabi

import "strconv"

// Names of what the generated modules export and import.
const (
	PoolGrow     = "grow" // exported by [PoolModule]
	IndirectCall = "call" // exported by [CallIndirectModule]
)

// PoolModule generates a module that appends n host functions of type sig to a
// guest's table, which makes them C function pointers of that guest. In text:
//
//	(module
//	  (import "<host>" "0" (func (type $sig)))   ;; to "<n-1>"
//	  (import "<table.Module>" "<table.Name>" (table 0 funcref))
//	  (func (export "grow") (result i32) …))
//
// grow appends them, in order, and returns the index of the first, or -1 where
// the table has reached its maximum. It is to be called once. The functions are
// placed in the table themselves, not through wasm functions calling them. A
// table keeps alive every module that imported it, so a host wants few pools
// with many functions.
func PoolModule(sig FuncType, n uint32, table Name, host string) []byte {
	b := []byte(header)
	types := appendFuncType([]byte{2}, sig)
	types = appendFuncType(types, FuncType{Results: []ValueType{I32}})
	b = appendSection(b, SectionType, types)

	imports := appendU32(nil, n+1)
	for i := range n {
		imports = appendString(appendString(imports, host), strconv.FormatUint(uint64(i), 10))
		imports = append(imports, byte(KindFunc), 0)
	}
	b = appendSection(b, SectionImport, appendTableImport(imports, table))
	b = appendSection(b, SectionFunction, []byte{1, 1})
	b = appendSection(b, SectionExport, appendExport([]byte{1}, PoolGrow, KindFunc, n))

	elements := appendU32([]byte{1, 1, 0}, n) // one passive segment of functions
	for i := range n {
		elements = appendU32(elements, i)
	}
	b = appendSection(b, SectionElement, elements)

	const first = 0
	a := assembler{1, 1, byte(I32)}
	a.refNull().i32(int32(n)).index(opTableGrow, 0).local(opLocalTee, first)
	a.i32(-1).op(opI32Ne).block(opIf)
	a.locals(first).i32(0).i32(int32(n)).index(opTableInit, 0).op(0).index(opElemDrop, 0)
	a.op(opEnd).locals(first).op(opEnd)
	return appendSection(b, SectionCode, appendBytes([]byte{1}, a))
}

// CallIndirectModule generates a module that calls functions of type sig by
// their index in a guest's table, that is C function pointers. In text:
//
//	(module
//	  (import "<table.Module>" "<table.Name>" (table 0 funcref))
//	  (func (export "call") (param <sig's parameters> i32) (result <sig's results>)
//	    … (call_indirect (type $sig) …)))
//
// The index is call's last parameter. An index out of range, a null entry and
// a function of another type trap.
func CallIndirectModule(sig FuncType, table Name) []byte {
	b := []byte(header)
	call := FuncType{append(append([]ValueType(nil), sig.Params...), I32), sig.Results}
	b = appendSection(b, SectionType, appendFuncType(appendFuncType([]byte{2}, sig), call))
	b = appendSection(b, SectionImport, appendTableImport([]byte{1}, table))
	b = appendSection(b, SectionFunction, []byte{1, 1})
	b = appendSection(b, SectionExport, appendExport([]byte{1}, IndirectCall, KindFunc, 0))
	a := assembler{0}
	for i := range call.Params {
		a.local(opLocalGet, uint32(i))
	}
	a.index(opCallIndirect, 0).op(0).op(opEnd)
	return appendSection(b, SectionCode, appendBytes([]byte{1}, a))
}

// appendTableImport imports a table of any size.
func appendTableImport(b []byte, table Name) []byte {
	b = appendString(appendString(b, table.Module), table.Name)
	return appendTable(append(b, byte(KindTable)), Table{Elem: FuncRef})
}

func (a *assembler) refNull() *assembler {
	a.op(opRefNull)
	*a = append(*a, byte(FuncRef))
	return a
}
