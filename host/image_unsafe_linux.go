//go:build amd64 || arm64

package host

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

// The numbers of memfd_create, which package syscall lacks.
var memfdCreate = map[string]uintptr{"amd64": 319, "arm64": 279}[runtime.GOARCH]

const memfdCloexec = 1

// save puts the runs in a file in memory, which is mapped copy-on-write, so that
// what C wrote can be undone page by page. Where the system refuses such files
// the bytes are copied.
func (img *image) save(mem []byte) error {
	if len(img.runs) == 0 {
		return nil
	}
	name := []byte("wasmffi image\x00")
	// The slice lives until the call returns (unsafe.Pointer rule 4).
	fd, _, errno := syscall.Syscall(memfdCreate, uintptr(unsafe.Pointer(unsafe.SliceData(name))), memfdCloexec, 0)
	if errno != 0 {
		img.copyRuns(mem)
		return nil
	}
	file := os.NewFile(fd, "wasmffi image") // closed when nothing refers to it
	size := 0
	for _, r := range img.runs {
		n, err := file.Write(mem[r.start:r.end])
		if err != nil {
			_ = file.Close()
			return err
		}
		size += n
	}
	data, err := syscall.Mmap(int(fd), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		_ = file.Close()
		return err
	}
	img.file, img.data = file, data
	runtime.AddCleanup(img, func(data []byte) { _ = syscall.Munmap(data) }, data)
	return nil
}

// attach fills memory that is zero, so that undo can bring it back.
func (img *image) attach(region []byte) error {
	if img.file == nil {
		img.copyTo(region, img.runs)
		return nil
	}
	var offset uintptr
	for _, r := range img.runs {
		if err := mapOver(region[r.start:r.end], syscall.MAP_PRIVATE, img.file.Fd(), offset); err != nil {
			return err
		}
		offset += uintptr(r.end - r.start)
	}
	runtime.KeepAlive(img.file)
	return nil
}

// undo brings back, in b, the image that was attached: by copying its bytes to
// the pages that were written, which stay the instance's and cost no fault when
// they are written again, or else by letting go of all pages.
func (m *linear) undo(b span) error {
	img := m.image
	if pages, ok := m.scan.written(m.region, b); ok {
		changed := img.changedTo(m.region, pages)
		if own := bytesIn(pages); own <= ownBytes || changed >= own/2 {
			return nil
		}
	}
	if err := discardRegion(m.region[b.start:b.end]); err != nil {
		return err
	}
	if img.file == nil && b.start < img.size {
		img.copyTo(m.region, img.runs)
	}
	return nil
}

// detach makes the runs common memory again.
func (img *image) detach(region []byte) error {
	if img.file == nil {
		return nil
	}
	for _, r := range img.runs {
		if err := mapOver(region[r.start:r.end], syscall.MAP_PRIVATE|syscall.MAP_ANON, ^uintptr(0), 0); err != nil {
			return err
		}
	}
	return nil
}

// mapOver replaces what is mapped at b, which lies in a region that mapRegion
// mapped, outside Go's heap, and stays mapped (unsafe.Pointer rule 4).
func mapOver(b []byte, flags int, fd, offset uintptr) error {
	_, _, errno := syscall.Syscall6(syscall.SYS_MMAP, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
		syscall.PROT_READ|syscall.PROT_WRITE, uintptr(flags|syscall.MAP_FIXED), fd, offset)
	if errno != 0 {
		return errno
	}
	return nil
}

// discardRegion makes the bytes what they were before they were written: zero,
// or those of the file that is mapped there.
func discardRegion(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	return syscall.Madvise(b, syscall.MADV_DONTNEED)
}
