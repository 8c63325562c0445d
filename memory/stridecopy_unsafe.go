package memory

import "unsafe"

// copyEach copies n elements of T's size, ds and ss bytes apart, and reports
// whether it did: not if some are not aligned for T.
//
// unsafe.Pointer rule 3: the first and the last element are checked to lie in
// dst and src, and so do those between them, being evenly spaced; pointers to
// them keep the slices' memory alive. T has no Go pointers.
func copyEach[T uint16 | uint32 | uint64](dst []byte, d, ds int64, src []byte, s, ss int64, n int) bool {
	var x T
	size := int64(unsafe.Sizeof(x))
	last := int64(n - 1)
	_, _ = dst[d:d+size], dst[d+last*ds:][:size]
	_, _ = src[s:s+size], src[s+last*ss:][:size]
	to, from := unsafe.Pointer(&dst[d]), unsafe.Pointer(&src[s])
	if (uintptr(to)|uintptr(from)|uintptr(ds)|uintptr(ss))%unsafe.Alignof(x) != 0 {
		return false
	}
	i := 0
	for ; i+4 <= n; i += 4 {
		a := *(*T)(from)
		b := *(*T)(unsafe.Add(from, ss))
		c := *(*T)(unsafe.Add(from, 2*ss))
		e := *(*T)(unsafe.Add(from, 3*ss))
		*(*T)(to) = a
		*(*T)(unsafe.Add(to, ds)) = b
		*(*T)(unsafe.Add(to, 2*ds)) = c
		*(*T)(unsafe.Add(to, 3*ds)) = e
		if i+4 < n { // else the pointers would pass the end
			to, from = unsafe.Add(to, 4*ds), unsafe.Add(from, 4*ss)
		}
	}
	for ; i < n; i++ {
		*(*T)(to) = *(*T)(from)
		if i+1 < n {
			to, from = unsafe.Add(to, ds), unsafe.Add(from, ss)
		}
	}
	return true
}

// aligned reports whether b begins at a multiple of n.
func aligned(b []byte, n uintptr) bool { return uintptr(unsafe.Pointer(unsafe.SliceData(b)))%n == 0 }
