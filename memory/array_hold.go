package memory

// Hold keeps the array's memory from ending until release is called: whoever
// frees or closes it meanwhile ends it for later accesses, but it stays mapped.
func (a Array) Hold() (release func(), err error) {
	if a.space == nil {
		return nil, a.fail("hold", ErrNull)
	}
	if err := a.life.Acquire(); err != nil {
		return nil, a.fail("hold", err)
	}
	return a.life.Release, nil
}

// Bounds are the lowest address of a byte of any element and the one behind the
// highest; both the same for an empty array.
func (a Array) Bounds() (low, high uint64) {
	below, above, err := reach(a.shape, a.strides)
	if a.Len() == 0 || err != nil {
		return a.addr, a.addr
	}
	return a.addr - below, a.addr + above + a.size
}

// In reports whether the array's bytes are in a space, be it for reading only.
func (a Array) In(s Space) bool { return a.space != nil && underlying(a.space) == underlying(s) }
