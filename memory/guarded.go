package memory

// A Guarder is a [Space] that can put memory between pages that cannot be
// accessed: see [ArenaOptions].
type Guarder interface {
	Space
	// AllocGuarded gives size zeroed bytes at a multiple of align, which end as
	// close before such a page as align allows. free gives them back, once; C's
	// free cannot. It returns an error wrapping ErrOutOfBounds if bytes around
	// them were written to.
	AllocGuarded(size, align uint64) (addr uint64, free func() error, err error)
}

// A FaultGuard is a [Space] whose bytes may fault when Go code uses them: they
// are read-only, or were unmapped by C.
type FaultGuard interface {
	Space
	// Guard runs f, which was lent the n bytes at addr, and makes an error
	// wrapping ErrOutOfBounds of a fault there. Other panics of f's go on.
	Guard(addr, n uint64, f func() error) error
}
