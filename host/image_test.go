package host

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// back restores a memory as an engine does.
func back(t *testing.T, m *linear, img *image) {
	t.Helper()
	require.NoError(t, m.restore(img, func() bool { return m.Reallocate(0) != nil }))
}

// requireImage compares all that was ever in use with the image and zeros.
func requireImage(t *testing.T, m *linear, want []byte, used uint64, did []string) {
	t.Helper()
	require.EqualValues(t, len(want), m.size.Load())
	want = append(bytes.Clone(want), make([]byte, used-m.size.Load())...)
	if bytes.Equal(want, m.region[:used]) {
		return
	}
	for at, b := range want {
		if got := m.region[at]; got != b {
			require.Failf(t, "wrong byte", "%#x, not %#x, at %#x after %v", got, b, at, did)
		}
	}
}

// undoes writes to a memory by chance, from Go and through the kernel, reads it
// and makes it larger, and brings back one of its images.
func undoes(t *testing.T, r *rand.Rand, size uint64, change func(*image)) {
	const limit = 4 << 20
	m, err := newLinear(size, limit)
	require.NoError(t, err)
	defer releaseRegion(m.region)
	noise := filepath.Join(t.TempDir(), "noise")
	require.NoError(t, os.WriteFile(noise, bytes.Repeat([]byte{0xa5}, 1<<20), 0o600))
	file, err := os.Open(noise)
	require.NoError(t, err)
	defer file.Close()

	used := size
	act := func(most uint64) (did []string) {
		for range 1 + r.IntN(12) {
			size := m.size.Load()
			at := r.Uint64N(size)
			end := at + r.Uint64N(min(most, size-at)) + 1
			switch kind := r.IntN(8); kind {
			case 0: // the kernel writes
				_, err := file.ReadAt(m.region[at:min(end, at+1<<20)], 0)
				require.NoError(t, err)
				did = append(did, fmt.Sprintf("read file to %#x-%#x", at, end))
			case 1:
				size = min(size+r.Uint64N(8)*pageSize, limit)
				require.NotNil(t, m.Reallocate(size))
				used = max(used, m.size.Load())
				did = append(did, fmt.Sprintf("grow to %#x", m.size.Load()))
			case 2:
				sum := 0
				for _, b := range m.region[at:end] {
					sum += int(b)
				}
				did = append(did, fmt.Sprintf("read %#x-%#x: %d", at, end, sum))
			default:
				step := uint64(1)
				if kind < 5 {
					step = 1 + r.Uint64N(20_000)
				}
				for ; at < end; at += step {
					m.region[at] ^= byte(r.Uint32()) | 1
				}
				did = append(did, fmt.Sprintf("write %#x-%#x by %d", at, end, step))
			}
		}
		return did
	}

	images := make([]*image, 3)
	want := make([][]byte, len(images))
	for i := range images {
		act(300_000)
		images[i], err = newImage(m)
		require.NoError(t, err)
		change(images[i])
		want[i] = bytes.Clone(m.region[:m.size.Load()])
	}
	i := 0
	for range 40 {
		if r.IntN(10) == 0 {
			i = r.IntN(len(images))
		}
		most := []uint64{1, 10_000, 10_000, 10_000, 100_000, 100_000, 100_000, 2 << 20}[r.IntN(8)]
		did := act(most)
		back(t, m, images[i])
		requireImage(t, m, want[i], used, did)
	}
}

// TestUndo: a memory is its image again, byte for byte, whatever was done to it.
func TestUndo(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for _, size := range []uint64{1, 2, 3, 20} {
		t.Run(fmt.Sprint(size, " pages"), func(t *testing.T) {
			undoes(t, rand.New(rand.NewPCG(seed, size)), size*pageSize, func(*image) {})
		})
	}
	t.Run("copied", func(t *testing.T) { // where the system has no files in memory
		undoes(t, rand.New(rand.NewPCG(seed, 0)), 16*pageSize, func(img *image) {
			img.data, img.file = bytes.Clone(img.data), nil
		})
	})
}
