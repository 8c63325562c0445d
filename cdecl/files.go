package cdecl

import (
	"bytes"
	"embed"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The headers that belong to the compiler, not to the C library. They are
// found before those of the machine, as a compiler's own directory is.
//
//go:embed include
var builtinHeaders embed.FS

const builtinDir = "<built-in>"

// Bounds on what one parse reads.
const (
	maxFileBytes  = 16 << 20
	maxTotalBytes = 64 << 20
	maxIncludes   = 20000 // inclusions, those that a guard makes empty included
)

// files are the files of one parse. It is the only file system that the
// preprocessor sees, and gives it prepared text.
type files struct {
	under fs.FS // nil is the machine's
	byKey map[string]*file
	probe probeName
	bytes int
	err   error // the first file that was refused; ends the parse
}

func newFiles(under fs.FS) *files {
	return &files{under: under, probe: newProbeName(), byKey: map[string]*file{}}
}

// add prepares text under a name.
func (s *files) add(name string, text []byte) (*file, error) {
	f := &file{path: name, src: text}
	if err := f.prepare(s.probe); err != nil {
		return nil, err
	}
	s.byKey[name] = f
	return f, nil
}

// read finds a file's text and prepares it.
func (s *files) read(name string) (*file, error) {
	name = filepath.ToSlash(name)
	if f, ok := s.byKey[name]; ok {
		return f, nil
	}
	text, err := s.load(name)
	if err != nil {
		return nil, err
	}
	if s.bytes += len(text); s.bytes > maxTotalBytes {
		return nil, &Error{File: name, Msg: "headers together exceed 64 MiB", Err: ErrLimit}
	}
	return s.add(name, text)
}

func (s *files) load(name string) ([]byte, error) {
	if rest, ok := strings.CutPrefix(name, builtinDir+"/"); ok {
		return builtinHeaders.ReadFile("include/" + rest)
	}
	f, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err == nil && len(text) > maxFileBytes {
		return nil, &Error{File: name, Msg: "file exceeds 16 MiB", Err: ErrLimit}
	}
	return text, err
}

func (s *files) open(name string) (fs.File, error) {
	if s.under != nil {
		return s.under.Open(name)
	}
	// Opening a pipe or a device could block for ever.
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	return os.Open(name)
}

// Open implements fs.FS for the preprocessor.
func (s *files) Open(name string) (fs.File, error) {
	f, err := s.read(name)
	if err != nil {
		if _, refused := errors.AsType[*Error](err); refused && s.err == nil {
			s.err = err
		}
		return nil, err
	}
	return &openFile{Reader: bytes.NewReader(f.prepared), name: name}, nil
}

// openFile is an open file of prepared text, and its own fs.FileInfo.
type openFile struct {
	*bytes.Reader
	name string
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *openFile) Close() error               { return nil }
func (f *openFile) Name() string               { return filepath.Base(f.name) }
func (f *openFile) Mode() fs.FileMode          { return 0o444 }
func (f *openFile) ModTime() time.Time         { return time.Time{} }
func (f *openFile) IsDir() bool                { return false }
func (f *openFile) Sys() any                   { return nil }
