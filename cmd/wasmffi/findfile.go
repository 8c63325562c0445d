package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/wasmffi/wasmffi"
)

// findFile finds the file of a library that is to be read, not opened: a path,
// or a bare name in the current directory or where libraries are.
func findFile(name string) (string, error) {
	if _, err := os.Stat(name); err == nil || !isBareFile(name) {
		return name, err
	}
	if found, err := wasmffi.FindLibrary(name); err == nil {
		if _, err := os.Stat(found); err == nil {
			return found, nil
		}
		name = found
	}
	for _, dir := range libraryDirs() {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: no such file, here or where libraries are", wasmffi.ErrNotFound)
}

// libraryDirs are where this system's loader looks for libraries, as far as is
// known without asking it.
func libraryDirs() []string {
	triplet := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[runtime.GOARCH]
	dirs := filepath.SplitList(os.Getenv("LD_LIBRARY_PATH"))
	for _, base := range strings.Fields("/lib /usr/lib /usr/local/lib") {
		dirs = append(dirs, filepath.Join(base, triplet), base, base+"64")
	}
	return dirs
}
