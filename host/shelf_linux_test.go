package host

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// When reading code fails, also after the code itself, its memory is given back.
func TestCodeReaderDiscards(t *testing.T) {
	page := os.Getpagesize()
	region, err := mapRegion(uint64(4*page), syscall.PROT_READ|syscall.PROT_WRITE)
	require.NoError(t, err)
	defer releaseRegion(region)
	broken := errors.New("broken")
	code := bytes.Repeat([]byte{0xcc}, 4*page)
	s := &shelf{stored: io.NopCloser(io.MultiReader(bytes.NewReader(code), iotest.ErrReader(broken)))}
	r, ok, err := s.Get([32]byte{})
	require.True(t, ok)
	require.NoError(t, err)
	_, err = io.ReadFull(r, region)
	require.NoError(t, err)
	require.True(t, bytes.Equal(code, region))
	_, err = r.Read(make([]byte, 4))
	require.ErrorIs(t, err, broken)
	require.True(t, bytes.Equal(make([]byte, 4*page), region))

	_, ok, err = s.Get([32]byte{})
	require.False(t, ok, "it is for who asks first")
	require.NoError(t, err)
}
