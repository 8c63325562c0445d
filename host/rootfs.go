package host

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	experimentalsys "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/sys"
)

// A rootFS is a directory of this machine as the engine wants it. Names are
// resolved by os.Root, which is what keeps C inside; what is done here besides
// is to be a POSIX file system, and not to wait for what is no file.
type rootFS struct {
	root *os.Root
	in   *instance
}

// clean is a name for os.Root, and whether it must be a directory's.
func clean(name string) (string, bool) {
	return path.Clean("./" + strings.TrimLeft(name, "/")), strings.HasSuffix(name, "/")
}

func (r *rootFS) errno(err error) experimentalsys.Errno { return r.in.errnoOf(err) }

func (r *rootFS) OpenFile(name string, flag experimentalsys.Oflag, perm fs.FileMode) (experimentalsys.File, experimentalsys.Errno) {
	name, dir := clean(name)
	if dir && flag&experimentalsys.O_CREAT != 0 {
		return nil, cmp.Or(r.parent(name), experimentalsys.EISDIR)
	}
	look := r.root.Stat
	if flag&experimentalsys.O_NOFOLLOW != 0 && !dir { // a slash follows a link
		look = r.root.Lstat
	}
	dir = dir || flag&experimentalsys.O_DIRECTORY != 0
	switch info, err := look(name); {
	case err != nil:
	case info.Mode()&fs.ModeSymlink != 0:
		switch {
		case flag&experimentalsys.O_EXCL != 0 && flag&experimentalsys.O_CREAT != 0:
			return nil, experimentalsys.EEXIST
		case dir:
			return nil, experimentalsys.ENOTDIR
		}
		return nil, experimentalsys.ELOOP
	default:
		// Opening some things waits for others, or does something to a device.
		if errno := openable(info, dir); errno != 0 {
			return nil, errno
		}
	}
	f, err := r.root.OpenFile(name, osFlags(flag)|nonblock, perm&fs.ModePerm)
	if err != nil {
		errno := r.errno(err)
		if errno == experimentalsys.ELOOP && flag&experimentalsys.O_CREAT != 0 && r.leadsToSlash(name) {
			errno = experimentalsys.EISDIR
		}
		return nil, errno
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, r.errno(err)
	}
	if errno := openable(info, dir); errno != 0 { // it was another a moment ago
		_ = f.Close()
		return nil, errno
	}
	return &rootFile{file: f, fs: r, name: name, dir: info.IsDir(), append: flag&experimentalsys.O_APPEND != 0, access: flag & (experimentalsys.O_RDWR | experimentalsys.O_WRONLY)}, 0
}

// leadsToSlash reports whether links lead from a name to one that ends with a
// slash and could be looked for: that is a directory's, and POSIX systems see it
// before they see that the links go round in circles.
func (r *rootFS) leadsToSlash(name string) bool {
	for range 40 { // the most that Linux follows
		target, err := r.root.Readlink(name)
		if err != nil {
			return false
		}
		name = path.Join(path.Dir(name), target)
		if strings.HasSuffix(target, "/") {
			return r.parent(name) == 0
		}
	}
	return false
}

func openable(info fs.FileInfo, dir bool) experimentalsys.Errno {
	switch {
	case info.IsDir():
		return 0
	case !info.Mode().IsRegular():
		return experimentalsys.EACCES
	case dir:
		return experimentalsys.ENOTDIR
	}
	return 0
}

// osFlags are flags for os.Root.
func osFlags(flag experimentalsys.Oflag) int {
	flags := os.O_RDONLY
	switch {
	case flag&experimentalsys.O_RDWR != 0:
		flags = os.O_RDWR
	case flag&experimentalsys.O_WRONLY != 0:
		flags = os.O_WRONLY
	}
	for _, f := range []struct {
		wasi experimentalsys.Oflag
		os   int
	}{
		{experimentalsys.O_CREAT, os.O_CREATE}, {experimentalsys.O_EXCL, os.O_EXCL}, {experimentalsys.O_TRUNC, os.O_TRUNC}, {experimentalsys.O_APPEND, os.O_APPEND},
		{experimentalsys.O_SYNC | experimentalsys.O_DSYNC | experimentalsys.O_RSYNC, os.O_SYNC},
	} {
		if flag&f.wasi != 0 {
			flags |= f.os
		}
	}
	return flags
}

func (r *rootFS) Stat(name string) (sys.Stat_t, experimentalsys.Errno) {
	return r.stat(name, r.root.Stat)
}

func (r *rootFS) Lstat(name string) (sys.Stat_t, experimentalsys.Errno) {
	return r.stat(name, r.root.Lstat)
}

func (r *rootFS) stat(name string, look func(string) (fs.FileInfo, error)) (sys.Stat_t, experimentalsys.Errno) {
	name, dir := clean(name)
	if dir { // the slash follows a link
		look = r.root.Stat
	}
	info, err := look(name)
	switch {
	case err != nil:
		return sys.Stat_t{}, r.errno(err)
	case dir && !info.IsDir():
		return sys.Stat_t{}, experimentalsys.ENOTDIR
	}
	return sys.NewStat_t(info), 0
}

func (r *rootFS) Mkdir(name string, perm fs.FileMode) experimentalsys.Errno {
	name, _ = clean(name)
	return r.errno(r.root.Mkdir(name, perm&fs.ModePerm))
}

// parent is what the system says of a name before it looks at its last part.
func (r *rootFS) parent(name string) experimentalsys.Errno {
	_, errno := r.stat(path.Dir(name)+"/", r.root.Stat)
	return errno
}

