package debuginfo

import (
	"iter"
	"maps"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// A Var is a C variable at file scope. It is shared and must not be changed.
type Var struct {
	// Name is what the source calls it; it may be exported under others.
	Name string
	Type dtype.Type
	// Addr is the variable's address; 0 if the library only declares the
	// variable or keeps one for each thread.
	Addr uint64
	// File and Line are where the source has it; empty and 0 if unknown.
	File string
	Line int
	// External is false for a static variable.
	External bool
	// Const tells that C declares the variable const.
	Const bool
	// ThreadLocal tells that each thread has its own.
	ThreadLocal bool
}

// Var finds a variable at file scope by name. An exported symbol resolves
// through its address; of several variables of one name in the debug info an
// external one comes before a static one, and that before one which is only
// declared.
func (i *Info) Var(name string) (*Var, error) {
	if err := i.load(); err != nil {
		return nil, i.fail("var", name, err)
	}
	off, ok := 0, false
	if addr, exported := i.symbols.vars[name]; exported {
		off, ok = i.index.data[addr]
	}
	if !ok {
		c, known := i.index.vars[name]
		if !known {
			return nil, i.fail("var", name, i.notFound())
		}
		off = c.off
	}
	v, err := i.varEntry(off)
	if err != nil {
		return nil, i.fail("var", name, err)
	}
	return v, nil
}

// Vars are the variables that the library holds, by name. One whose type
// cannot be expressed has a nil Type and comes with the reason.
func (i *Info) Vars() iter.Seq2[*Var, error] {
	return func(yield func(*Var, error) bool) {
		if err := i.load(); err != nil {
			yield(nil, i.fail("var", "", err))
			return
		}
		for _, name := range slices.Sorted(maps.Keys(i.index.vars)) {
			c := i.index.vars[name]
			if c.rank == rankDeclared {
				continue
			}
			v, err := i.varEntry(c.off)
			if err != nil {
				v, err = &Var{Name: name, External: c.rank == rankExternal}, i.fail("var", name, err)
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// varEntry decodes the variable whose entry is at off.
func (i *Info) varEntry(off int) (*Var, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if v := i.vars[off]; v != nil {
		return v, nil
	}
	own, named, err := i.data.named(off)
	if err != nil {
		return nil, err
	}
	// The definition has the type in full: int a[] may be declared and int
	// a[4] be defined.
	typ := named.typ
	if own.typ != 0 {
		typ = own.typ
	}
	c, err := i.decoder.decode(typ, 0)
	i.decoder.finish()
	if err == nil && c.record != nil {
		err = c.record.err
	}
	if err != nil {
		return nil, err
	}
	v := &Var{
		Name: named.name, Type: c.t, Const: c.isConst, External: named.external,
		File: i.file(named.unit, named.declFile), Line: int(named.declLine),
	}
	v.Addr, v.ThreadLocal = own.address()
	i.vars[off] = v
	return v, nil
}

// Operations of location expressions: DWARF 5 section 7.7.1, and what GNU
// wrote before.
const (
	opAddr         = 0x03
	opAddrx        = 0xa1
	opFormTLS      = 0x9b
	opGNUPushTLS   = 0xe0
	opGNUAddrIndex = 0xfb
)

// address evaluates a variable's location, which is one fixed address or an
// offset in each thread's storage.
func (e *entry) address() (addr uint64, threadLocal bool) {
	if n := len(e.location); n > 0 && (e.location[n-1] == opFormTLS || e.location[n-1] == opGNUPushTLS) {
		return 0, true
	}
	c := cursor{data: e.location}
	switch c.u8() {
	case opAddr:
		addr = c.uint(uint64(e.unit.sizes.address))
	case opAddrx, opGNUAddrIndex:
		addr = e.unit.addrx(&c, c.uleb()).n
	}
	if c.bad || c.pos != len(c.data) || e.unit.removed(addr) {
		return 0, false
	}
	return addr, false
}
