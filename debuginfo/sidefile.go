package debuginfo

import (
	"bytes"
	"encoding/hex"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
)

// debugRoot is where distributions keep separate debug info.
const debugRoot = "/usr/lib/debug"

// sideFile opens the separate file with the debug info of the library at path,
// or gives nil. The library is not trusted: it names files beside itself or
// below debugRoot, and what it names counts only if it is of the same build.
func sideFile(path, debugRoot string, c container) (container, *os.File) {
	for _, s := range sidePaths(path, debugRoot, c) {
		// A pipe of that name would keep Open waiting.
		if st, err := os.Stat(s.path); err != nil || !st.Mode().IsRegular() {
			continue
		}
		f, err := os.Open(s.path)
		if err != nil {
			continue
		}
		if side := s.open(f, c); side != nil {
			return side, f
		}
		f.Close()
	}
	return nil, nil
}

// A sidePath is where a separate file may be, and how it is recognised.
type sidePath struct {
	path string
	crc  *uint32 // checksum of the whole file, where there is no build id
}

func sidePaths(path, debugRoot string, c container) (paths []sidePath) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // libz.so.1 is a link to the file that the debug info is for
	}
	dir, base := filepath.Split(path)
	switch c := c.(type) {
	case *elfFile:
		if id := hex.EncodeToString(c.buildID()); len(id) > 2 {
			paths = append(paths, sidePath{path: filepath.Join(debugRoot, ".build-id", id[:2], id[2:]+".debug")})
		}
		name, crc, ok := c.debugLink()
		if ok && name != "" && filepath.Base(name) == name {
			abs, err := filepath.Abs(dir)
			if err != nil {
				abs = dir
			}
			for _, d := range []string{dir, filepath.Join(dir, ".debug"), filepath.Join(debugRoot, abs)} {
				paths = append(paths, sidePath{filepath.Join(d, name), &crc})
			}
		}
	case *machoFile:
		paths = append(paths, sidePath{path: filepath.Join(path+".dSYM", "Contents", "Resources", "DWARF", base)})
	case *wasmFile:
		if name := c.external(); filepath.IsLocal(name) {
			paths = append(paths, sidePath{path: filepath.Join(dir, name)})
		}
	}
	return paths
}

// open opens f if it holds the debug info of the same build as c. Two build
// ids decide; without them the checksum does, and a WebAssembly module's side
// file is taken at its name, since nothing ties the two together.
func (s sidePath) open(f *os.File, c container) container {
	st, err := f.Stat()
	if err != nil {
		return nil
	}
	side, err := openContainer(f, st.Size())
	if err != nil || !side.has("info") || side.abi() != c.abi() {
		return nil
	}
	want, got := c.buildID(), side.buildID()
	switch {
	case want != nil && got != nil:
		if !bytes.Equal(want, got) {
			return nil
		}
	case s.crc != nil:
		h := crc32.NewIEEE()
		if _, err := io.Copy(h, f); err != nil || h.Sum32() != *s.crc {
			return nil
		}
	default:
		if _, ok := c.(*wasmFile); !ok {
			return nil
		}
	}
	return side
}
