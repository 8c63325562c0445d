package native

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// find looks for a library by the name a linker is given ("z" for -lz), by its
// file name ("libz.so", "libz.so.1"), in the order of this system's loader. It
// gives a name the loader takes, and the places that were searched.
func find(name string) (found string, tried []string) {
	wanted := fileNames(name)
	for _, place := range searchPlaces() {
		tried = append(tried, place.String())
		if f := place.find(wanted); f != "" {
			return f, tried
		}
	}
	return "", tried
}

// A searchPlace is somewhere a loader looks: a directory, or an index of them.
type searchPlace interface {
	String() string
	// find is what the loader would take for one of the wanted names.
	find(wanted []string) string
}

// A directory of libraries.
type directory string

func (d directory) String() string { return string(d) }

func (d directory) find(wanted []string) string {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return ""
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	for _, n := range candidates(wanted, names) {
		path := filepath.Join(string(d), n)
		if isLibrary(path) {
			return path
		}
	}
	return ""
}

// directories are the existing directories of a list, each once.
func directories(lists ...[]string) []searchPlace {
	var places []searchPlace
	seen := map[string]bool{}
	for _, dir := range slices.Concat(lists...) {
		if dir == "" || seen[dir] {
			continue
		}
		seen[dir] = true
		if st, err := os.Stat(dir); err == nil && st.IsDir() {
			places = append(places, directory(dir))
		}
	}
	return places
}

// candidates are the names that are one of the wanted files or a version of
// one ("libz.so.1" for "libz.so"), the wanted names in their order, and of
// several versions of one the newest first.
func candidates(wanted, names []string) []string {
	var found []string
	for _, w := range wanted {
		var versions []string
		for _, n := range names {
			if rest, ok := strings.CutPrefix(n, w); ok && (rest == "" || isVersion(rest)) {
				versions = append(versions, n)
			}
		}
		slices.SortFunc(versions, func(a, b string) int { return -compareVersions(a[len(w):], b[len(w):]) })
		found = append(found, versions...)
	}
	return found
}

// isVersion reports whether s is ".1", ".1.2.3" …
func isVersion(s string) bool {
	for _, part := range strings.Split(s, ".")[1:] {
		if _, err := strconv.ParseUint(part, 10, 32); err != nil {
			return false
		}
	}
	return strings.HasPrefix(s, ".")
}

// compareVersions orders ".2" before ".10" and "" last of all, since a file
// without a version may be a linker script.
func compareVersions(a, b string) int {
	return slices.Compare(versionNumbers(a), versionNumbers(b))
}

func versionNumbers(s string) []uint64 {
	var ns []uint64
	for _, part := range strings.Split(s, ".")[1:] {
		n, _ := strconv.ParseUint(part, 10, 32) // isVersion has seen it
		ns = append(ns, n)
	}
	return ns
}
