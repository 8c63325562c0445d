//go:build amd64 || arm64

package native

import "structs"

// linkMap is the public part of struct link_map of <link.h>.
type linkMap struct {
	_ structs.HostLayout

	base uintptr
	name uintptr // const char *: the path, empty for the program itself
}

const dlinfoLinkMap = 2 // RTLD_DI_LINKMAP

// loadedFrom is where a library was loaded, and the file it came from.
func loadedFrom(handle uintptr, _ string) (base uintptr, path string) {
	dlinfo := defaultSymbol("dlinfo")
	if dlinfo == 0 {
		return 0, ""
	}
	out := cMemory[*linkMap]()
	if int32(plain(dlinfo, handle, dlinfoLinkMap, addr(out))) != 0 || *out == nil {
		return 0, ""
	}
	m := *out // the loader's memory, good until the handle is closed
	if path = goString(m.name); path == "" {
		path = "/proc/self/exe"
	}
	return m.base, path
}

func readObject(path string) (*objectFile, error) { return readELF(path) }
