package memory

// A loop1 makes the elements of dst from those of src. Both are contiguous,
// aligned, in the processor's byte order and equally many.
type loop1 func(dst, src []byte)

type realNumber interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// castLoop is the conversion from one kind to another, as C's casts and NumPy
// have it; nil if the bytes are the same.
func castLoop(wide wideFormat, to, from numKind) loop1 {
	if from == to || from.integer() && to.integer() && numSizes[from] == numSizes[to] {
		return nil
	}
	if from.wide() || to.wide() {
		return func(dst, src []byte) { wide.cast(dst, to, src, from) }
	}
	switch from {
	case numBool:
		return castBool(to)
	case numI8:
		return castFrom[int8](to)
	case numI16:
		return castFrom[int16](to)
	case numI32:
		return castFrom[int32](to)
	case numI64:
		return castFrom[int64](to)
	case numU8:
		return castFrom[uint8](to)
	case numU16:
		return castFrom[uint16](to)
	case numU32:
		return castFrom[uint32](to)
	case numU64:
		return castFrom[uint64](to)
	case numF32:
		return castFrom[float32](to)
	case numF64:
		return castFrom[float64](to)
	case numC64:
		return castComplex[float32](to)
	}
	return castComplex[float64](to)
}

func castFrom[S realNumber](to numKind) loop1 {
	switch to {
	case numBool:
		return truth[S]
	case numI8:
		return castReal[int8, S]
	case numI16:
		return castReal[int16, S]
	case numI32:
		return castReal[int32, S]
	case numI64:
		return castReal[int64, S]
	case numU8:
		return castReal[uint8, S]
	case numU16:
		return castReal[uint16, S]
	case numU32:
		return castReal[uint32, S]
	case numU64:
		return castReal[uint64, S]
	case numF32:
		return castReal[float32, S]
	case numF64:
		return castReal[float64, S]
	case numC64:
		return realToComplex[float32, S]
	}
	return realToComplex[float64, S]
}

func castReal[D, S realNumber](dst, src []byte) {
	d, s := elems[D](dst), elems[S](src)
	s = s[:len(d)]
	i := 0
	for ; i+4 <= len(d); i += 4 {
		t, u := s[i:i+4:i+4], d[i:i+4:i+4]
		u[0], u[1], u[2], u[3] = D(t[0]), D(t[1]), D(t[2]), D(t[3])
	}
	for ; i < len(d); i++ {
		d[i] = D(s[i])
	}
}

func truth[S realNumber](dst, src []byte) {
	s := elems[S](src)
	for i, x := range s[:len(dst)] {
		dst[i] = b2u(x != 0)
	}
}

// b2u is what C's _Bool is in memory.
func b2u(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

func realToComplex[D float32 | float64, S realNumber](dst, src []byte) {
	d, s := elems[D](dst), elems[S](src)
	for i, x := range s {
		d[2*i], d[2*i+1] = D(x), 0
	}
}

// castBool is a cast from bool, any byte but 0 of which is true: C may leave
// one there.
func castBool(to numKind) loop1 {
	switch to {
	case numI8, numU8:
		return truth[uint8]
	case numI16, numU16:
		return boolTo[uint16]
	case numI32, numU32:
		return boolTo[uint32]
	case numI64, numU64:
		return boolTo[uint64]
	case numF32:
		return boolTo[float32]
	case numF64:
		return boolTo[float64]
	case numC64:
		return boolToComplex[float32]
	}
	return boolToComplex[float64]
}

func boolTo[D realNumber](dst, src []byte) {
	d := elems[D](dst)[:len(src)]
	for i, x := range src {
		d[i] = D(b2u(x != 0))
	}
}

func boolToComplex[P floating](dst, src []byte) {
	d := elems[P](dst)[:2*len(src)]
	for i, x := range src {
		d[2*i], d[2*i+1] = P(b2u(x != 0)), 0
	}
}

// castComplex is a cast from complex numbers with parts of type P. A real
// number is the real part, as in C.
func castComplex[P float32 | float64](to numKind) loop1 {
	if to.complex() {
		if to == numC64 {
			return castReal[float32, P]
		}
		return castReal[float64, P]
	}
	if to == numBool {
		return func(dst, src []byte) {
			s := elems[P](src)
			for i := range dst {
				dst[i] = b2u(s[2*i] != 0 || s[2*i+1] != 0)
			}
		}
	}
	c := castFrom[P](to)
	return func(dst, src []byte) {
		var buf [128]P
		s, size := elems[P](src), int(numSizes[to])
		for len(s) > 0 {
			n := min(len(s)/2, len(buf))
			for i := range buf[:n] {
				buf[i] = s[2*i]
			}
			c(dst[:n*size], bytesOf(buf[:n]))
			dst, s = dst[n*size:], s[2*n:]
		}
	}
}
