package memory

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The loops over vectors give what those in Go do, at all lengths, alignments
// and with odd values: the least and greatest integers, NaNs, infinities.
func TestVectorLoops(t *testing.T) {
	seed := uint64(rand.Uint32())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	wide := wideFormat(0)
	kernels := 0
	for k := numBool; k <= numC128; k++ {
		size := int(numSizes[k])
		operand := func(n int) []byte {
			skip := 8 * r.IntN(4)
			b := alignedBytes(uint64(skip + n*size))[skip:]
			for i := range b {
				if b[i] = byte(r.Uint32()); r.IntN(3) == 0 {
					b[i] = []byte{0, 1, 0x7f, 0x80, 0xff}[r.IntN(5)]
				}
			}
			if k.part() >= 4 && !k.integer() {
				tame(r, b, int(k.part()))
			}
			return b
		}
		for _, n := range []int{1, 7, 31, 32, 33, 63, 64, 65, 127, 128, 129, 200, 1000, stretch, stretch + 100} {
			a, b := operand(n), operand(n)
			for op := Add; op <= GreaterEqual; op++ {
				fast, slow, out := arithmeticLoop, scalarLoop, size
				kernel := binaryKernel(op, k)
				if op.compares() {
					fast, slow, out = compareLoop, scalarComparison, 1
					kernel = compareKernel(op, k)
				}
				want := slow(wide, op, k)
				if want == nil {
					continue
				}
				if op == Greater || op == GreaterEqual {
					less := slow(wide, map[Op]Op{Greater: Less, GreaterEqual: LessEqual}[op], k)
					want = func(dst, a, b []byte) { less(dst, b, a) }
				} else if kernel != nil {
					kernels++
				}
				got, expected := alignedBytes(uint64(n*out+8)), alignedBytes(uint64(n*out))
				fast(wide, op, k)(got[:n*out], a, b)
				want(expected, a, b)
				require.True(t, sameNumbers(k, op.compares(), got[:n*out], expected), "%v of kind %d, %d elements", op, k, n)
				require.Equal(t, make([]byte, 8), got[n*out:], "stored past the end")
			}
			for _, op := range []Op{Minimum, Maximum} {
				if k == numBool {
					continue
				}
				got, want := alignedBytes(uint64(size)), alignedBytes(uint64(size))
				copy(got, a)
				copy(want, a)
				foldLoop(wide, op, k)(got, a)
				scalarFold(wide, op, k)(want, a)
				require.True(t, sameNumbers(k, false, got, want), "%v of all of kind %d, %d elements: % x, % x", op, k, n, got, want)
			}
			swapped := slices.Clone(a)
			swapBytes(swapped, int(k.part()))
			for i := 0; i < len(a); i += int(k.part()) {
				slices.Reverse(swapped[i:][:k.part()])
			}
			require.Equal(t, a, swapped, "kind %d", k)
		}
	}
	t.Logf("%d times with a kernel", kernels)
}

// tame makes most floats of random bytes numbers of a size that has sums.
func tame(r *rand.Rand, b []byte, part int) {
	nans := r.IntN(2) == 0
	for ; len(b) >= part; b = b[part:] {
		x := math.Round(r.NormFloat64()*100) / 4
		switch r.IntN(200) {
		case 0:
			if x = math.Inf(1); nans {
				x = math.NaN()
			}
		case 1:
			x = math.Copysign(0, -1)
		case 2:
			x = math.Inf(-1)
		}
		if part == 4 {
			elems[float32](b[:4])[0] = float32(x)
		} else {
			elems[float64](b[:8])[0] = x
		}
	}
}

// sameNumbers compares bytes, or floats as NumPy's array_equal with equal_nan.
func sameNumbers(k numKind, truths bool, a, b []byte) bool {
	if truths || k == numBool || k.integer() {
		return slices.Equal(a, b)
	}
	if k.part() == 4 {
		return slices.EqualFunc(elems[float32](a), elems[float32](b), func(x, y float32) bool { return x == y || x != x && y != y })
	}
	return slices.EqualFunc(elems[float64](a), elems[float64](b), func(x, y float64) bool { return x == y || x != x && y != y })
}
