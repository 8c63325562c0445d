package pages

import (
	"bytes"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func mapped(t *testing.T, n int) []byte {
	b, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(b)) })
	return b
}

func fill(b []byte) []byte {
	for i := range b {
		b[i] = 0xaa
	}
	return b
}

// Discard touches no byte but those it is given, whole pages of which it clears.
func TestDiscard(t *testing.T) {
	page := os.Getpagesize()
	b := mapped(t, 8*page)
	kept := bytes.Repeat([]byte{0xaa}, 8*page)
	for _, part := range [][]byte{fill(b)[:0], b[:page-1], b[1:], b[page+1 : 3*page]} {
		Discard(part)
		require.True(t, bytes.Equal(kept, b))
	}
	Discard(b[page : 4*page-1])
	want := bytes.Clone(kept)
	clear(want[page : 3*page])
	require.True(t, bytes.Equal(want, b))
	b[page] = 1 // it is there to be used
}

func TestLargeChangesNothing(t *testing.T) {
	b := mapped(t, 5*large)
	copy(b[large:], "something")
	for _, part := range [][]byte{nil, b[:10], b, b[1:], make([]byte, 2*large)} {
		Large(part)
	}
	require.Equal(t, "something", string(b[large:large+9]))
	require.NotContains(t, string(fill(b)), "\x00")
}
