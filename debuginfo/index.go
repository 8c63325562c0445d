package debuginfo

import (
	"cmp"
	"debug/dwarf"
	"errors"
	"slices"
	"sort"
)

// An index finds the entries of functions, types and variables by name and
// functions by address. It is made in one walk over the units, which decodes
// only what stands at file scope.
type index struct {
	funcs    map[string]candidate
	vars     map[string]candidate
	typedefs map[string]int
	records  map[recordKey]recordEntry
	code     []codeSpan     // by low address
	data     map[uint64]int // variables by address
	todo     []*unit        // still to be walked
	plain    map[int]bool   // functions and variables of C++ that C can name
}

// A candidate is the best entry for a name so far.
type candidate struct {
	off  int
	rank rank
}

// A rank orders entries of one name: C may have a static function in one file
// and declare an external one of that name in another.
type rank uint8

const (
	rankDeclared rank = iota + 1 // declared only, or inlined everywhere
	rankStatic                   // defined, seen in its file only
	rankExternal                 // defined, seen everywhere
)

// recordKey is a tag with its keyword: tags of structs, unions and enums share
// no entry here even where C lets them share a name space.
type recordKey struct {
	kind dwarf.Tag
	tag  string
}

// recordKey is the key of a struct, union or enum. C knows a class as a struct.
func (e *entry) recordKey() recordKey {
	if e.tag == dwarf.TagClassType {
		return recordKey{dwarf.TagStructType, e.name}
	}
	return recordKey{e.tag, e.name}
}

// recordEntry is a complete struct, union or enum. Ambiguous means that the
// library has another of that name with another size.
type recordEntry struct {
	off       int
	size      uint64
	ambiguous bool
}

type codeSpan struct {
	span
	off int // the function's entry
}

// A concrete entry adds an address to what an earlier one declared.
type concrete struct {
	off, origin int
	tag         dwarf.Tag
}

// boolOrder orders false before true.
func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func buildIndex(d *dwarfData) *index {
	x := &index{
		funcs: map[string]candidate{}, vars: map[string]candidate{},
		typedefs: map[string]int{}, records: map[recordKey]recordEntry{},
		data: map[uint64]int{}, plain: map[int]bool{},
	}
	var later []concrete
	// Of a supplementary file only what the library imports is its own.
	x.todo = slices.DeleteFunc(slices.Clone(d.units), func(u *unit) bool { return u.supplement })
	// What a header says to C goes before what it says to C++.
	slices.SortStableFunc(x.todo, func(a, b *unit) int { return boolOrder(a.isCPP(), b.isCPP()) })
	for len(x.todo) > 0 {
		u := x.todo[0]
		x.todo = x.todo[1:]
		if !u.isC() && !u.isCPP() {
			continue
		}
		if off, ok := x.walk(u, &later); !ok {
			d.damage(off, errors.New("entry is damaged"))
		}
	}
	var e entry
	for _, c := range later {
		root, ok := d.origin(c.origin, &e)
		if !ok || root == c.off || e.unit.isCPP() && !x.plain[root] {
			continue // such as a member function
		}
		x.add(e.name, c, e.external)
	}
	slices.SortStableFunc(x.code, func(a, b codeSpan) int { return cmp.Compare(a.low, b.low) })
	return x
}

// walk indexes the entries at a unit's file scope. It gives the offset where
// it stopped and whether that is the unit's end.
func (x *index) walk(u *unit, later *[]concrete) (int, bool) {
	var e entry
	if !u.entry(u.first, &e) || !e.children {
		return u.first, e.end > 0
	}
	depth := 0 // of namespaces
	for off := e.end; off < u.end; {
		after, a, sibling, ok := u.skip(off)
		if !ok {
			return off, false
		}
		if a == nil {
			if depth--; depth < 0 {
				return off, true
			}
			off = after
			continue
		}
		switch a.tag {
		case dwarf.TagBaseType, dwarf.TagPointerType:
			u.hasTypes = true
		case dwarf.TagNamespace:
			if a.children { // C functions may be declared in one
				depth++
				off = after
				continue
			}
		case dwarf.TagImportedUnit:
			if !u.entry(off, &e) {
				return off, false
			}
			u.hasTypes = true // maybe there
			if to := u.data.unitAt(e.imports); to != nil && to.supplement && !to.imported {
				to.imported = true
				x.todo = append(x.todo, to)
			}
		case dwarf.TagSubprogram, dwarf.TagVariable, dwarf.TagTypedef,
			dwarf.TagStructType, dwarf.TagClassType, dwarf.TagUnionType, dwarf.TagEnumerationType:
			if !u.entry(off, &e) {
				return off, false
			}
			if depth == 0 || e.tag == dwarf.TagSubprogram || e.tag == dwarf.TagVariable {
				x.entry(&e, later)
			}
		}
		if a.children {
			if after, ok = u.skipChildren(after, sibling); !ok {
				return off, false
			}
		}
		off = after
	}
	return u.end, true
}

