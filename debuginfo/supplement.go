package debuginfo

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A supplement is the file that holds what the debug info of several libraries
// has in common: dwz makes it, and distributions ship it.
type supplement struct {
	path string
	id   []byte // its build id
}

var errNoSupplement = errors.New("its supplementary file (dwz) is not there")

// supplementOf gives what a file's debug info refers to: DWARF 5 section 7.3.6,
// and GNU's link before it. It reports false if it refers to none.
func supplementOf(c container) (s supplement, ok bool) {
	if f, wrapped := c.(closing); wrapped {
		c = f.container
	}
	e, isELF := c.(*elfFile)
	if !isELF {
		return s, false
	}
	if b, err := e.read(".gnu_debugaltlink"); err == nil && len(b) > 0 {
		path, id, ok := strings.Cut(string(b), "\x00")
		return supplement{path, []byte(id)}, ok
	}
	b, err := e.read(".debug_sup")
	if err != nil || len(b) == 0 {
		return s, false
	}
	const isSupplement = 1
	r := cursor{data: b}
	version, flag, path := r.uint(2), r.u8(), r.cstring()
	id := r.take(r.uleb())
	return supplement{path, id}, !r.bad && version == 5 && flag != isSupplement
}

// open opens the supplement of the debug info in the file at path. As with
// separate files, the library is not trusted: the supplement is beside that
// file, below it, or below debugRoot, and of the build id that is stated.
func (s supplement) open(path, debugRoot string) (container, *os.File) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, nil
	}
	var paths []string
	if id := hex.EncodeToString(s.id); len(id) > 2 {
		paths = append(paths, filepath.Join(debugRoot, ".build-id", id[:2], id[2:]+".debug"))
	}
	named := filepath.FromSlash(s.path)
	if !filepath.IsAbs(named) {
		named = filepath.Join(dir, named)
	}
	for _, root := range []string{dir, debugRoot} {
		if rel, err := filepath.Rel(root, named); err == nil && filepath.IsLocal(rel) {
			paths = append(paths, named)
			break
		}
	}
	for _, p := range paths {
		if st, err := os.Stat(p); err != nil || !st.Mode().IsRegular() {
			continue
		}
		f, err := os.Open(p)
		if err != nil {
			continue
		}
		if st, err := f.Stat(); err == nil {
			if c, err := openContainer(f, st.Size()); err == nil && c.has("info") && s.matches(c) {
				return c, f
			}
		}
		f.Close()
	}
	return nil, nil
}

// matches reports whether c is the file that was linked to: by its build id, or
// by the checksum that it states of itself.
func (s supplement) matches(c container) bool {
	if len(s.id) == 0 {
		return false
	}
	if id := c.buildID(); id != nil {
		return bytes.Equal(id, s.id)
	}
	e, ok := c.(*elfFile)
	if !ok {
		return false
	}
	b, err := e.read(".debug_sup")
	return err == nil && bytes.HasSuffix(b, s.id)
}

// supplement opens the file that the debug info refers to; nil if it refers to
// none, or if it cannot be found.
func (i *Info) supplement() (c container, done func(), err error) {
	s, ok := supplementOf(i.debug)
	if !ok {
		return nil, func() {}, nil
	}
	if i.debugPath == "" {
		return nil, func() {}, fmt.Errorf("%w: %s", errNoSupplement, s.path)
	}
	c, f := s.open(i.debugPath, i.debugRoot)
	if c == nil {
		return nil, func() {}, fmt.Errorf("%w: %s", errNoSupplement, s.path)
	}
	return c, func() { f.Close() }, nil
}
