//go:build amd64

package native

import (
	"syscall"
	"unsafe"
)

var (
	getProcAddress    = kernel32.NewProc("GetProcAddress")
	loadLibraryEx     = kernel32.NewProc("LoadLibraryExW")
	getModuleHandleEx = kernel32.NewProc("GetModuleHandleExW")
	getModuleFileName = kernel32.NewProc("GetModuleFileNameW")
)

// dlopen loads a DLL, with those it needs from its own directory, the
// program's and the system's, never from the current one.
func dlopen(path string) (uintptr, error) {
	const ownDirectory, defaultDirectories = 0x100, 0x1000 // LOAD_LIBRARY_SEARCH_…
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	flags := uintptr(defaultDirectories)
	if isPath(path) {
		flags |= ownDirectory
	}
	handle, _, err := loadLibraryEx.Call(uintptr(unsafe.Pointer(name)), 0, flags)
	if handle == 0 {
		return 0, err
	}
	return handle, nil
}

func dlsym(handle uintptr, name string) (uintptr, error) {
	s, err := syscall.BytePtrFromString(name)
	if err != nil {
		return 0, err
	}
	at, _, err := getProcAddress.Call(handle, uintptr(unsafe.Pointer(s)))
	if at == 0 {
		return 0, err
	}
	return at, nil
}

// dlvsym is not here: exports have no versions.
func dlvsym(uintptr, string, string) uintptr { return 0 }

// loadedFrom is where a library was loaded, which is what its handle says, and
// the file it came from.
func loadedFrom(handle uintptr, _ string) (base uintptr, path string) {
	buffer := make([]uint16, 1<<15) // the longest path there is
	n, _, _ := getModuleFileName.Call(handle, uintptr(unsafe.Pointer(&buffer[0])), uintptr(len(buffer)))
	return handle, syscall.UTF16ToString(buffer[:n])
}

// moduleAt is the handle of the library that an address is in, 0 for none.
func moduleAt(at uintptr) uintptr {
	const fromAddress, unchanged = 0x4, 0x2 // GET_MODULE_HANDLE_EX_FLAG_…
	handle := cMemory[uintptr]()
	if ok, _, _ := getModuleHandleEx.Call(fromAddress|unchanged, at, addr(handle)); ok == 0 {
		return 0
	}
	return *handle
}
