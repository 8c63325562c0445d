package sealed

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// random is a blob of n bytes.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

func openBlob(t testing.TB, s *Store, id string, largest int64) *Blob {
	b, err := s.Open([]byte(id), largest)
	require.NoError(t, err)
	t.Cleanup(func() { b.Close() })
	return b
}

// Blobs of any number of parts are what they were, in whatever pieces they are
// read.
func TestBlobSizes(t *testing.T) {
	s, err := Open(t.TempDir(), key, 64*part)
	require.NoError(t, err)
	for _, n := range []int{0, 1, 8, part - 1, part, part + 1, 2 * part, 5*part + 7} {
		want := random(n)
		_, err := s.Put([]byte("x"), want)
		require.NoError(t, err)
		st, err := os.Stat(s.file("x"))
		require.NoError(t, err)
		require.Equal(t, int64(n)+Overhead(int64(n)), st.Size())
		got, err := s.Get([]byte("x"), int64(n))
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got), n)

		b := openBlob(t, s, "x", int64(n))
		require.EqualValues(t, n, b.len)
		require.NoError(t, b.Check())
		require.NoError(t, iotest.TestReader(b, want))
		r := seed(t)
		b = openBlob(t, s, "x", int64(n))
		got = got[:0]
		for {
			piece := make([]byte, 1+r.IntN(1<<r.IntN(21)))
			n, err := b.Read(piece)
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			require.Equal(t, min(len(piece), len(want)-len(got)), n, "pieces are whole")
			got = append(got, piece[:n]...)
		}
		require.True(t, bytes.Equal(want, got), n)
	}
}

// Each part that is changed, cut or swapped for another is noticed, also if that
// happens after the file was opened: nothing of it is given.
func TestBlobForgeries(t *testing.T) {
	s, err := Open(t.TempDir(), key, 64*part)
	require.NoError(t, err)
	blob := random(4*part + 9)
	_, err = s.Put([]byte("x"), blob)
	require.NoError(t, err)
	good, err := os.ReadFile(s.file("x"))
	require.NoError(t, err)
	data := len(good) - len(blob)
	swapped := bytes.Clone(good)
	copy(swapped[data:], good[data+part:data+2*part])
	copy(swapped[data+part:], good[data:data+part])
	bad := map[string][]byte{"swapped": swapped, "cut": good[:len(good)-1], "cut a part": good[:data+3*part]}
	for _, at := range []int{0, 1, part, 2*part - 1, 3*part + 5, 4 * part, 4*part + 8} {
		b := bytes.Clone(good)
		b[data+at] ^= 1
		bad[string(rune('a'+at/part))+" changed"] = b
	}
	for what, file := range bad {
		for _, check := range []bool{false, true} {
			require.NoError(t, os.WriteFile(s.file("x"), good, 0o600))
			b := openBlob(t, s, "x", plenty*8)
			require.NoError(t, os.WriteFile(s.file("x"), file, 0o600)) // the same file
			if check {
				require.ErrorIs(t, b.Check(), ErrForged, what)
			}
			into := make([]byte, len(blob))
			n, err := io.ReadFull(b, into)
			require.ErrorIs(t, err, ErrForged, what)
			require.True(t, bytes.Equal(blob[:n], into[:n]), what)
			require.ErrorIs(t, b.Err(), ErrForged)
			n, err = b.Read(into)
			require.Zero(t, n)
			require.ErrorIs(t, err, ErrForged, "nothing is read after that")
		}
		_, err = s.Get([]byte("x"), plenty*8)
		require.ErrorIs(t, err, ErrForged, what)
	}
}

// The head is as good as the blob, and says its length.
func TestBlobHead(t *testing.T) {
	s, err := Open(t.TempDir(), key, 64*part)
	require.NoError(t, err)
	blob := random(3 * part)
	_, err = s.Put([]byte("x"), blob)
	require.NoError(t, err)
	good, err := os.ReadFile(s.file("x"))
	require.NoError(t, err)
	for at := range sealSize + int(headSize(int64(len(blob)))) {
		bad := bytes.Clone(good)
		bad[at] ^= 1 << (at % 8)
		require.NoError(t, os.WriteFile(s.file("x"), bad, 0o600))
		_, err := s.Open([]byte("x"), plenty)
		require.ErrorIs(t, err, ErrForged, at)
	}
	_, err = s.Open([]byte("x"), 3*part-1)
	require.ErrorIs(t, err, ErrForged)
	_, err = s.Open([]byte("x"), -1)
	require.ErrorIs(t, err, ErrForged)
}