// entry indexes one entry at file scope.
func (x *index) entry(e *entry, later *[]concrete) {
	switch e.tag {
	case dwarf.TagTypedef:
		if _, ok := x.typedefs[e.name]; !ok && e.name != "" {
			x.typedefs[e.name] = e.off
		}
	case dwarf.TagStructType, dwarf.TagClassType, dwarf.TagUnionType, dwarf.TagEnumerationType:
		if e.name == "" || e.declaration {
			return
		}
		key := e.recordKey()
		r, ok := x.records[key]
		if !ok {
			x.records[key] = recordEntry{off: e.off, size: e.byteSize}
		} else if r.size != e.byteSize && !r.ambiguous {
			r.ambiguous = true
			x.records[key] = r
		}
	case dwarf.TagSubprogram:
		spans := e.spans()
		for _, s := range spans {
			x.code = append(x.code, codeSpan{s, e.off})
		}
		x.named(e, len(spans) > 0, later)
	case dwarf.TagVariable:
		addr, threadLocal := e.address()
		if _, ok := x.data[addr]; !ok && addr != 0 {
			x.data[addr] = e.off
		}
		x.named(e, addr != 0 || threadLocal, later)
	}
}

// named indexes a function or variable, which the library holds or only
// declares.
func (x *index) named(e *entry, held bool, later *[]concrete) {
	if e.unit.isCPP() && e.name != "" {
		if e.mangled {
			return
		}
		x.plain[e.off] = true
	}
	c := concrete{e.off, e.origin, e.tag}
	switch {
	case e.name == "" && e.origin > 0 && held:
		*later = append(*later, c)
	case e.name != "" && held:
		x.add(e.name, c, e.external)
	case e.name != "":
		x.offer(e.name, e.tag, candidate{e.off, rankDeclared})
	}
}

func (x *index) add(name string, c concrete, external bool) {
	r := rankStatic
	if external {
		r = rankExternal
	}
	x.offer(name, c.tag, candidate{c.off, r})
}

func (x *index) offer(name string, tag dwarf.Tag, c candidate) {
	m := x.funcs
	if tag == dwarf.TagVariable {
		m = x.vars
	}
	if name != "" && c.rank > m[name].rank {
		m[name] = c
	}
}

// origin follows an entry's abstract origin or specification to the entry that
// names it, and decodes that into e.
func (d *dwarfData) origin(off int, e *entry) (root int, ok bool) {
	for range 8 { // in-line instance → abstract instance → declaration
		u := d.unitAt(off)
		if u == nil || !u.entry(off, e) {
			return 0, false
		}
		if e.origin <= 0 {
			return off, true
		}
		off = e.origin
	}
	return 0, false
}

// entryAt is the entry of the function that begins at addr.
func (x *index) entryAt(addr uint64) (off int, ok bool) {
	i, ok := slices.BinarySearchFunc(x.code, addr, func(s codeSpan, addr uint64) int { return cmp.Compare(s.low, addr) })
	if !ok {
		return 0, false
	}
	return x.code[i].off, true
}

// funcAt is the entry of the function whose code holds addr. Spans of one
// file's functions do not overlap, but for functions folded into one.
func (x *index) funcAt(addr uint64) (off int, ok bool) {
	i := sort.Search(len(x.code), func(i int) bool { return x.code[i].low > addr })
	if i == 0 || addr >= x.code[i-1].high {
		return 0, false
	}
	return x.code[i-1].off, true
}
