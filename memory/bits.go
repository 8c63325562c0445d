package memory

// A bitRange is the place of a bit-field: the first bit, counted in the order
// in which the compiler gives bits out, and the number of bits. Bit 0 is the
// least significant bit of byte 0; in a big-endian record, where compilers give
// bits out from the other end, the most significant one.
type bitRange struct {
	first uint64
	n     uint8
}

// bytes are the first byte that has bits of the range, and how many have.
func (r bitRange) bytes() (first, n uint64) {
	return r.first / 8, (r.first%8 + uint64(r.n) + 7) / 8
}

// loadBits reads a bit-field as an unsigned number.
func loadBits(data []byte, r bitRange, big bool) uint64 {
	var w uint64
	r.pieces(big, func(i uint64, shift, n, at uint8) {
		w |= uint64(data[i]>>shift) & (1<<n - 1) << at
	})
	return w
}

// storeBits replaces a bit-field and no other bit.
func storeBits(data []byte, r bitRange, big bool, w uint64) {
	r.pieces(big, func(i uint64, shift, n, at uint8) {
		mask := byte((1<<n - 1) << shift)
		data[i] = data[i]&^mask | byte(w>>at)<<shift&mask
	})
}

// pieces splits the range at byte borders: n bits from bit shift of byte i up
// are the field's bits from bit at up.
func (r bitRange) pieces(big bool, f func(i uint64, shift, n, at uint8)) {
	for done := uint8(0); done < r.n; {
		bit := r.first + uint64(done)
		used := uint8(bit % 8)
		n := min(8-used, r.n-done)
		if big {
			f(bit/8, 8-used-n, n, r.n-done-n)
		} else {
			f(bit/8, used, n, done)
		}
		done += n
	}
}
