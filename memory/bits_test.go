package memory

import (
	"math/big"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Against a model: the bytes as one great number, least significant bit first,
// or, big-endian, most significant bit first.
func TestBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		data := make([]byte, 12)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		r := bitRange{rng.Uint64N(32), uint8(1 + rng.Uint32N(64))}
		mask := ^uint64(0) >> (64 - r.n)
		w := rng.Uint64() & mask

		model := new(big.Int)
		for i := range data {
			model.Lsh(model, 8).Or(model, big.NewInt(int64(data[len(data)-1-i])))
		}
		little := new(big.Int).Rsh(model, uint(r.first))
		little.And(little, new(big.Int).SetUint64(mask))
		assert.Equal(t, little.Uint64(), loadBits(data, r, false), "%+v of %x", r, data)

		mirrored := make([]byte, len(data))
		for i, b := range data {
			mirrored[i] = bits.Reverse8(b)
		}
		assert.Equal(t, bits.Reverse64(loadBits(mirrored, r, false))>>(64-r.n), loadBits(data, r, true), "%+v of %x, big-endian", r, data)

		for _, big := range []bool{false, true} {
			stored := append([]byte(nil), data...)
			storeBits(stored, r, big, w)
			assert.Equal(t, w, loadBits(stored, r, big))
			storeBits(stored, r, big, loadBits(data, r, big))
			assert.Equal(t, data, stored, "other bits are kept")
		}
		first, n := r.bytes()
		assert.True(t, first*8 <= r.first && r.first+uint64(r.n) <= (first+n)*8)
		assert.True(t, (first+1)*8 > r.first && (first+n-1)*8 < r.first+uint64(r.n))
	}
}
