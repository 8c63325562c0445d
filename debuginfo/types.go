package debuginfo

import (
	"debug/dwarf"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// keywords are the C keywords before tags.
var keywords = map[string]dwarf.Tag{
	"struct": dwarf.TagStructType,
	"union":  dwarf.TagUnionType,
	"enum":   dwarf.TagEnumerationType,
}

// Type finds a type by its name in C: "struct point", "union u", "enum e" or a
// typedef's name. Where source files have different types of one name, it is
// that of the file linked first.
func (i *Info) Type(name string) (dtype.Type, error) {
	if err := i.load(); err != nil {
		return nil, i.fail("type", name, err)
	}
	off, ok := i.index.find(name)
	if !ok {
		return nil, i.fail("type", name, i.notFound())
	}
	t, err := i.typeEntry(off)
	if err != nil {
		return nil, i.fail("type", name, err)
	}
	return t, nil
}

// Types are the structs, unions and enums with a tag and the typedefs, by name.
// A type that cannot be expressed is nil and comes with the reason.
func (i *Info) Types() iter.Seq2[dtype.Type, error] {
	return func(yield func(dtype.Type, error) bool) {
		if err := i.load(); err != nil {
			yield(nil, i.fail("type", "", err))
			return
		}
		for _, name := range i.index.typeNames() {
			if !yield(i.Type(name)) {
				return
			}
		}
	}
}

func (i *Info) typeEntry(off int) (dtype.Type, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.decoder.typeAt(off)
}

// find is the entry of a type by its name in C.
func (x *index) find(name string) (off int, ok bool) {
	words := strings.Fields(name)
	switch len(words) {
	case 1:
		off, ok = x.typedefs[words[0]]
	case 2:
		var r recordEntry
		r, ok = x.records[recordKey{keywords[words[0]], words[1]}]
		off = r.off
	}
	return off, ok
}

// typeNames are the names that find knows, sorted.
func (x *index) typeNames() []string {
	names := slices.Collect(maps.Keys(x.typedefs))
	for word, tag := range keywords {
		for k := range x.records {
			if k.kind == tag {
				names = append(names, word+" "+k.tag)
			}
		}
	}
	slices.Sort(names)
	return names
}
