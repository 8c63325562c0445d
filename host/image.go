package host

import (
	"bytes"
	"errors"
	"iter"
	"math"
	"os"
	"runtime"
)

// An image is what a linear memory held at some time. Nobody changes it.
type image struct {
	size uint64 // of the memory, in bytes
	// runs are what may be other than zero, in whole pages of the system, by
	// address; data holds their bytes one after another.
	runs []span
	data []byte
	// file is what data is a mapping of, on systems where memory can be mapped
	// copy-on-write; nil where data is in Go's memory.
	file *os.File
}

// smallImage is the largest memory that is copied as a whole, in bytes: that takes
// less than to ask the system which pages were written.
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
		img.runs = runsOf(mem, 0)
		img.copyRuns(mem)
		return img, nil
	}
	img.runs = runsOf(mem, gapBetweenRuns(img.size))
	return img, img.save(mem)
}

// copyRuns saves the runs in Go's memory.
func (img *image) copyRuns(mem []byte) {
	for _, r := range img.runs {
		img.data = append(img.data, mem[r.start:r.end]...)
	}
}

// copyTo makes pages what they are in the image.
func (img *image) copyTo(region []byte, pages []span) {
	for b, want := range img.pieces(region, pages, math.MaxUint64) {
		if want == nil {
			clear(b)
		} else {
			copy(b, want)
		}
	}
}

// changedTo is copyTo where much is as it was. It tells how many bytes are in
// pages that were not.
func (img *image) changedTo(region []byte, pages []span) (changed uint64) {
	for b, want := range img.pieces(region, pages, uint64(os.Getpagesize())) {
		if want == nil {
			want = zeros[:len(b)]
		}
		if !bytes.Equal(b, want) {
			copy(b, want)
			changed += uint64(len(b))
		}
	}
	return changed
}

var zeros [pageSize]byte // no page of the system is larger

// pieces cuts pages, which are by address, where runs begin and end and into no
// more than most bytes. With each comes what is to be there, nil for zeros.
func (img *image) pieces(region []byte, pages []span, most uint64) iter.Seq2[[]byte, []byte] {
	return func(yield func(b, want []byte) bool) {
		runs, data := img.runs, img.data
		for _, p := range pages {
			for at := p.start; at < p.end; {
				for len(runs) > 0 && runs[0].end <= at {
					data = data[runs[0].end-runs[0].start:]
					runs = runs[1:]
				}
				end := at + min(most, p.end-at)
				var want []byte
				switch {
				case len(runs) == 0:
				case runs[0].start > at:
					end = min(end, runs[0].start)
				default:
					end = min(end, runs[0].end)
					want = data[at-runs[0].start:][:end-at]
				}
				if !yield(region[at:end], want) {
					return
				}
				at = end
			}
		}
		runtime.KeepAlive(img) // data may be a mapping of its
	}
}

// runsOf finds the pages that hold something.
func runsOf(mem []byte, gap uint64) (runs []span) {
	page := uint64(os.Getpagesize())
	for at := uint64(0); at < uint64(len(mem)); at += page {
		if bytes.Equal(mem[at:at+page], zeros[:page]) {
			continue
		}
		if n := len(runs); n > 0 && at-runs[n-1].end <= gap {
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
			if err := m.image.detach(m.region); err != nil {
				return err
			}
			m.image = nil
		}
		if img.size > smallImage {
			if err := discardRegion(m.region[:max(old, img.size)]); err != nil {
				return err
			}
			if err := img.attach(m.region); err != nil {
				return err
			}
			m.image = img
			return nil
		}
		m.image = img
	}
	known := uint64(0)
	if img.size <= smallImage {
		known = img.size
		img.copyTo(m.region, []span{{0, known}})
	}
	return m.undo(span{known, max(old, img.size)})
}
