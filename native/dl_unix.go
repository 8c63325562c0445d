//go:build (linux || darwin) && (amd64 || arm64)

package native

import (
	"runtime"

	"github.com/ebitengine/purego"
)

// dlopen, dlsym and dlclose keep to one thread, since dlerror is the thread's.

func dlopen(path string, mode int) (uintptr, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return purego.Dlopen(path, mode)
}

func dlsym(handle uintptr, name string) (uintptr, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return purego.Dlsym(handle, name)
}

func dlclose(handle uintptr) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return purego.Dlclose(handle)
}

// defaultSymbol is the address of a symbol of the process itself, 0 if there
// is none.
func defaultSymbol(name string) uintptr {
	a, _ := dlsym(purego.RTLD_DEFAULT, name)
	return a
}
