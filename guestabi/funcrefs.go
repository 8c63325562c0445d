package guestabi

// funcRefs are globals that stand for the ref.func of bodies, one for each
// function. Engines may make a reference that stays at each ref.func that is run,
// as wazero's compiler does, and a loop of them would take all memory.
type funcRefs struct {
	first uint32   // global
	funcs []uint32 // of the module as it came
	known map[uint32]uint32
}

// global is the index of the one that refers to a function.
func (r *funcRefs) global(f uint32) uint32 {
	i, ok := r.known[f]
	if !ok {
		if r.known == nil {
			r.known = map[uint32]uint32{}
		}
		i = r.first + uint32(len(r.funcs))
		r.known[f] = i
		r.funcs = append(r.funcs, f)
	}
	return i
}
