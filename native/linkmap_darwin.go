package native

// loadedFrom is where a library was loaded, which this platform's loader does
// not tell for a handle, and the file it came from.
func loadedFrom(_ uintptr, opened string) (base uintptr, path string) { return 0, opened }

func readObject(path string) (*objectFile, error) { return readMachO(path) }
