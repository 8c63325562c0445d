package memory

// A fold adds the elements of src to the one in acc. Both are aligned and in
// the processor's byte order.
type fold func(acc, src []byte)

// foldLoop is how an operation combines many elements into one.
func foldLoop(wide wideFormat, op Op, k numKind) fold {
	return foldVectors(foldKernel(op, k), scalarFold(wide, op, k))
}

func scalarFold(wide wideFormat, op Op, k numKind) fold {
	switch k {
	case numI8:
		return foldInteger[int8](op)
	case numI16:
		return foldInteger[int16](op)
	case numI32:
		return foldInteger[int32](op)
	case numI64:
		return foldInteger[int64](op)
	case numU8:
		return foldInteger[uint8](op)
	case numU16:
		return foldInteger[uint16](op)
	case numU32:
		return foldInteger[uint32](op)
	case numU64:
		return foldInteger[uint64](op)
	case numF32:
		return foldFloat[float32](op)
	case numF64:
		return foldFloat[float64](op)
	case numC64:
		return foldComplex[float32](op)
	case numC128:
		return foldComplex[float64](op)
	case numBool:
		if op == Maximum || op == Minimum {
			return func(acc, src []byte) { acc[0] = foldTruth(op, acc[0], src) }
		}
	}
	return foldEach(arithmeticLoop(wide, op, k), int(numSizes[k]))
}

// foldTruth is whether any element is true, or all are.
func foldTruth(op Op, acc byte, src []byte) byte {
	for _, x := range src {
		if (x != 0) == (op == Maximum) {
			return b2u(op == Maximum)
		}
	}
	return b2u(acc != 0)
}

// foldEach takes one element after the other.
func foldEach(loop loop2, size int) fold {
	if loop == nil {
		return nil
	}
	return func(acc, src []byte) {
		for ; len(src) > 0; src = src[size:] {
			loop(acc, acc, src[:size])
		}
	}
}

func foldInteger[T integer](op Op) fold {
	switch op {
	case Add:
		return func(acc, src []byte) {
			s := elems[T](src)
			var t0, t1, t2, t3 T
			for ; len(s) >= 8; s = s[8:] {
				t0 += s[0] + s[4]
				t1 += s[1] + s[5]
				t2 += s[2] + s[6]
				t3 += s[3] + s[7]
			}
			for _, x := range s {
				t0 += x
			}
			elems[T](acc)[0] += t0 + t1 + t2 + t3
		}
	case Mul:
		return func(acc, src []byte) {
			t := elems[T](acc)
			p := t[0]
			for _, x := range elems[T](src) {
				p *= x
			}
			t[0] = p
		}
	case Minimum:
		return func(acc, src []byte) {
			t, s := elems[T](acc), elems[T](src)
			m0, m1, m2, m3 := t[0], t[0], t[0], t[0]
			for ; len(s) >= 4; s = s[4:] {
				m0, m1, m2, m3 = min(m0, s[0]), min(m1, s[1]), min(m2, s[2]), min(m3, s[3])
			}
			for _, x := range s {
				m0 = min(m0, x)
			}
			t[0] = min(m0, m1, m2, m3)
		}
	case Maximum:
		return func(acc, src []byte) {
			t, s := elems[T](acc), elems[T](src)
			m0, m1, m2, m3 := t[0], t[0], t[0], t[0]
			for ; len(s) >= 4; s = s[4:] {
				m0, m1, m2, m3 = max(m0, s[0]), max(m1, s[1]), max(m2, s[2]), max(m3, s[3])
			}
			for _, x := range s {
				m0 = max(m0, x)
			}
			t[0] = max(m0, m1, m2, m3)
		}
	}
	return nil
}

func foldFloat[T floating](op Op) fold {
	switch op {
	case Add:
		return func(acc, src []byte) { elems[T](acc)[0] += pairwise(elems[T](src)) }
	case Mul:
		return func(acc, src []byte) {
			t := elems[T](acc)
			p := t[0]
			for _, x := range elems[T](src) {
				p *= x
			}
			t[0] = p
		}
	case Minimum:
		return foldLeast[T]
	case Maximum:
		return foldMost[T]
	}
	return nil
}

