package guestabi

// A dylink is what the dylink.0 section of a module says that was linked as a
// shared library (wasm-ld -shared): how much memory and table it wants, from
// where its host chooses. The form is in the tool-conventions repository,
// DynamicLinking.md; that of the section named dylink is an older one.
type dylink struct {
	memSize, tableSize   uint32 // bytes; elements
	memAlign, tableAlign uint32
	weak                 map[Name]bool // imports that may be missing
	flags                map[string]uint32
}

// Subsections and flags of dylink.0.
const (
	dylinkMem     = 1
	dylinkExports = 3
	dylinkImports = 4

	symbolWeak     = 0x01
	symbolTLS      = 0x100
	symbolAbsolute = 0x200

	maxAlign = 16 // as a power of two: a page
)

// dylink reads the section; ok is false where there is none that can be read.
func (m *Module) dylink() (d dylink, ok bool) {
	for _, c := range m.Customs {
		switch c.Name {
		case "dylink.0":
			eachSubsection(m.bytes, c.Data, func(id byte, r *reader) {
				switch id {
				case dylinkMem:
					ok = d.needs(r)
				case dylinkExports:
					d.exports(r)
				case dylinkImports:
					d.imports(r)
				}
			})
			return d, ok
		case "dylink":
			return d, d.needs(&reader{b: m.bytes, pos: int(c.Data.Offset), end: int(c.Data.End())})
		}
	}
	return d, false
}

func (d *dylink) needs(r *reader) bool {
	size, align := r.u32(), r.u32()
	elems, elemAlign := r.u32(), r.u32()
	if r.err != nil || align > maxAlign || elemAlign > maxAlign {
		return false
	}
	d.memSize, d.memAlign, d.tableSize, d.tableAlign = size, 1<<align, elems, 1<<elemAlign
	return true
}

func (d *dylink) exports(r *reader) {
	d.flags = map[string]uint32{}
	for range r.count("exports", 2) {
		name, flags := r.name(), r.u32()
		if r.err == nil {
			d.flags[name] = flags
		}
	}
}

func (d *dylink) imports(r *reader) {
	d.weak = map[Name]bool{}
	for range r.count("imports", 3) {
		name, flags := Name{r.name(), r.name()}, r.u32()
		if r.err == nil && flags&symbolWeak != 0 {
			d.weak[name] = true
		}
	}
}
