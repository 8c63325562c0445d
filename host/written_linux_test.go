//go:build amd64 || arm64

package host

import (
	"bytes"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestUndoWithoutScan is for kernels before 6.7, and where /proc is not there.
func TestUndoWithoutScan(t *testing.T) {
	find := pagemap
	defer func() { pagemap = find }()
	pagemap = func() int { return -1 }
	for _, size := range []uint64{2, 16} {
		undoes(t, rand.New(rand.NewPCG(1, size)), size*pageSize, func(*image) {})
	}
}

// own is how many bytes of a memory are the process's own.
func own(t *testing.T, m *linear) uint64 {
	var s pageScan
	_, ok := s.find(pagemap(), m.region, span{0, m.size.Load()})
	require.True(t, ok)
	return bytesIn(s.own)
}

// TestUndoKeepsPages: little that was written stays the memory's own, more only
// while it is written again, and much not at all.
func TestUndoKeepsPages(t *testing.T) {
	if pagemap() < 0 {
		t.Skip("the kernel has no PAGEMAP_SCAN: it needs Linux 6.7")
	}
	const size = 16 << 20
	m, err := newLinear(size, size)
	require.NoError(t, err)
	defer releaseRegion(m.region)
	for at := range m.region[:size/2] { // the rest is zero
		m.region[at] = byte(at) | 1
	}
	img, err := newImage(m)
	require.NoError(t, err)
	want := bytes.Clone(m.region)
	require.NoError(t, m.load(img, size))
	require.Zero(t, own(t, m))

	const unit = 128 << 10    // no page is larger than half of it
	write := func(n uint64) { // half of it to what is the file's, half to zeros
		for _, half := range [][]byte{m.region[:n/2], m.region[size/2:][:n/2]} {
			for i := range half {
				half[i] = 0xff
			}
		}
	}
	t.Run("scattered", func(t *testing.T) { // more pieces than one call finds
		require.NoError(t, discardRegion(m.region))
		page := os.Getpagesize()
		for at := 0; at < 2*mostOwnBytes; at += 2 * page {
			m.region[at] = ^m.region[at+page]
		}
		back(t, m, img)
		require.EqualValues(t, mostOwnBytes, own(t, m))
		requireImage(t, m, want, size, nil)
	})
	for _, c := range []struct {
		name        string
		write, read uint64
		again       bool // writes before each reset
		times       int  // the pages stay
		gone        bool // the next time
	}{
		{"little", ownBytes, 0, false, 3 * timesKept, false},
		{"more", 2 * ownBytes, 0, false, 1, true},
		{"more again", 2 * ownBytes, 0, true, 3 * timesKept, false},
		{"much", 2 * mostOwnBytes, 0, true, 0, true},
		{"little read", unit, mappedBytes / 2, false, 3 * timesKept, false},
		{"much read", unit, size / 2, false, timesKept, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, discardRegion(m.region))
			m.scan = pageScan{}
			sum := 0
			for _, b := range m.region[:c.read] {
				sum += int(b)
			}
			write(c.write)
			for i := range c.times {
				if c.again {
					write(c.write)
				}
				back(t, m, img)
				require.Equal(t, c.write, own(t, m), "after %d resets", i+1)
			}
			if c.gone {
				back(t, m, img)
				require.Zero(t, own(t, m), "after %d resets (%d)", c.times+1, sum)
			}
			requireImage(t, m, want, size, nil)
		})
	}
}

// TestImagesGo: an image's memory is given back with the last reference to it.
func TestImagesGo(t *testing.T) {
	count := func() int {
		maps, err := os.ReadFile("/proc/self/maps")
		require.NoError(t, err)
		return bytes.Count(maps, []byte("memfd:wasmffi image"))
	}
	m, err := newLinear(4*pageSize, 4*pageSize)
	require.NoError(t, err)
	defer releaseRegion(m.region)
	m.region[0] = 1
	images := make([]*image, 20)
	for i := range images {
		images[i], err = newImage(m)
		require.NoError(t, err)
	}
	before := count()
	if images[0].file == nil {
		t.Skip("the kernel has no memfd_create: images are in Go's memory")
	}
	require.GreaterOrEqual(t, before, len(images))
	images = nil
	require.Eventually(t, func() bool {
		runtime.GC()
		return count() <= before-20
	}, time.Minute, 10*time.Millisecond)
}
