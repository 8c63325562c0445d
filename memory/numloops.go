package memory

// A loop2 makes the elements of dst from those of a and b, which are all
// contiguous, aligned, in the processor's byte order and equally many.
type loop2 func(dst, a, b []byte)

type integer interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64
}

type floating interface{ float32 | float64 }

// arithmeticLoop is an operation on two elements of one kind whose result is
// of that kind; nil if there is none.
func arithmeticLoop(wide wideFormat, op Op, k numKind) loop2 {
	return inVectors(binaryKernel(op, k), scalarLoop(wide, op, k))
}

func scalarLoop(wide wideFormat, op Op, k numKind) loop2 {
	if loop := narrowLoop(op, k); loop != nil {
		return loop
	}
	switch k {
	case numBool:
		return boolLoop(op)
	case numI8:
		return integerLoop[int8](op)
	case numI16:
		return integerLoop[int16](op)
	case numI32:
		return integerLoop[int32](op)
	case numI64:
		return integerLoop[int64](op)
	case numU8:
		return integerLoop[uint8](op)
	case numU16:
		return integerLoop[uint16](op)
	case numU32:
		return integerLoop[uint32](op)
	case numU64:
		return integerLoop[uint64](op)
	case numF32:
		return floatLoop[float32](op)
	case numF64:
		return floatLoop[float64](op)
	case numC64:
		return complexLoop[float32](op)
	case numC128:
		return complexLoop[float64](op)
	case numCLong:
		return nil
	}
	if k != numLong && op == Div {
		return nil
	}
	return wide.arithmetic(op, k)
}

func integerLoop[T integer](op Op) loop2 {
	switch op {
	case Add:
		return addLoop[T]
	case Sub:
		return subLoop[T]
	case Mul:
		return mulLoop[T]
	case Minimum:
		return func(dst, a, b []byte) {
			d, x, y := operands[T](dst, a, b)
			for i := range d {
				d[i] = min(x[i], y[i])
			}
		}
	case Maximum:
		return func(dst, a, b []byte) {
			d, x, y := operands[T](dst, a, b)
			for i := range d {
				d[i] = max(x[i], y[i])
			}
		}
	}
	return nil
}

func floatLoop[T floating](op Op) loop2 {
	switch op {
	case Add:
		return addLoop[T]
	case Sub:
		return subLoop[T]
	case Mul:
		return mulLoop[T]
	case Div:
		return func(dst, a, b []byte) {
			d, x, y := operands[T](dst, a, b)
			for i := range d {
				d[i] = x[i] / y[i]
			}
		}
	case Minimum:
		return func(dst, a, b []byte) {
			d, x, y := operands[T](dst, a, b)
			for i := range d {
				d[i] = least(x[i], y[i])
			}
		}
	case Maximum:
		return func(dst, a, b []byte) {
			d, x, y := operands[T](dst, a, b)
			for i := range d {
				d[i] = most(x[i], y[i])
			}
		}
	}
	return nil
}

// least and most give the first NaN if there is one, as NumPy does.
func least[T floating](x, y T) T {
	if x <= y || x != x {
		return x
	}
	return y
}

func most[T floating](x, y T) T {
	if x >= y || x != x {
		return x
	}
	return y
}

func operands[T realNumber](dst, a, b []byte) (d, x, y []T) {
	d, x, y = elems[T](dst), elems[T](a), elems[T](b)
	return d, x[:len(d)], y[:len(d)]
}

func addLoop[T realNumber](dst, a, b []byte) {
	d, x, y := operands[T](dst, a, b)
	i := 0
	for ; i+4 <= len(d); i += 4 {
		r, s, t := d[i:i+4:i+4], x[i:i+4:i+4], y[i:i+4:i+4]
		r[0], r[1], r[2], r[3] = s[0]+t[0], s[1]+t[1], s[2]+t[2], s[3]+t[3]
	}
	for ; i < len(d); i++ {
		d[i] = x[i] + y[i]
	}
}

func subLoop[T realNumber](dst, a, b []byte) {
	d, x, y := operands[T](dst, a, b)
	i := 0
	for ; i+4 <= len(d); i += 4 {
		r, s, t := d[i:i+4:i+4], x[i:i+4:i+4], y[i:i+4:i+4]
		r[0], r[1], r[2], r[3] = s[0]-t[0], s[1]-t[1], s[2]-t[2], s[3]-t[3]
	}
	for ; i < len(d); i++ {
		d[i] = x[i] - y[i]
	}
}

func mulLoop[T realNumber](dst, a, b []byte) {
	d, x, y := operands[T](dst, a, b)
	i := 0
	for ; i+4 <= len(d); i += 4 {
		r, s, t := d[i:i+4:i+4], x[i:i+4:i+4], y[i:i+4:i+4]
		r[0], r[1], r[2], r[3] = s[0]*t[0], s[1]*t[1], s[2]*t[2], s[3]*t[3]
	}
	for ; i < len(d); i++ {
		d[i] = x[i] * y[i]
	}
}

