//go:build amd64 || arm64

package host

import (
	"os"
	"slices"
	"sync"
	"syscall"
	"unsafe"
)

// What one call writes is often what the next does, and a page that stays costs no
// fault then, but a look at each reset, used or not, and memory while the instance
// is idle. So few that this takes microseconds always stay, and up to mostOwnBytes
// where half of them changed. Pages that C only reads cost a look too: beyond
// mappedBytes all go after timesKept resets, to see which are still read.
const (
	ownBytes     = 256 << 10
	mostOwnBytes = 1 << 20
	mappedBytes  = 4 << 20
	timesKept    = 32
)

// A pageScan finds the pages of a region that were written.
type pageScan struct {
	call  *scanCall
	own   []span // by address
	times int    // many pages were mapped and kept, one after another
}

// scanCall is an argument of the ioctl PAGEMAP_SCAN, which Linux has since 6.7
// (struct pm_scan_arg in linux/fs.h), and what it finds (struct page_region).
type scanCall struct {
	size, flags                   uint64
	start, end, walked            uint64
	vec                           *[128]pageRegion
	vecLen, maxPages              uint64
	inverted, mask, anyOf, report uint64

	found [128]pageRegion
}

type pageRegion struct{ start, end, categories uint64 }

const (
	pagemapScan = 3<<30 | 96<<16 | 'f'<<8 | 16 // _IOWR('f', 16, struct pm_scan_arg)

	pageIsFile    = 1 << 2
	pageIsPresent = 1 << 3
	pageIsSwapped = 1 << 4
)

// pagemap is the file that the system is asked through, or -1 where it does not
// find a page that was written.
var pagemap = sync.OnceValue(func() int {
	fd, err := syscall.Open("/proc/self/pagemap", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	page := uint64(os.Getpagesize())
	region, err := mapRegion(3*page, syscall.PROT_READ|syscall.PROT_WRITE)
	if err == nil {
		defer releaseRegion(region)
		region[page] = 1
		var s pageScan
		if _, ok := s.find(fd, region, span{0, 3 * page}); ok && slices.Equal(s.own, []span{{page, 2 * page}}) {
			return fd
		}
	}
	_ = syscall.Close(fd)
	return -1
})

// written returns the pages in b that may have been written since the region was
// filled or all of them were let go of. It reports false where that is not known,
// and where it is better to let go of all.
func (s *pageScan) written(region []byte, b span) ([]span, bool) {
	fd := pagemap()
	if fd < 0 {
		return nil, false
	}
	mapped, ok := s.find(fd, region, b)
	switch {
	case !ok || bytesIn(s.own) > mostOwnBytes:
	case mapped <= mappedBytes:
		s.times = 0
		return s.own, true
	case s.times < timesKept:
		s.times++
		return s.own, true
	}
	s.times = 0
	return nil, false
}

// find finds the pages that are not the file's. Until they are written, those in an
// image's runs are the file's, and others none; who reads these gets zeros, which
// count as written: elsewhere the system may put them in the place of a page that
// C cleared. It stops at more than mostOwnBytes. mapped is how much it looked at.
func (s *pageScan) find(fd int, region []byte, b span) (mapped uint64, ok bool) {
	if s.call == nil {
		s.call = &scanCall{}
	}
	base := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(region))))
	c := s.call
	*c = scanCall{
		size: uint64(unsafe.Offsetof(c.found)), walked: base + b.start, end: base + b.end,
		vec: &c.found, vecLen: uint64(len(c.found)),
		anyOf: pageIsPresent | pageIsSwapped, report: pageIsFile,
	}
	s.own = s.own[:0]
	for c.walked < c.end && bytesIn(s.own) <= mostOwnBytes {
		c.start = c.walked
		// c lives until the call returns, in the heap (unsafe.Pointer rule 4).
		n, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), pagemapScan, uintptr(unsafe.Pointer(c)))
		if errno != 0 || c.walked <= c.start {
			return mapped, false
		}
		for _, r := range c.found[:n] {
			mapped += r.end - r.start
			if r.categories == 0 {
				s.own = append(s.own, span{r.start - base, r.end - base})
			}
		}
	}
	return mapped, true
}

func bytesIn(pages []span) (n uint64) {
	for _, p := range pages {
		n += p.end - p.start
	}
	return n
}
