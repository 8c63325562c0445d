package native

import (
	"debug/pe"
	"os"
	"path/filepath"
	"strings"
)

// fileNames are the file names a library may have: z.dll or libz.dll for z.
func fileNames(name string) []string {
	if strings.EqualFold(filepath.Ext(name), ".dll") {
		return []string{name}
	}
	return []string{name + ".dll", "lib" + name + ".dll"}
}

func isLibrary(path string) bool {
	f, err := pe.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return f.Characteristics&pe.IMAGE_FILE_DLL != 0
}

// searchPlaces are the directories of LoadLibraryEx with the safe flags: the
// program's own and the system's, never the current one.
func searchPlaces() []searchPlace {
	var own string
	if exe, err := os.Executable(); err == nil {
		own = filepath.Dir(exe)
	}
	return directories([]string{own, filepath.Join(os.Getenv("SystemRoot"), "System32")})
}
