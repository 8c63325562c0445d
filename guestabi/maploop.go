package guestabi

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// MapCall is what a module of [MapModule] exports.
const MapCall = "map"

// MapModule generates a module that calls one function of a C signature of
// scalars for many arguments that lie in the guest's memory: the one that it
// imports, or, if fn is the zero name, any in the table. In text:
//
//	(module
//	  (import "<fn.Module>" "<fn.Name>" (func …)) ;; or the table
//	  (import "<table.Module>" "<table.Name>" (table 0 funcref))
//	  (import "<memory.Module>" "<memory.Name>" (memory 0))
//	  (func (export "map") (param $fn i32) (param $inner i32) (param $outer i32)
//	        (param i32 i32 i32) …  ;; for each operand: address, step, turn
//	    …))
//
// The operands are the parameters in order, and the result unless it is void. The
// function, in the table number fn, is called inner × outer times; after each call
// every operand's address grows by its step, and after each inner-th by its turn
// besides. Addresses wrap as all of wasm32's do. A signature that is not of scalars
// that take one wasm value each gives an error wrapping [dtype.ErrNotSupported].
func MapModule(sig *Signature, fn, table, memory Name) ([]byte, error) {
	operands := sig.Params
	hasResult := sig.Result.How != Nowhere
	if hasResult {
		operands = append(append([]Place(nil), operands...), sig.Result)
	}
	accesses := make([]access, len(operands))
	for i, p := range operands {
		ok := false
		if accesses[i], ok = accessOf(p); !ok || sig.Buffer != nil {
			return nil, fmt.Errorf("%w: %v is no scalar of one word", dtype.ErrNotSupported, p.Type)
		}
	}

	const slot, inner, outer, first = 0, 1, 2, 3
	direct := fn != Name{}
	addr := func(i int) uint32 { return uint32(first + 3*i) }
	entry := FuncType{Params: make([]ValueType, addr(len(operands)))}
	for i := range entry.Params {
		entry.Params[i] = I32
	}
	left := uint32(len(entry.Params)) // calls left in this round

	a := assembler{1, 1, byte(I32)}
	advance := func(by uint32) { // every address by its step (1) or turn (2)
		for i := range operands {
			a.locals(addr(i), addr(i)+by).op(opI32Add).local(opLocalSet, addr(i))
		}
	}
	countdown := func(l uint32) { // branch back while there are more
		a.locals(l).i32(1).op(opI32Sub).local(opLocalTee, l).branch(opBrIf, 0)
	}
	a.locals(inner).op(opI32Eqz).block(opIf).op(opReturn).op(opEnd)
	a.locals(outer).op(opI32Eqz).block(opIf).op(opReturn).op(opEnd)
	a.block(opLoop).locals(inner).local(opLocalSet, left)
	a.block(opLoop)
	if hasResult {
		a.locals(addr(len(operands) - 1)) // the store's address lies under the value
	}
	for i := range sig.Params {
		a.locals(addr(i)).access(accesses[i].load)
	}
	if direct {
		a.index(opCall, 0)
	} else {
		a.locals(slot).index(opCallIndirect, 0).op(0)
	}
	if hasResult {
		a.access(accesses[len(operands)-1].store)
	}
	advance(1)
	countdown(left)
	a.op(opEnd)
	advance(2)
	countdown(outer)
	a.op(opEnd).op(opEnd)

	b := []byte(header)
	b = appendSection(b, SectionType, appendFuncType(appendFuncType([]byte{2}, sig.Type), entry))
	imports, own := appendTableImport([]byte{2}, table), uint32(0)
	if direct {
		imports = appendString(appendString([]byte{2}, fn.Module), fn.Name)
		imports, own = append(imports, byte(KindFunc), 0), 1
	}
	imports = appendString(appendString(imports, memory.Module), memory.Name)
	b = appendSection(b, SectionImport, appendLimits(append(imports, byte(KindMemory)), Limits{}))
	b = appendSection(b, SectionFunction, []byte{1, 1})
	b = appendSection(b, SectionExport, appendExport([]byte{1}, MapCall, KindFunc, own))
	return appendSection(b, SectionCode, appendBytes([]byte{1}, a)), nil
}

// An access is how a scalar is read from memory and written to it.
type access struct{ load, store opcode }

// accessOf is the access to what a place holds, if that is one scalar of C's
// in one wasm value.
func accessOf(p Place) (access, bool) {
	if p.How != ByValue {
		return access{}, false
	}
	signed := false
	switch t := dtype.Resolve(p.Type).(type) {
	case *dtype.Int:
		signed = dtype.WASM32.Signed(t)
	case *dtype.Enum:
		signed = dtype.WASM32.Signed(t.Base())
	case *dtype.Bool, *dtype.Float, *dtype.Pointer:
	default:
		return access{}, false
	}
	switch {
	case p.Value == F64:
		return access{opF64Load, opF64Store}, true
	case p.Value == F32:
		return access{opF32Load, opF32Store}, true
	case p.Value == I64:
		return access{opI64Load, opI64Store}, true
	case p.Size == 4:
		return access{opI32Load, opI32Store}, true
	case p.Size == 2 && signed:
		return access{opI32Load16S, opI32Store16}, true
	case p.Size == 2:
		return access{opI32Load16U, opI32Store16}, true
	case p.Size == 1 && signed:
		return access{opI32Load8S, opI32Store8}, true
	case p.Size == 1:
		return access{opI32Load8U, opI32Store8}, true
	}
	return access{}, false
}

// access is a load or store at the address on the stack, however it is aligned.
func (a *assembler) access(op opcode) *assembler { return a.index(op, 0).op(0) }
