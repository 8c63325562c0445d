package memory

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

func TestBufferSpace(t *testing.T) {
	s := bufferOf(t, dtype.WASM32, 64)
	assert.Equal(t, dtype.WASM32, s.ABI())
	base := s.Base()
	require.NoError(t, s.WriteAt([]byte("hello"), base))
	got := make([]byte, 5)
	require.NoError(t, s.ReadAt(got, base))
	assert.Equal(t, "hello", string(got))
	b := must(s.Bytes(base, 5))(t)
	b[0] = 'H'
	require.NoError(t, s.ReadAt(got, base))
	assert.Equal(t, "Hello", string(got), "lent bytes are the space's own")
	assert.Equal(t, 5, cap(b))

	for _, tt := range []struct{ addr, n uint64 }{
		{0, 1}, {0, 8}, {base - 1, 2}, {base + 60, 5}, {base + 65, 0}, {base + 64, 1}, {^uint64(0), 1}, {^uint64(0) - 3, 8}, {base, ^uint64(0)},
	} {
		_, err := s.Bytes(tt.addr, tt.n)
		assert.ErrorIs(t, err, ErrOutOfBounds, "%+v", tt)
		if tt.n < 100 {
			assert.ErrorIs(t, s.ReadAt(make([]byte, tt.n), tt.addr), ErrOutOfBounds, "%+v", tt)
			assert.ErrorIs(t, s.WriteAt(make([]byte, tt.n), tt.addr), ErrOutOfBounds, "%+v", tt)
		}
	}
	assert.EqualError(t, s.ReadAt(make([]byte, 5), base+60), "memory: read: address 0x103c+5 exceeds size 4160: out of bounds")
	require.NoError(t, s.ReadAt(nil, base+64), "no bytes at the end")

	require.NoError(t, s.Close())
	assert.ErrorIs(t, s.ReadAt(got, base), ErrEnded)
	_, err := s.Alloc(1, 1)
	assert.ErrorIs(t, err, ErrEnded)
	require.NoError(t, s.Close())
}

func TestBufferSpaceOf(t *testing.T) {
	buf := []byte{1, 0, 2, 0}
	s := must(BufferSpaceOf(dtype.WASM32, buf))(t)
	v := must(NewView(s, nil, s.Base(), 0, arrayOf(t, dtype.CShort, 2)))(t)
	assert.Equal(t, []int16{1, 2}, must(Load[[]int16](v))(t))
	require.NoError(t, v.Store([]int{3, 4}))
	assert.Equal(t, []byte{3, 0, 4, 0}, buf, "the Go bytes are shared")
	_, err := s.Alloc(1, 1)
	assert.ErrorIs(t, err, ErrNoMemory)
	assert.ErrorIs(t, s.Free(s.Base()), ErrEnded)
	_, err = NewBufferSpace(dtype.WASM32, 1<<32)
	assert.ErrorIs(t, err, ErrNoMemory, "more than its pointers can address")
	_, err = NewBufferSpace(dtype.LinuxAMD64, 1<<60)
	assert.ErrorIs(t, err, ErrNoMemory)
}

func TestBufferAlloc(t *testing.T) {
	s := bufferOf(t, dtype.WASM32, 1<<10)
	a, b := must(s.Alloc(0, 1))(t), must(s.Alloc(0, 1))(t)
	assert.NotEqual(t, a, b, "no bytes, but a distinct address")
	_, err := s.Alloc(1, 3)
	assert.ErrorIs(t, err, ErrType)
	_, err = s.Alloc(2<<10, 1)
	assert.EqualError(t, err, "memory: alloc: out of memory: no hole of 2048 bytes")
	_, err = s.Alloc(^uint64(0), 1)
	assert.ErrorIs(t, err, ErrNoMemory)
	_, err = s.Alloc(1, 1<<63)
	assert.ErrorIs(t, err, ErrNoMemory)
	require.NoError(t, s.Free(0))
	require.NoError(t, s.Free(a))
	assert.ErrorIs(t, s.Free(a), ErrEnded, "freed twice")
	assert.ErrorIs(t, s.Free(b+1), ErrEnded, "not the start")
}

// Random allocations: aligned, inside, no overlap; when all is freed there is
// one hole again.
func TestHeapAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	s := bufferOf(t, dtype.LinuxAMD64, 1<<14)
	live := map[uint64]uint64{}
	for range 3000 {
		if rng.IntN(2) == 0 {
			for addr := range live {
				require.NoError(t, s.Free(addr))
				delete(live, addr)
				break
			}
			continue
		}
		size, align := rng.Uint64N(300), uint64(1)<<rng.UintN(8)
		addr, err := s.Alloc(size, align)
		if err != nil {
			assert.ErrorIs(t, err, ErrNoMemory)
			continue
		}
		assert.Zero(t, addr%align)
		assert.True(t, addr >= s.Base() && addr+size <= s.Base()+1<<14)
		for other, n := range live {
			assert.True(t, addr+size <= other || other+n <= addr && addr != other, "%#x+%d overlaps %#x+%d", addr, size, other, n)
		}
		live[addr] = size
	}
	for addr := range live {
		require.NoError(t, s.Free(addr))
	}
	assert.Equal(t, []extent{{s.Base(), s.Base() + 1<<14}}, s.heap.holes)
	assert.Empty(t, s.heap.used)
}
