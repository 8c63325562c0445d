package memory

// Overlap reports whether two slices have a byte of memory in common.
func Overlap(a, b []byte) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	x, y := bytesAddr(a), bytesAddr(b)
	return x < y+uint64(len(b)) && y < x+uint64(len(a))
}
