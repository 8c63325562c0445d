package host

import (
	"bytes"
	"errors"
	"os"
)

// An image is what a linear memory held at some time. Nobody changes it.
type image struct {
	size uint64 // of the memory, in bytes
	// runs are what may be other than zero, in whole pages of the system, by
	// address; data holds their bytes one after another.
	runs []span
	data imageData
	// whole is all the bytes of a small memory, which has no runs: copying it
	// takes less than letting go of pages does, and no lock that all threads of
	// the process share.
	whole []byte
}

// smallImage is the largest memory that is copied as a whole, in bytes.
const smallImage = 128 << 10

// gapBetweenRuns is how many zero bytes divide two runs: enough that an image
// has few of them, for each may be a mapping of its own.
func gapBetweenRuns(size uint64) uint64 { return max(1<<20, size/64) }

// newImage copies a memory that nobody changes meanwhile. m may be nil.
func newImage(m *linear) (*image, error) {
	img := &image{}
	if m == nil {
		return img, nil
	}
	img.size = m.size.Load()
	mem := m.region[:img.size]
	if img.size <= smallImage {
		img.whole = bytes.Clone(mem)
		return img, nil
	}
	img.runs = runsOf(mem)
	var err error
	img.data, err = newImageData(mem, img.runs)
	return img, err
}

// runsOf finds the pages that hold something.
func runsOf(mem []byte) (runs []span) {
	page := uint64(os.Getpagesize())
	zero := make([]byte, page)
	gap := gapBetweenRuns(uint64(len(mem)))
	for at := uint64(0); at < uint64(len(mem)); at += page {
		if bytes.Equal(mem[at:at+page], zero) {
			continue
		}
		if n := len(runs); n > 0 && at-runs[n-1].end < gap {
			runs[n-1].end = at + page
		} else {
			runs = append(runs, span{at, at + page})
		}
	}
	return runs
}

var errNoRoom = errors.New("the engine's memory is at its limit")

// restore makes the memory what an image holds, and no larger. resize tells the
// engine, which has no way to make a memory smaller: it is made to grow, and is
// given what there shall be. It returns errNoRoom, before anything has changed,
// where the engine refuses to grow. Nobody uses the memory meanwhile.
func (m *linear) restore(img *image, resize func() bool) error {
	old := m.size.Load()
	if img.size != old {
		if err := commitRegion(m.region, 0, max(img.size, old)); err != nil {
			return err
		}
		m.next, m.resizing = img.size, true
		ok := resize()
		m.resizing = false
		if !ok {
			return errNoRoom
		}
	}
	return m.load(img, old)
}

// load fills the memory, of which the first old bytes have been in use.
func (m *linear) load(img *image, old uint64) error {
	if m.image != img {
		if m.image != nil {
			if err := m.image.data.detach(m.region, m.image.runs); err != nil {
				return err
			}
			m.image = nil
		}
		if img.whole != nil {
			m.image = img
			return m.load(img, old)
		}
		if err := discardRegion(m.region[:max(old, img.size)]); err != nil {
			return err
		}
		if err := img.data.attach(m.region, img.runs); err != nil {
			return err
		}
		m.image = img
		return nil
	}
	if img.whole != nil {
		copy(m.region, img.whole)
		if old <= img.size {
			return nil
		}
		return discardRegion(m.region[img.size:old])
	}
	if err := discardRegion(m.region[:max(old, img.size)]); err != nil {
		return err
	}
	return img.data.refill(m.region, img.runs)
}