// vacant is why nothing new can have a name; dir tells that it ends in a slash,
// which only a directory's may.
func (r *rootFS) vacant(name string, dir bool) experimentalsys.Errno {
	if errno := r.parent(name); errno != 0 {
		return errno
	}
	switch _, err := r.root.Lstat(name); {
	case err == nil:
		return experimentalsys.EEXIST
	case !errors.Is(err, fs.ErrNotExist):
		return r.errno(err)
	case dir:
		return experimentalsys.ENOENT
	}
	return 0
}

func (r *rootFS) Chmod(name string, perm fs.FileMode) experimentalsys.Errno {
	name, _ = clean(name)
	return r.errno(r.root.Chmod(name, perm&fs.ModePerm))
}

func (r *rootFS) Rmdir(name string) experimentalsys.Errno {
	name, _ = clean(name)
	if name == "." {
		return experimentalsys.EINVAL
	}
	switch info, err := r.root.Lstat(name); {
	case err != nil:
		return r.errno(err)
	case !info.IsDir():
		return experimentalsys.ENOTDIR
	}
	return r.errno(r.root.Remove(name))
}

func (r *rootFS) Unlink(name string) experimentalsys.Errno {
	name, dir := clean(name)
	switch info, err := r.root.Lstat(name); {
	case err != nil:
		return r.errno(err)
	case info.IsDir():
		return experimentalsys.EISDIR
	case dir:
		return experimentalsys.ENOTDIR
	}
	return r.errno(r.root.Remove(name))
}

// Rename replaces empty directories too, which os.Root does not.
func (r *rootFS) Rename(from, to string) experimentalsys.Errno {
	from, fromDir := clean(from)
	to, toDir := clean(to)
	if from == "." || to == "." {
		return r.in.ioError(wasiBUSY)
	}
	if errno := cmp.Or(r.parent(from), r.parent(to)); errno != 0 {
		return errno
	}
	info, err := r.root.Lstat(from)
	switch {
	case err != nil:
		return r.errno(err)
	case (fromDir || toDir) && !info.IsDir():
		return experimentalsys.ENOTDIR
	}
	there, err := r.root.Lstat(to)
	switch {
	case err != nil || !there.IsDir() && !os.SameFile(info, there):
		return r.errno(r.root.Rename(from, to))
	case os.SameFile(info, there):
		return 0
	case r.inside(to, info):
		return experimentalsys.EINVAL
	case r.inside(from, there):
		return experimentalsys.ENOTEMPTY
	case !info.IsDir():
		return experimentalsys.EISDIR
	}
	if err := r.root.Remove(to); err != nil { // if it is not empty
		return r.errno(err)
	}
	err = r.root.Rename(from, to)
	if err != nil {
		_ = r.root.Mkdir(to, there.Mode().Perm()) // what was there
	}
	return r.errno(err)
}

// inside reports whether a name is that of something in a directory or deeper in
// it, by whatever links its parent is named.
func (r *rootFS) inside(name string, dir fs.FileInfo) bool {
	for up := path.Dir(name); ; up += "/.." {
		info, err := r.root.Stat(up)
		if err != nil { // above the root
			return false
		}
		if os.SameFile(info, dir) {
			return true
		}
	}
}

func (r *rootFS) Link(from, to string) experimentalsys.Errno {
	st, errno := r.Lstat(from)
	if errno != 0 {
		return errno
	}
	from, _ = clean(from)
	to, toDir := clean(to)
	if errno := r.vacant(to, toDir); errno != 0 {
		return errno
	}
	if st.Mode.IsDir() {
		return experimentalsys.EPERM
	}
	return r.errno(r.root.Link(from, to))
}

// Symlink refuses targets outside, so that C leaves no such links for others
// to follow. os.Root would not follow them for C.
func (r *rootFS) Symlink(target, name string) experimentalsys.Errno {
	target = strings.Clone(target) // it is C's memory
	name, dir := clean(name)
	if errno := r.vacant(name, dir); errno != 0 {
		return errno
	}
	if !localTarget(name, target) {
		return experimentalsys.EPERM
	}
	return r.errno(r.root.Symlink(target, name))
}

// localTarget reports whether a link of that name leads to somewhere inside.
func localTarget(name, target string) bool {
	if target == "" || path.IsAbs(target) || strings.ContainsAny(target, "\\\x00") {
		return false
	}
	to := path.Join(path.Dir(name), target)
	return to != ".." && !strings.HasPrefix(to, "../")
}

func (r *rootFS) Readlink(name string) (string, experimentalsys.Errno) {
	if strings.HasSuffix(name, "/") { // which follows the link
		_, errno := r.Stat(name)
		return "", cmp.Or(errno, experimentalsys.EINVAL)
	}
	name, _ = clean(name)
	target, err := r.root.Readlink(name)
	return target, r.errno(err)
}

func (r *rootFS) Utimens(name string, atim, mtim int64) experimentalsys.Errno {
	if _, errno := r.Stat(name); errno != 0 {
		return errno
	}
	name, _ = clean(name)
	return r.errno(r.root.Chtimes(name, fileTime(atim), fileTime(mtim)))
}

// fileTime is a time of C's; the zero one leaves the file's as it is.
func fileTime(ns int64) time.Time {
	if ns == experimentalsys.UTIME_OMIT {
		return time.Time{}
	}
	return time.Unix(0, ns)
}