// complexLoop works on the parts, since Go rounds products of complex64 twice.
// The explicit conversions keep products from being fused with sums.
func complexLoop[P floating](op Op) loop2 {
	switch op {
	case Add:
		return addLoop[P]
	case Sub:
		return subLoop[P]
	case Mul:
		return func(dst, a, b []byte) {
			d, x, y := operands[P](dst, a, b)
			for i := 0; i+1 < len(d); i += 2 {
				re, im, r, s := x[i], x[i+1], y[i], y[i+1]
				d[i], d[i+1] = P(re*r)-P(im*s), P(re*s)+P(im*r)
			}
		}
	case Div:
		return func(dst, a, b []byte) {
			d, x, y := operands[P](dst, a, b)
			for i := 0; i+1 < len(d); i += 2 {
				d[i], d[i+1] = divide(x[i], x[i+1], y[i], y[i+1])
			}
		}
	case Minimum, Maximum:
		return func(dst, a, b []byte) {
			d, x, y := operands[P](dst, a, b)
			for i := 0; i+1 < len(d); i += 2 {
				if firstOf(op, x[i], x[i+1], y[i], y[i+1]) {
					d[i], d[i+1] = x[i], x[i+1]
				} else {
					d[i], d[i+1] = y[i], y[i+1]
				}
			}
		}
	}
	return nil
}

// firstOf reports whether the minimum or maximum of two complex numbers is the
// first one: ordered by real parts, then by imaginary ones, a NaN before all.
func firstOf[P floating](op Op, re, im, r, s P) bool {
	switch {
	case re != re || im != im:
		return true
	case r != r || s != s:
		return false
	case re == r:
		return im == s || (im < s) == (op == Minimum)
	}
	return (re < r) == (op == Minimum)
}

// divide is Smith's division (Robert L. Smith, Algorithm 116, CACM 1962).
func divide[P floating](re, im, r, s P) (P, P) {
	abs := func(x P) P { return max(x, -x) }
	switch {
	case r == 0 && s == 0:
		return re / abs(r), im / abs(r)
	case abs(r) >= abs(s):
		ratio := s / r
		scale := 1 / (r + P(s*ratio))
		return P((re + P(im*ratio)) * scale), P((im - P(re*ratio)) * scale)
	}
	ratio := r / s
	scale := 1 / (s + P(r*ratio))
	return P((P(re*ratio) + im) * scale), P((P(im*ratio) - re) * scale)
}

// compareLoop is a comparison of elements of one kind; the result is bool.
func compareLoop(wide wideFormat, op Op, k numKind) loop2 {
	switch op {
	case Greater:
		return reversed(compareLoop(wide, Less, k))
	case GreaterEqual:
		return reversed(compareLoop(wide, LessEqual, k))
	}
	return inVectors(compareKernel(op, k), scalarComparison(wide, op, k))
}

func reversed(loop loop2) loop2 { return func(dst, a, b []byte) { loop(dst, b, a) } }

func scalarComparison(wide wideFormat, op Op, k numKind) loop2 {
	switch k {
	case numBool:
		return func(dst, a, b []byte) {
			for i := range dst {
				x, y := b2u(a[i] != 0), b2u(b[i] != 0)
				dst[i] = b2u(op.holds(int(x)-int(y), true))
			}
		}
	case numI8:
		return comparison[int8](op)
	case numI16:
		return comparison[int16](op)
	case numI32:
		return comparison[int32](op)
	case numI64:
		return comparison[int64](op)
	case numU8:
		return comparison[uint8](op)
	case numU16:
		return comparison[uint16](op)
	case numU32:
		return comparison[uint32](op)
	case numU64:
		return comparison[uint64](op)
	case numF32:
		return comparison[float32](op)
	case numF64:
		return comparison[float64](op)
	case numC64:
		return complexComparison[float32](op)
	case numC128:
		return complexComparison[float64](op)
	}
	return wide.compare(op, k)
}

func comparison[T realNumber](op Op) loop2 {
	switch op {
	case Equal:
		return func(dst, a, b []byte) {
			x, y := elems[T](a)[:len(dst)], elems[T](b)[:len(dst)]
			for i := range dst {
				dst[i] = b2u(x[i] == y[i])
			}
		}
	case NotEqual:
		return func(dst, a, b []byte) {
			x, y := elems[T](a)[:len(dst)], elems[T](b)[:len(dst)]
			for i := range dst {
				dst[i] = b2u(x[i] != y[i])
			}
		}
	case Less:
		return lessLoop[T]
	}
	return lessEqualLoop[T]
}

func lessLoop[T realNumber](dst, a, b []byte) {
	x, y := elems[T](a)[:len(dst)], elems[T](b)[:len(dst)]
	for i := range dst {
		dst[i] = b2u(x[i] < y[i])
	}
}

func lessEqualLoop[T realNumber](dst, a, b []byte) {
	x, y := elems[T](a)[:len(dst)], elems[T](b)[:len(dst)]
	for i := range dst {
		dst[i] = b2u(x[i] <= y[i])
	}
}

func complexComparison[P floating](op Op) loop2 {
	return func(dst, a, b []byte) {
		x, y := elems[P](a), elems[P](b)
		for i := range dst {
			re, im, r, s := x[2*i], x[2*i+1], y[2*i], y[2*i+1]
			comparable := re == re && im == im && r == r && s == s
			order := 0
			switch {
			case re < r || re == r && im < s:
				order = -1
			case re != r || im != s:
				order = 1
			}
			dst[i] = b2u(op.holds(order, comparable))
		}
	}
}
