package host

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"

	experimentalsys "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/sys"
)

// A rootFile is an open file or directory of a rootFS.
type rootFile struct {
	file   *os.File
	fs     *rootFS
	name   string // when it was opened
	dir    bool
	append bool
	access experimentalsys.Oflag // whether it is read or written

	entries []experimentalsys.Dirent // of a directory that is being read, what is left
	listed  bool
}

func (f *rootFile) errno(err error) experimentalsys.Errno { return f.fs.errno(err) }

func (f *rootFile) Stat() (sys.Stat_t, experimentalsys.Errno) {
	info, err := f.file.Stat()
	if err != nil {
		return sys.Stat_t{}, f.errno(err)
	}
	return sys.NewStat_t(info), 0
}

func (f *rootFile) Dev() (uint64, experimentalsys.Errno) {
	st, errno := f.Stat()
	return st.Dev, errno
}

func (f *rootFile) Ino() (sys.Inode, experimentalsys.Errno) {
	st, errno := f.Stat()
	return st.Ino, errno
}

func (f *rootFile) IsDir() (bool, experimentalsys.Errno) { return f.dir, 0 }
func (f *rootFile) IsAppend() bool                       { return f.append }

// SetAppend opens the file again, by its name if that still is the file's: only
// the system can append where others do too.
func (f *rootFile) SetAppend(enable bool) experimentalsys.Errno {
	if enable == f.append {
		return 0
	}
	flag := f.access
	if enable {
		flag |= experimentalsys.O_APPEND
	}
	at, err := f.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return f.errno(err)
	}
	file, err := f.fs.root.OpenFile(f.name, osFlags(flag)|nonblock, 0)
	if err != nil {
		return f.errno(err)
	}
	own, err := f.file.Stat()
	there, err2 := file.Stat()
	if err == nil && err2 == nil && os.SameFile(own, there) {
		if _, err = file.Seek(at, io.SeekStart); err == nil {
			_ = f.file.Close()
			f.file, f.append = file, enable
			return 0
		}
	}
	_ = file.Close()
	return experimentalsys.EIO
}

func (f *rootFile) Read(p []byte) (int, experimentalsys.Errno) {
	if f.dir {
		return 0, experimentalsys.EISDIR
	}
	n, err := f.file.Read(p)
	return n, f.errno(err)
}

func (f *rootFile) Pread(p []byte, off int64) (int, experimentalsys.Errno) {
	switch {
	case f.dir:
		return 0, experimentalsys.EISDIR
	case off < 0:
		return 0, experimentalsys.EINVAL
	}
	n, err := f.file.ReadAt(p, off)
	return n, f.errno(err)
}

// An offset has a name of its own because go vet takes every Seek(int64, int)
// for io.Seeker's.
type offset = int64

func (f *rootFile) Seek(off offset, whence int) (int64, experimentalsys.Errno) {
	if f.dir {
		if off != 0 || whence != io.SeekStart {
			return 0, experimentalsys.EISDIR
		}
		f.entries, f.listed = nil, false
	}
	at, err := f.file.Seek(off, whence)
	return at, f.errno(err)
}

func (f *rootFile) Write(p []byte) (int, experimentalsys.Errno) {
	if f.dir {
		return 0, experimentalsys.EBADF
	}
	n, err := f.file.Write(p)
	return n, f.errno(err)
}

func (f *rootFile) Pwrite(p []byte, off int64) (int, experimentalsys.Errno) {
	switch {
	case f.dir:
		return 0, experimentalsys.EBADF
	case off < 0:
		return 0, experimentalsys.EINVAL
	case f.append: // at the end, as Linux has it, and the position stays
		at, err := f.file.Seek(0, io.SeekCurrent)
		if err != nil {
			return 0, f.errno(err)
		}
		n, errno := f.Write(p)
		_, err = f.file.Seek(at, io.SeekStart)
		return n, cmp.Or(errno, f.errno(err))
	}
	n, err := f.file.WriteAt(p, off)
	return n, f.errno(err)
}

func (f *rootFile) Truncate(size int64) experimentalsys.Errno {
	if f.dir || size < 0 {
		return experimentalsys.EINVAL
	}
	return f.errno(f.file.Truncate(size))
}

func (f *rootFile) Sync() experimentalsys.Errno     { return f.errno(f.file.Sync()) }
func (f *rootFile) Datasync() experimentalsys.Errno { return f.Sync() }
func (f *rootFile) Close() experimentalsys.Errno    { return f.errno(f.file.Close()) }

// Utimens goes by name, if that still is the file's.
func (f *rootFile) Utimens(atim, mtim int64) experimentalsys.Errno {
	own, err := f.file.Stat()
	if err != nil {
		return f.errno(err)
	}
	if there, err := f.fs.root.Stat(f.name); err != nil || !os.SameFile(own, there) {
		return experimentalsys.ENOENT
	}
	return f.fs.Utimens(f.name, atim, mtim)
}

// Readdir gives the next n entries. A directory is read at once and sorted, so
// that C finds the same order on every machine.
func (f *rootFile) Readdir(n int) ([]experimentalsys.Dirent, experimentalsys.Errno) {
	if !f.dir {
		return nil, experimentalsys.ENOTDIR
	}
	if !f.listed {
		if errno := f.list(); errno != 0 {
			return nil, errno
		}
	}
	if n <= 0 || n > len(f.entries) {
		n = len(f.entries)
	}
	next := f.entries[:n:n]
	f.entries = f.entries[n:]
	return next, 0
}

func (f *rootFile) list() experimentalsys.Errno {
	entries, err := f.file.ReadDir(-1)
	if err != nil {
		return f.errno(err)
	}
	f.entries, f.listed = make([]experimentalsys.Dirent, 0, len(entries)), true
	for _, e := range entries {
		info, err := f.fs.root.Lstat(path.Join(f.name, e.Name()))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // removed meanwhile
		case err != nil:
			return f.errno(err)
		}
		f.entries = append(f.entries, experimentalsys.Dirent{
			Ino: sys.NewStat_t(info).Ino, Name: e.Name(), Type: info.Mode().Type(),
		})
	}
	slices.SortFunc(f.entries, func(a, b experimentalsys.Dirent) int { return cmp.Compare(a.Name, b.Name) })
	return 0
}
