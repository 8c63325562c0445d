//go:build amd64 || arm64

package host

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

// imageData is the bytes of an image's runs: a file in memory, which is mapped
// copy-on-write, so that undoing what C wrote is letting go of the pages it
// wrote. Where the system refuses such files the bytes are copied.
type imageData struct {
	file *os.File
	copiedData
}

// The numbers of memfd_create, which package syscall lacks.
var memfdCreate = map[string]uintptr{"amd64": 319, "arm64": 279}[runtime.GOARCH]

const memfdCloexec = 1

func newImageData(mem []byte, runs []span) (imageData, error) {
	if len(runs) == 0 {
		return imageData{}, nil
	}
	name := []byte("wasmffi image\x00")
	// The slice lives until the call returns (unsafe.Pointer rule 4).
	fd, _, errno := syscall.Syscall(memfdCreate, uintptr(unsafe.Pointer(unsafe.SliceData(name))), memfdCloexec, 0)
	if errno != 0 {
		return imageData{copiedData: copyRuns(mem, runs)}, nil
	}
	file := os.NewFile(fd, "wasmffi image") // closed when nothing refers to it
	for _, r := range runs {
		if _, err := file.Write(mem[r.start:r.end]); err != nil {
			_ = file.Close()
			return imageData{}, err
		}
	}
	return imageData{file: file}, nil
}

// attach maps the runs, which are zero, so that discardRegion brings them back.
func (d imageData) attach(region []byte, runs []span) error {
	if d.file == nil {
		d.fill(region, runs)
		return nil
	}
	var offset uintptr
	for _, r := range runs {
		if err := mapOver(region[r.start:r.end], syscall.MAP_PRIVATE, d.file.Fd(), offset); err != nil {
			return err
		}
		offset += uintptr(r.end - r.start)
	}
	runtime.KeepAlive(d.file)
	return nil
}

// refill fills the runs after discardRegion.
func (d imageData) refill(region []byte, runs []span) error {
	d.fill(region, runs) // nothing where they are mapped
	return nil
}

// detach makes the runs common memory again.
func (d imageData) detach(region []byte, runs []span) error {
	if d.file == nil {
		return nil
	}
	for _, r := range runs {
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
