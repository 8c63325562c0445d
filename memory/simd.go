package memory

// Loops over vectors of the processor's, where it has them. They take whole
// vectors; what is left is for the loop in Go that says what they compute, and
// that processors without them use. A kernel cannot be preempted: it gets a
// stretch at a time.
const (
	vector  = 32
	stretch = 16 << 10
)

// stretches calls f with the bounds of the whole vectors in n bytes and gives
// their end.
func stretches(n int, f func(from, to int)) int {
	n &^= vector - 1
	for from := 0; from < n; from += stretch {
		f(from, min(from+stretch, n))
	}
	return n
}

// inVectors is a loop whose elements in whole vectors are the kernel's.
func inVectors(kernel, loop loop2) loop2 {
	if kernel == nil {
		return loop
	}
	return func(dst, a, b []byte) {
		n := stretches(len(dst), func(i, j int) { kernel(dst[i:j], a[i:j], b[i:j]) })
		if n < len(dst) {
			loop(dst[n:], a[n:], b[n:])
		}
	}
}

// foldVectors is a fold, such as a minimum, whose order does not matter and
// which may take an element twice. The kernel combines vectors lane by lane;
// where it gives false, which it does over a NaN, the loop takes them instead.
func foldVectors(kernel func(acc, src []byte) bool, loop fold) fold {
	if kernel == nil {
		return loop
	}
	lanes := bytesOf(make([]uint64, vector/8))
	return func(acc, src []byte) {
		if len(src) < 2*vector {
			loop(acc, src)
			return
		}
		copy(lanes, src)
		n := stretches(len(src), func(i, j int) {
			if !kernel(lanes, src[i:j]) {
				loop(acc, src[i:j])
			}
		})
		loop(acc, lanes)
		loop(acc, src[n:])
	}
}
