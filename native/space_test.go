//go:build (linux || darwin) && (amd64 || arm64)

package native_test

import (
	"math"
	"os"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func TestSpace(t *testing.T) {
	lib := openCalls(t)
	space := lib.Space()
	require.Equal(t, dtype.Host(), space.ABI())

	t.Run("allocations have their alignment", func(t *testing.T) {
		for _, align := range []uint64{1, 2, 8, 16, 32, 64, 4096, 1 << 16} {
			for _, size := range []uint64{0, 1, 100, 10000} {
				a, err := space.Alloc(size, align)
				require.NoError(t, err)
				require.Zero(t, a%align)
				b, err := space.Alloc(size, align)
				require.NoError(t, err)
				require.NotEqual(t, a, b)
				data := make([]byte, size)
				for i := range data {
					data[i] = byte(i)
				}
				require.NoError(t, space.WriteAt(data, a))
				got := make([]byte, size)
				require.NoError(t, space.ReadAt(got, a))
				require.Equal(t, data, got)
				require.NoError(t, space.Free(a))
				require.NoError(t, space.Free(b))
			}
		}
		require.NoError(t, space.Free(0))
	})
	t.Run("allocations that cannot be", func(t *testing.T) {
		for _, size := range []uint64{math.MaxUint64, 1 << 63, 1 << 50} {
			_, err := space.Alloc(size, 16)
			require.ErrorIs(t, err, memory.ErrNoMemory)
		}
		_, err := space.Alloc(16, 3)
		require.ErrorIs(t, err, memory.ErrType)
		_, err = space.Alloc(16, 1<<60)
		require.ErrorIs(t, err, memory.ErrNoMemory)
	})
	t.Run("C may free what was allocated here", func(t *testing.T) {
		a, err := space.Alloc(100, 8)
		require.NoError(t, err)
		bind[func(dtype.Addr)](t, lib, "free")(dtype.Addr(a))
	})
	t.Run("bytes are C's own", func(t *testing.T) {
		addr := uint64(bind[func(int32) dtype.Addr](t, lib, "alloc_ints")(2000))
		b, err := space.Bytes(addr, 8000)
		require.NoError(t, err)
		require.Equal(t, byte(3), b[12])
		b[12] = 99
		got := make([]byte, 1)
		require.NoError(t, space.ReadAt(got, addr+12))
		require.Equal(t, byte(99), got[0])
		require.NoError(t, space.Free(addr))
		b, err = space.Bytes(addr, 0)
		require.NoError(t, err)
		require.Empty(t, b)
	})
	t.Run("Go memory that C was given", func(t *testing.T) {
		x := []int32{1, 2, 3}
		b, err := space.Bytes(uint64(uintptr(unsafe.Pointer(&x[0]))), 12)
		require.NoError(t, err)
		require.Equal(t, byte(2), b[4])
	})
}

// guarded maps two pages with nothing after them, and gives the address of the
// end of the first. The second may be given another protection.
func guarded(t *testing.T, second int) (end uint64, mem []byte) {
	page := os.Getpagesize()
	mem, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	require.NoError(t, err)
	require.NoError(t, syscall.Mprotect(mem[page:2*page], second))
	require.NoError(t, syscall.Mprotect(mem[2*page:], syscall.PROT_NONE))
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(mem)) })
	return uint64(uintptr(unsafe.Pointer(&mem[0]))) + uint64(page), mem
}

func TestSpaceFaults(t *testing.T) {
	lib := openCalls(t)
	space := lib.Space()
	for _, c := range []struct {
		name string
		addr uint64
		want error
	}{
		{"NULL", 0, memory.ErrNull},
		{"the first page", 16, memory.ErrOutOfBounds},
		{"not mapped", 0x1000000000, memory.ErrOutOfBounds},
		{"the last address of user space", 1<<47 - 1, memory.ErrOutOfBounds},
		{"no address of user space", 1 << 47, memory.ErrOutOfBounds},
		{"no address at all", 0x8000_0000_0000_0000, memory.ErrOutOfBounds},
		{"the end of the address space", math.MaxUint64, memory.ErrOutOfBounds},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := make([]byte, 8)
			require.ErrorIs(t, space.ReadAt(b, c.addr), c.want)
			require.ErrorIs(t, space.WriteAt(b, c.addr), c.want)
			_, err := space.Bytes(c.addr, 8)
			require.ErrorIs(t, err, c.want)
			require.NoError(t, space.ReadAt(nil, c.addr), "of nothing")
		})
	}
	t.Run("a range that ends outside", func(t *testing.T) {
		end, mem := guarded(t, syscall.PROT_NONE)
		b := []byte("12345678")
		require.NoError(t, space.WriteAt(b, end-8))
		before := append([]byte(nil), mem[:os.Getpagesize()]...)
		require.ErrorIs(t, space.ReadAt(b, end-4), memory.ErrOutOfBounds)
		require.ErrorIs(t, space.WriteAt([]byte("abcdefgh"), end-4), memory.ErrOutOfBounds)
		require.Equal(t, before, mem[:os.Getpagesize()], "nothing of it stays")
		_, err := space.Bytes(end-4096, 4097)
		require.ErrorIs(t, err, memory.ErrOutOfBounds)
	})
	t.Run("read-only memory", func(t *testing.T) {
		end, mem := guarded(t, syscall.PROT_READ)
		before := append([]byte(nil), mem[:os.Getpagesize()]...)
		require.NoError(t, space.ReadAt(make([]byte, 16), end-8))
		require.ErrorIs(t, space.WriteAt(make([]byte, 8), end), memory.ErrOutOfBounds)
		require.ErrorIs(t, space.WriteAt([]byte("0123456789abcdef"), end-8), memory.ErrOutOfBounds)
		require.Equal(t, before, mem[:os.Getpagesize()], "nothing of it stays")
		sym, err := lib.Lookup("text")
		require.NoError(t, err)
		require.ErrorIs(t, space.WriteAt([]byte("x"), sym.Addr), memory.ErrOutOfBounds)
	})
	t.Run("the error says where", func(t *testing.T) {
		var e *memory.Error
		require.ErrorAs(t, space.ReadAt(make([]byte, 4), 0x1234), &e)
		require.EqualValues(t, 0x1234, e.Addr)
		require.EqualError(t, e, "memory: read: address 0x1234: out of bounds: not mapped, or read-only")
	})
}

func TestSpaceAfterClose(t *testing.T) {
	lib := openCalls(t)
	space := lib.Space()
	a, err := space.Alloc(8, 8)
	require.NoError(t, err)
	require.NoError(t, lib.Close())
	require.ErrorIs(t, space.ReadAt(make([]byte, 8), a), memory.ErrEnded)
	require.ErrorIs(t, space.WriteAt(make([]byte, 8), a), memory.ErrEnded)
	_, err = space.Bytes(a, 8)
	require.ErrorIs(t, err, memory.ErrEnded)
	_, err = space.Alloc(8, 8)
	require.ErrorIs(t, err, memory.ErrEnded)
	require.NoError(t, space.Free(a), "the memory is the process's")
}
