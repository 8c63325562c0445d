package memory

import "golang.org/x/sys/cpu"

var hasVectors = cpu.X86.HasAVX2

// binaryKernel is the loop of an operation on two elements over whole vectors;
// nil if there is none. Signs matter neither to sums nor to low halves of
// products.
func binaryKernel(op Op, k numKind) loop2 {
	if !hasVectors {
		return nil
	}
	size, column := numSizes[k], -1
	switch {
	case k == numBool:
		switch op {
		case Add, Maximum:
			return orTruths
		case Mul, Minimum:
			return andTruths
		}
		return nil
	case k == numF32 || k == numC64 && op != Mul:
		column = 3
	case k.integer() && size <= 4:
		column = int(size) / 2 // 1, 2, 4: the first three
	default:
		return nil
	}
	switch op {
	case Add:
		return [...]loop2{addBytes, addWords16, addWords32, addFloats}[column]
	case Sub:
		return [...]loop2{subBytes, subWords16, subWords32, subFloats}[column]
	case Mul:
		return [...]loop2{mulBytes, mulWords16, mulWords32, mulFloats}[column]
	}
	return nil
}

// compareKernel is the loop of a comparison over whole vectors; nil if there
// is none.
func compareKernel(op Op, k numKind) loop2 {
	if !hasVectors || k != numI8 && k != numU8 {
		return nil
	}
	signed := k == numI8
	switch op {
	case Equal:
		return equalBytes
	case NotEqual:
		return notEqualBytes
	case Less:
		if signed {
			return lessInt8
		}
		return lessUint8
	case LessEqual:
		if signed {
			return lessEqualInt8
		}
		return lessEqualUint8
	}
	return nil
}

// foldKernel combines each lane of acc, a vector, with those of src. It gives
// false if one of them is a NaN, and acc is of no use then; nil if there is none.
func foldKernel(op Op, k numKind) func(acc, src []byte) bool {
	if !hasVectors {
		return nil
	}
	type kernels struct{ least, most func(acc, src []byte) }
	var ks kernels
	switch k {
	case numI8:
		ks = kernels{minInt8, maxInt8}
	case numU8:
		ks = kernels{minUint8, maxUint8}
	case numI16:
		ks = kernels{minInt16, maxInt16}
	case numU16:
		ks = kernels{minUint16, maxUint16}
	case numI32:
		ks = kernels{minInt32, maxInt32}
	case numU32:
		ks = kernels{minUint32, maxUint32}
	case numF32:
		return choose(op, minFloats, maxFloats)
	case numF64:
		return choose(op, minDoubles, maxDoubles)
	}
	f := choose(op, ks.least, ks.most)
	if f == nil {
		return nil
	}
	return func(acc, src []byte) bool {
		f(acc, src)
		return true
	}
}

func choose[F any](op Op, least, most F) (none F) {
	switch op {
	case Minimum:
		return least
	case Maximum:
		return most
	}
	return none
}

// swapVectors reverses the parts of the whole vectors in b and gives how many
// bytes these are.
func swapVectors(b []byte, part int) int {
	var kernel func(b []byte)
	switch part {
	case 2:
		kernel = swap16
	case 4:
		kernel = swap32
	case 8:
		kernel = swap64
	}
	if kernel == nil || !hasVectors {
		return 0
	}
	return stretches(len(b), func(i, j int) { kernel(b[i:j]) })
}

//go:noescape
func addBytes(dst, a, b []byte)

//go:noescape
func addWords16(dst, a, b []byte)

//go:noescape
func addWords32(dst, a, b []byte)

//go:noescape
func addFloats(dst, a, b []byte)

//go:noescape
func subBytes(dst, a, b []byte)

//go:noescape
func subWords16(dst, a, b []byte)

//go:noescape
func subWords32(dst, a, b []byte)

//go:noescape
func subFloats(dst, a, b []byte)

//go:noescape
func mulBytes(dst, a, b []byte)

//go:noescape
func mulWords16(dst, a, b []byte)

//go:noescape
func mulWords32(dst, a, b []byte)

//go:noescape
func mulFloats(dst, a, b []byte)

//go:noescape
func orTruths(dst, a, b []byte)

//go:noescape
func andTruths(dst, a, b []byte)

//go:noescape
func equalBytes(dst, a, b []byte)

//go:noescape
func notEqualBytes(dst, a, b []byte)

//go:noescape
func lessInt8(dst, a, b []byte)

//go:noescape
func lessUint8(dst, a, b []byte)

//go:noescape
func lessEqualInt8(dst, a, b []byte)

//go:noescape
func lessEqualUint8(dst, a, b []byte)

//go:noescape
func minInt8(acc, src []byte)

//go:noescape
func minUint8(acc, src []byte)

//go:noescape
func minInt16(acc, src []byte)

//go:noescape
func minUint16(acc, src []byte)

//go:noescape
func minInt32(acc, src []byte)

//go:noescape
func minUint32(acc, src []byte)

//go:noescape
func maxInt8(acc, src []byte)

//go:noescape
func maxUint8(acc, src []byte)

//go:noescape
func maxInt16(acc, src []byte)

//go:noescape
func maxUint16(acc, src []byte)

//go:noescape
func maxInt32(acc, src []byte)

//go:noescape
func maxUint32(acc, src []byte)

//go:noescape
func minFloats(acc, src []byte) (numbers bool)

//go:noescape
func minDoubles(acc, src []byte) (numbers bool)

//go:noescape
func maxFloats(acc, src []byte) (numbers bool)

//go:noescape
func maxDoubles(acc, src []byte) (numbers bool)

//go:noescape
func swap16(b []byte)

//go:noescape
func swap32(b []byte)

//go:noescape
func swap64(b []byte)
