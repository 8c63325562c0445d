package debuginfo

import "debug/dwarf"

// An abbrev is the shape that entries of one abbreviation code share: DWARF 5
// section 7.5.3.
type abbrev struct {
	tag      dwarf.Tag
	children bool
	attrs    []attrSpec
	// fixed is the size in bytes of all attributes, -1 if it differs from
	// entry to entry. It makes skipping an entry one addition.
	fixed int
}

type attrSpec struct {
	attr  dwarf.Attr
	form  form
	value int64 // of formImplicitConst
}

// An abbrevTable holds a unit's abbreviations by code. Compilers number them
// from 1; whatever is not in that order goes to sparse.
type abbrevTable struct {
	dense  []abbrev
	sparse map[uint64]*abbrev
}

func (t *abbrevTable) get(code uint64) *abbrev {
	if code-1 < uint64(len(t.dense)) {
		return &t.dense[code-1]
	}
	return t.sparse[code]
}

// parseAbbrevs reads the table at c, for units whose forms have the given
// sizes. Compilers write few attributes an entry; the cap keeps the cost of an
// entry bounded.
func parseAbbrevs(c *cursor, s formSizes) *abbrevTable {
	const maxAttrs = 1 << 10
	t := &abbrevTable{}
	var specs []attrSpec // of all entries: one allocation serves many
	for {
		code := c.uleb()
		if code == 0 || c.bad {
			return t
		}
		a := abbrev{tag: dwarf.Tag(c.uleb()), children: c.u8() != 0}
		first := len(specs)
		for {
			spec := attrSpec{attr: dwarf.Attr(c.uleb()), form: form(c.uleb())}
			if spec.form == formImplicitConst {
				spec.value = c.sleb()
			}
			if c.bad || len(specs)-first > maxAttrs {
				c.bad = true
				return t
			}
			if spec.attr == 0 && spec.form == 0 {
				break
			}
			specs = append(specs, spec)
			if n := s.of(spec.form); n < 0 {
				a.fixed = -1
			} else if a.fixed >= 0 {
				a.fixed += n
			}
		}
		a.attrs = specs[first:len(specs):len(specs)]
		if code == uint64(len(t.dense))+1 {
			t.dense = append(t.dense, a)
			continue
		}
		if t.sparse == nil {
			t.sparse = map[uint64]*abbrev{}
		}
		t.sparse[code] = &a
	}
}
