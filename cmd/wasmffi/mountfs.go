package main

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// A mountFS shows directories under the paths a guest is to see them at, and
// nothing else.
type mountFS []mount

type mount struct {
	at string // absolute and clean
	fs fs.FS
}

func (m mountFS) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	full := path.Join("/", name)
	best := -1
	for i, mt := range m {
		if within, _ := relative(mt.at, full); within && (best < 0 || len(mt.at) > len(m[best].at)) {
			best = i
		}
	}
	if best >= 0 {
		_, rest := relative(m[best].at, full)
		f, err := m[best].fs.Open(rest)
		if dir, ok := f.(fs.ReadDirFile); ok && rest == "." {
			return mountRoot{dir, path.Base(name)}, err
		}
		return f, err
	}
	if names := m.children(full); len(names) > 0 {
		return &mountDir{name: path.Base(name), names: names}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// relative reports whether full is in directory dir, and its path from there.
func relative(dir, full string) (within bool, rest string) {
	if dir == full || dir == "/" {
		rest = strings.TrimPrefix(strings.TrimPrefix(full, dir), "/")
		return true, path.Clean(rest)
	}
	rest, within = strings.CutPrefix(full, dir+"/")
	return within, rest
}

// children are the names in a directory that only leads to mounts.
func (m mountFS) children(dir string) []string {
	var names []string
	for _, mt := range m {
		if ok, rest := relative(dir, mt.at); ok {
			first, _, _ := strings.Cut(rest, "/")
			names = append(names, first)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// A mountRoot is a mounted directory itself, which has the name it is seen by.
type mountRoot struct {
	fs.ReadDirFile
	name string
}

func (r mountRoot) Stat() (fs.FileInfo, error) {
	info, err := r.ReadDirFile.Stat()
	return renamed{info, r.name}, err
}

type renamed struct {
	fs.FileInfo
	name string
}

func (r renamed) Name() string { return r.name }

// A mountDir is a directory that only leads to mounts.
type mountDir struct {
	name  string
	names []string
	at    int
}

func (d *mountDir) Stat() (fs.FileInfo, error) { return mountInfo(d.name), nil }
func (d *mountDir) Close() error               { return nil }
func (d *mountDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: fs.ErrInvalid}
}

func (d *mountDir) ReadDir(n int) ([]fs.DirEntry, error) {
	left := d.names[d.at:]
	if n > 0 && len(left) == 0 {
		return nil, io.EOF
	}
	if n > 0 {
		left = left[:min(n, len(left))]
	}
	d.at += len(left)
	entries := make([]fs.DirEntry, len(left))
	for i, name := range left {
		entries[i] = fs.FileInfoToDirEntry(mountInfo(name))
	}
	return entries, nil
}

// mountInfo is the fs.FileInfo of a mountDir.
type mountInfo string

func (i mountInfo) Name() string     { return string(i) }
func (mountInfo) Size() int64        { return 0 }
func (mountInfo) Mode() fs.FileMode  { return fs.ModeDir | 0o555 }
func (mountInfo) ModTime() time.Time { return time.Time{} }
func (mountInfo) IsDir() bool        { return true }
func (mountInfo) Sys() any           { return nil }
