package memory

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// place puts blocks into the arena as an object of their own. The view is of the
// first one. Pointers into other memory among them keep targets alive.
func (a *Arena) place(t dtype.Type, blocks []Block, targets ...*Lifetime) (View, error) {
	o, err := a.newObject(t)
	if err != nil {
		return View{}, err
	}
	defer o.life.Release()
	o.size = uint64(len(blocks[0].Data))
	if o.addr, err = a.put(o.alloc, blocks, 0); err == nil && len(targets) > 0 {
		err = o.life.storePointers(o.addr, o.addr+o.size, targets, func() error { return nil })
	}
	if err != nil {
		_ = o.end()
		return View{}, asError("new", t, err)
	}
	return NewView(a.space, &o.life, o.addr, o.size, t)
}

// put gets memory for blocks by alloc, but for the first one if that has an
// address already, fills their pointers in and writes them. It returns the first
// one's address.
func (a *Arena) put(alloc func(size, align uint64) (uint64, error), blocks []Block, first uint64) (uint64, error) {
	addrs := make([]uint64, len(blocks))
	for _, g := range groupBlocks(blocks) {
		if first != 0 && g.blocks[0] == 0 {
			addrs[0] = first
			continue
		}
		pad := g.start % g.align // all keep the alignment they have in Go
		addr, err := alloc(g.end-g.start+pad, g.align)
		if err != nil {
			return 0, err
		}
		for _, i := range g.blocks {
			addrs[i] = addr + pad + bytesAddr(blocks[i].Data) - g.start
		}
	}
	if err := a.life.Acquire(); err != nil {
		return 0, &Error{Op: "new", Err: err}
	}
	defer a.life.Release()
	pointer := scalar{kind: pointerScalar, bits: uint8(8 * a.space.ABI().PointerSize())}
	for i, b := range blocks {
		for _, p := range b.Pointers {
			pointer.store(b.Data[p.Offset:], false, addrs[p.To])
		}
		if err := a.space.WriteAt(b.Data, addrs[i]); err != nil {
			return 0, err
		}
	}
	return addrs[0], nil
}

// A blockGroup is blocks whose data overlap in Go's memory: one object to C,
// too. Its extent is in Go's memory.
type blockGroup struct {
	extent
	align  uint64
	blocks []int
}

func groupBlocks(blocks []Block) []blockGroup {
	groups := make([]blockGroup, len(blocks))
	for i, b := range blocks {
		start := bytesAddr(b.Data)
		groups[i] = blockGroup{extent{start, start + uint64(len(b.Data))}, max(b.Align, 1), []int{i}}
	}
	slices.SortStableFunc(groups, func(a, b blockGroup) int { return cmp.Compare(a.start, b.start) })
	merged := groups[:0]
	for _, g := range groups {
		if n := len(merged); n > 0 && g.start < merged[n-1].end {
			last := &merged[n-1]
			last.end, last.align = max(last.end, g.end), max(last.align, g.align)
			last.blocks = append(last.blocks, g.blocks...)
		} else {
			merged = append(merged, g)
		}
	}
	// In the blocks' order, so that addresses do not depend on where Go's are.
	slices.SortFunc(merged, func(a, b blockGroup) int { return cmp.Compare(slices.Min(a.blocks), slices.Min(b.blocks)) })
	return merged
}

// sizeFor is the size an object of type t needs for a Go value: t's own, or
// more if it ends in a flexible array that v has elements for.
func sizeFor(abi *dtype.ABI, t dtype.Type, l *dtype.Layout, v reflect.Value) (uint64, error) {
	ms, err := membersOf(abi, t)
	if err != nil || ms == nil || len(ms.list) == 0 {
		return l.Size, err
	}
	last := ms.list[len(ms.list)-1]
	a, ok := dtype.Resolve(last.typ).(*dtype.Array)
	if !ok || !a.Flexible() {
		return l.Size, nil
	}
	elem, err := abi.Size(a.Elem())
	n := uint64(lengthOf(lastMember(v, last.name, len(ms.list))))
	return max(l.Size, last.offset+n*elem), err
}

// lastMember is what a Go value has for the last of n members, or nothing.
func lastMember(v reflect.Value, name string, n int) reflect.Value {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch {
	case !v.IsValid():
	case v.Type() == recordType:
		x, _ := v.Interface().(Record).Get(name)
		return reflect.ValueOf(x)
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		return v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key()))
	case v.Kind() == reflect.Slice && v.Len() == n:
		return v.Index(n - 1)
	case v.Kind() == reflect.Struct && v.NumField() > 0:
		return v.Field(v.NumField() - 1)
	}
	return reflect.Value{}
}

// lengthOf is the length of a slice, array or string, else 0.
func lengthOf(v reflect.Value) int {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array, reflect.String:
		return v.Len()
	}
	return 0
}