// foldLeast and foldMost hardly ever take their branches, which NaNs take too.
func foldLeast[T floating](acc, src []byte) {
	t, s := elems[T](acc), elems[T](src)
	m0, m1, m2, m3 := t[0], t[0], t[0], t[0]
	for ; len(s) >= 4; s = s[4:] {
		x0, x1, x2, x3 := s[0], s[1], s[2], s[3]
		if !(x0 >= m0) {
			m0 = least(m0, x0)
		}
		if !(x1 >= m1) {
			m1 = least(m1, x1)
		}
		if !(x2 >= m2) {
			m2 = least(m2, x2)
		}
		if !(x3 >= m3) {
			m3 = least(m3, x3)
		}
	}
	for _, x := range s {
		m0 = least(m0, x)
	}
	t[0] = least(least(m0, m1), least(m2, m3))
}

func foldMost[T floating](acc, src []byte) {
	t, s := elems[T](acc), elems[T](src)
	m0, m1, m2, m3 := t[0], t[0], t[0], t[0]
	for ; len(s) >= 4; s = s[4:] {
		x0, x1, x2, x3 := s[0], s[1], s[2], s[3]
		if !(x0 <= m0) {
			m0 = most(m0, x0)
		}
		if !(x1 <= m1) {
			m1 = most(m1, x1)
		}
		if !(x2 <= m2) {
			m2 = most(m2, x2)
		}
		if !(x3 <= m3) {
			m3 = most(m3, x3)
		}
	}
	for _, x := range s {
		m0 = most(m0, x)
	}
	t[0] = most(most(m0, m1), most(m2, m3))
}

// pairwiseBlock is how many elements are added one to the other: rounding
// errors grow with the logarithm of the number of blocks.
const pairwiseBlock = 128

// pairwise adds halves of the elements, each made the same way, as NumPy does:
// the order of the additions, and so the result, is the same.
func pairwise[T floating](s []T) T {
	if len(s) < 8 {
		sum := T(0)
		for i, x := range s {
			if i == 0 {
				sum = x
				continue
			}
			sum += x
		}
		return sum
	}
	if len(s) <= pairwiseBlock {
		r0, r1, r2, r3, r4, r5, r6, r7 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
		for s = s[8:]; len(s) >= 16; s = s[16:] {
			r0 = r0 + s[0] + s[8]
			r1 = r1 + s[1] + s[9]
			r2 = r2 + s[2] + s[10]
			r3 = r3 + s[3] + s[11]
			r4 = r4 + s[4] + s[12]
			r5 = r5 + s[5] + s[13]
			r6 = r6 + s[6] + s[14]
			r7 = r7 + s[7] + s[15]
		}
		for ; len(s) >= 8; s = s[8:] {
			r0 += s[0]
			r1 += s[1]
			r2 += s[2]
			r3 += s[3]
			r4 += s[4]
			r5 += s[5]
			r6 += s[6]
			r7 += s[7]
		}
		sum := ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7))
		for _, x := range s {
			sum += x
		}
		return sum
	}
	half := len(s) / 2
	half -= half % 8
	return pairwise(s[:half]) + pairwise(s[half:])
}

// pairwiseComplex is pairwise of numbers whose parts alternate.
func pairwiseComplex[P floating](s []P) (re, im P) {
	if len(s) < 8 {
		for i := 0; i+1 < len(s); i += 2 {
			if i == 0 {
				re, im = s[0], s[1]
				continue
			}
			re += s[i]
			im += s[i+1]
		}
		return re, im
	}
	if len(s) <= pairwiseBlock {
		r0, r1, r2, r3, r4, r5, r6, r7 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
		for s = s[8:]; len(s) >= 8; s = s[8:] {
			r0 += s[0]
			r1 += s[1]
			r2 += s[2]
			r3 += s[3]
			r4 += s[4]
			r5 += s[5]
			r6 += s[6]
			r7 += s[7]
		}
		re, im = (r0+r2)+(r4+r6), (r1+r3)+(r5+r7)
		for ; len(s) >= 2; s = s[2:] {
			re += s[0]
			im += s[1]
		}
		return re, im
	}
	half := len(s) / 2
	half -= half % 8
	r, i := pairwiseComplex(s[:half])
	x, y := pairwiseComplex(s[half:])
	return r + x, i + y
}

func foldComplex[P floating](op Op) fold {
	if op == Add {
		return func(acc, src []byte) {
			t := elems[P](acc)
			re, im := pairwiseComplex(elems[P](src))
			t[0] += re
			t[1] += im
		}
	}
	return func(acc, src []byte) {
		t, s := elems[P](acc), elems[P](src)
		re, im := t[0], t[1]
		for ; len(s) >= 2; s = s[2:] {
			switch r, i := s[0], s[1]; {
			case op == Mul:
				re, im = P(re*r)-P(im*i), P(re*i)+P(im*r)
			case !firstOf(op, re, im, r, i):
				re, im = r, i
			}
		}
		t[0], t[1] = re, im
	}
}
