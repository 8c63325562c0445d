package native

import (
	"debug/macho"
	"os"
	"strings"

	"github.com/ebitengine/purego"
)

// fileNames are the file names a library may have: libz.dylib for z.
func fileNames(name string) []string {
	if strings.Contains(name, ".dylib") || strings.Contains(name, ".so") {
		return []string{name}
	}
	return []string{"lib" + name + ".dylib", name + ".dylib", name}
}

// isLibrary reports whether the file is a Mach-O file of any kind: the loader
// chooses the architecture.
func isLibrary(path string) bool {
	if f, err := macho.Open(path); err == nil {
		return f.Close() == nil
	}
	f, err := macho.OpenFat(path)
	return err == nil && f.Close() == nil
}

// searchPlaces are where dyld(1) looks. Libraries of the system are in its
// shared cache and have no files; they are found by their full path.
func searchPlaces() []searchPlace {
	places := directories(
		strings.Split(os.Getenv("DYLD_LIBRARY_PATH"), ":"),
		strings.Split(os.Getenv("DYLD_FALLBACK_LIBRARY_PATH"), ":"),
		[]string{"/usr/local/lib", "/opt/homebrew/lib"},
	)
	return append(places, sharedCache{})
}

// sharedCache is dyld's cache of the system's own libraries.
type sharedCache struct{}

func (sharedCache) String() string { return "the system's shared cache" }

func (sharedCache) find(wanted []string) string {
	for _, w := range wanted {
		path := "/usr/lib/" + w
		if h, err := dlopen(path, purego.RTLD_LAZY); err == nil {
			_ = dlclose(h) // the library stays in the cache either way
			return path
		}
	}
	return ""
}
