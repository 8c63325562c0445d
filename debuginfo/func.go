package debuginfo

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// A Func is a C function. It is shared and must not be changed.
type Func struct {
	// Name is what the source calls it; it may be exported under others.
	Name string
	// Type has the parameters' names.
	Type *dtype.Func
	// Addr is the function's first instruction; 0 if the library only
	// declares the function (an import) or its debug info has lost it.
	Addr uint64
	// File and Line are where the source has it; empty and 0 if unknown.
	File string
	Line int
	// External is false for a static function.
	External bool
}

// Func finds a function by name. An exported symbol resolves through its
// address: stat may be an alias of a function compiled as __stat64. Any other
// name is the debug info's; of several functions of that name an external one
// comes before a static one, and that before one which is only declared.
func (i *Info) Func(name string) (*Func, error) {
	if err := i.load(); err != nil {
		return nil, i.fail("func", name, err)
	}
	off, ok := 0, false
	if addr, exported := i.symbols.funcs[name]; exported {
		off, ok = i.index.entryAt(addr)
	}
	if !ok {
		c, known := i.index.funcs[name]
		if !known {
			return nil, i.fail("func", name, i.notFound())
		}
		off = c.off
	}
	f, err := i.funcEntry(off)
	if err != nil {
		return nil, i.fail("func", name, err)
	}
	return f, nil
}

// FuncAt finds the function whose code holds addr.
func (i *Info) FuncAt(addr uint64) (*Func, error) {
	if err := i.load(); err != nil {
		return nil, i.fail("func", hexAddr(addr), err)
	}
	off, ok := i.index.funcAt(addr)
	if !ok {
		return nil, i.fail("func", hexAddr(addr), i.notFound())
	}
	f, err := i.funcEntry(off)
	if err != nil {
		return nil, i.fail("func", hexAddr(addr), err)
	}
	return f, nil
}

// Funcs are the functions with code, by name. One whose type cannot be
// expressed has a nil Type and comes with the reason.
func (i *Info) Funcs() iter.Seq2[*Func, error] {
	return func(yield func(*Func, error) bool) {
		if err := i.load(); err != nil {
			yield(nil, i.fail("func", "", err))
			return
		}
		for _, name := range slices.Sorted(maps.Keys(i.index.funcs)) {
			c := i.index.funcs[name]
			if c.rank == rankDeclared {
				continue
			}
			f, err := i.funcEntry(c.off)
			if err != nil {
				f, err = &Func{Name: name, External: c.rank == rankExternal}, i.fail("func", name, err)
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// funcEntry decodes the function whose entry is at off.
func (i *Info) funcEntry(off int) (*Func, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if f := i.funcs[off]; f != nil {
		return f, nil
	}
	own, named, err := i.data.named(off)
	if err != nil {
		return nil, err
	}
	// The entry that names the function also has its parameters as written;
	// optimised instances may have lost some.
	t, err := i.decoder.funcType(named)
	if err != nil {
		return nil, err
	}
	f := &Func{
		Name: named.name, Type: t, External: named.external,
		File: i.file(named.unit, named.declFile), Line: int(named.declLine),
	}
	if spans := own.spans(); len(spans) > 0 {
		f.Addr = spans[0].low
	}
	i.funcs[off] = f
	return f, nil
}

// named decodes the entry at off, and the one that names the same thing if
// that is another.
func (d *dwarfData) named(off int) (own, named *entry, err error) {
	own, named = new(entry), new(entry)
	u := d.unitAt(off)
	if u == nil || !u.entry(off, own) {
		return nil, nil, fmt.Errorf("%w: entry at 0x%x", ErrMalformed, off)
	}
	if _, ok := d.origin(off, named); !ok {
		return nil, nil, fmt.Errorf("%w: entry at 0x%x refers to nothing", ErrMalformed, off)
	}
	return own, named, nil
}

// funcType is the type of the function that e names. A function that seems to
// have neither result nor parameters nor a prototype, in a unit without any
// type, is one whose type was not recorded.
func (d *decoder) funcType(e *entry) (*dtype.Func, error) {
	c, err := d.function(e, e.hasPrototype(), 0)
	d.finish()
	if err != nil {
		return nil, err
	}
	t := c.t.(*dtype.Func)
	if e.typ == 0 && len(t.Params()) == 0 && !e.hasPrototype() && !e.unit.hasTypes {
		return nil, fmt.Errorf("%w: compiled without types (-g1, -gline-tables-only)", ErrNotFound)
	}
	return t, nil
}
