package wasmffi

import "context"

// mapSlowly makes the calls of a mapping one by one, for what the backend has
// no loop for.
func (p *plan) mapSlowly(ctx context.Context, m *Mapping) error {
	words := make([]uint64, p.shape.Words)
	slots := p.shape.Params
	f := Frame{Words: words}
	for j := range m.Outer {
		for i := range m.Inner {
			clear(words)
			for k, s := range slots {
				if err := p.loadSlot(words, s, m.Operands[k].At(i, j)); err != nil {
					return err
				}
			}
			if err := p.enter(ctx, &f); err != nil {
				return err
			}
			if r := p.shape.Result; r.Words > 0 {
				if err := p.space().WriteAt(slotObject(r, words), m.Operands[len(slots)].At(i, j)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// loadSlot fills a slot with the C object at an address, extended as frames
// have it.
func (p *plan) loadSlot(words []uint64, s Slot, addr uint64) error {
	if err := p.space().ReadAt(slotObject(s, words), addr); err != nil {
		return err
	}
	if lo, _, ok := intRange(p.abi(), s.Type); ok && lo < 0 {
		shift := 64 - 8*s.Size
		words[s.First] = uint64(int64(words[s.First]<<shift) >> shift)
	}
	return nil
}
