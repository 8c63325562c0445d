package host

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"

	"github.com/tetratelabs/wazero"
	experimentalsys "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/experimental/sysfs"

	"github.com/wasmffi/wasmffi"
)

// A Dir is a directory that C sees. Exactly one of Host, Root and FS says what
// is in it.
//
//	host.Options{Dirs: []host.Dir{
//		{Guest: "/in", Host: "/srv/images", ReadOnly: true},
//		{Guest: "/out", Host: scratch},
//		{Guest: "/share", FS: embedded},
//	}}
//
// C cannot leave a directory of this machine: names with "..", absolute names
// and symbolic links that lead out of it are errors to C, whoever made the links
// and whenever; links that C makes must be relative and stay inside. What is
// neither a file nor a directory nor a link cannot be opened. Other programs are
// not held by that: those that follow links in a directory which C can write to
// should be as careful as [os.Root] is.
type Dir struct {
	// Guest is C's name for the directory, absolute and clean. "" is "/".
	Guest string
	// Host is a directory of this machine.
	Host string
	// Root is one that is open already. It stays so when the library is closed.
	Root *os.Root
	// FS is any file system, read-only. Its code runs as part of the call: a
	// deadline ends C, not that.
	FS fs.FS
	// ReadOnly refuses C every change, with EROFS.
	ReadOnly bool
}

// A mount is a Dir in use by an instance.
type mount struct {
	guest string
	fs    *mountFS
	close func()
}

// openDirs opens what Options.Dirs name.
func (in *instance) openDirs() error {
	if n := len(in.opts.Dirs); n > in.opts.OpenFiles {
		return fmt.Errorf("%w: %d directories", &LimitError{Kind: ErrFileLimit, Limit: uint64(in.opts.OpenFiles)}, n)
	}
	for _, d := range in.opts.Dirs {
		m, err := in.mount(d)
		if err != nil {
			return fmt.Errorf("directory %q: %w", d.Guest, err)
		}
		in.mounts = append(in.mounts, m)
	}
	return nil
}

func (in *instance) mount(d Dir) (m mount, err error) {
	if d.Guest == "" {
		d.Guest = "/"
	}
	if !path.IsAbs(d.Guest) || path.Clean(d.Guest) != d.Guest {
		return m, fmt.Errorf("%w: not an absolute, clean name", wasmffi.ErrRefused)
	}
	if slices.ContainsFunc(in.mounts, func(m mount) bool { return m.guest == d.Guest }) {
		return m, fmt.Errorf("%w: named twice", wasmffi.ErrRefused)
	}
	given := 0
	for _, is := range []bool{d.Host != "", d.Root != nil, d.FS != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return m, fmt.Errorf("%w: %d of Host, Root and FS are set, not one", wasmffi.ErrRefused, given)
	}
	m = mount{guest: d.Guest, close: func() {}}
	if d.FS != nil {
		m.fs = &mountFS{FS: &sysfs.AdaptFS{FS: d.FS}, in: in, readOnly: true}
		return m, nil
	}
	root := d.Root
	if root == nil {
		if root, err = os.OpenRoot(d.Host); err != nil {
			return m, err
		}
		m.close = func() { _ = root.Close() }
	}
	m.fs = &mountFS{FS: &rootFS{root: root, in: in}, in: in, readOnly: d.ReadOnly}
	return m, nil
}

// mountConfig shows the directories to the engine.
func (in *instance) mountConfig(c wazero.ModuleConfig) wazero.ModuleConfig {
	if len(in.mounts) == 0 {
		return c
	}
	dirs := wazero.NewFSConfig()
	for _, m := range in.mounts {
		dirs = dirs.(sysfs.FSConfig).WithSysFSMount(m.fs, m.guest)
	}
	return c.WithFSConfig(dirs)
}

func (in *instance) closeDirs() {
	for _, m := range in.mounts {
		m.close()
	}
}

// A mountFS keeps C's use of a directory within the limits of Options, and off
// what is read-only.
type mountFS struct {
	experimentalsys.FS
	in       *instance
	readOnly bool
}

const writing = experimentalsys.O_RDWR | experimentalsys.O_WRONLY | experimentalsys.O_TRUNC | experimentalsys.O_APPEND

func (m *mountFS) OpenFile(name string, flag experimentalsys.Oflag, perm fs.FileMode) (experimentalsys.File, experimentalsys.Errno) {
	if m.readOnly && flag&(writing|experimentalsys.O_CREAT) != 0 {
		switch _, errno := m.FS.Stat(name); {
		case errno == experimentalsys.ENOENT && flag&experimentalsys.O_CREAT == 0:
			return nil, errno
		case errno == 0 && flag&experimentalsys.O_EXCL != 0:
			return nil, experimentalsys.EEXIST
		case errno != 0 || flag&writing != 0:
			return nil, experimentalsys.EROFS
		}
		flag &^= experimentalsys.O_CREAT
	}
	if m.in.openFiles >= m.in.opts.OpenFiles {
		m.in.reach(reachedFiles)
		return nil, m.in.ioError(wasiMFILE)
	}
	if flag&experimentalsys.O_CREAT != 0 {
		if _, errno := m.FS.Lstat(name); errno == experimentalsys.ENOENT {
			if errno := m.in.spend(entryCost); errno != 0 {
				return nil, errno
			}
		}
	}
	f, errno := m.FS.OpenFile(name, flag, perm)
	if errno != 0 {
		return nil, errno
	}
	m.in.openFiles++
	return &mountFile{File: f, mount: m}, 0
}

// entryCost is what a new entry of a directory takes of Options.WriteLimit.
const entryCost = 4096

// change is a change that takes n bytes, if it may be made.
func (m *mountFS) change(n uint64, f func() experimentalsys.Errno) experimentalsys.Errno {
	if m.readOnly {
		return experimentalsys.EROFS
	}
	if errno := m.in.spend(n); errno != 0 {
		return errno
	}
	return f()
}

func (m *mountFS) Mkdir(name string, perm fs.FileMode) experimentalsys.Errno {
	return m.change(entryCost, func() experimentalsys.Errno { return m.FS.Mkdir(name, perm) })
}

func (m *mountFS) Chmod(name string, perm fs.FileMode) experimentalsys.Errno {
	return m.change(0, func() experimentalsys.Errno { return m.FS.Chmod(name, perm) })
}

func (m *mountFS) Rename(from, to string) experimentalsys.Errno {
	return m.change(0, func() experimentalsys.Errno { return m.FS.Rename(from, to) })
}

func (m *mountFS) Rmdir(name string) experimentalsys.Errno {
	return m.change(0, func() experimentalsys.Errno { return m.FS.Rmdir(name) })
}

func (m *mountFS) Unlink(name string) experimentalsys.Errno {
	return m.change(0, func() experimentalsys.Errno { return m.FS.Unlink(name) })
}

func (m *mountFS) Link(from, to string) experimentalsys.Errno {
	return m.change(entryCost, func() experimentalsys.Errno { return m.FS.Link(from, to) })
}

func (m *mountFS) Symlink(target, name string) experimentalsys.Errno {
	return m.change(entryCost, func() experimentalsys.Errno { return m.FS.Symlink(target, name) })
}

func (m *mountFS) Utimens(name string, atim, mtim int64) experimentalsys.Errno {
	return m.change(0, func() experimentalsys.Errno { return m.FS.Utimens(name, atim, mtim) })
}

// spend takes n bytes of Options.WriteLimit.
func (in *instance) spend(n uint64) experimentalsys.Errno {
	if in.opts.WriteLimit < 0 {
		return 0
	}
	if left := uint64(in.opts.WriteLimit) - in.written; n > left {
		in.reach(reachedWrite)
		return in.ioError(wasiNOSPC)
	}
	in.written += n
	return 0
}

// A mountFile is an open file of a mountFS.
type mountFile struct {
	experimentalsys.File
	mount  *mountFS
	closed bool
}

func (f *mountFile) Close() experimentalsys.Errno {
	if !f.closed {
		f.closed = true
		f.mount.in.openFiles--
	}
	return f.File.Close()
}

func (f *mountFile) Read(p []byte) (int, experimentalsys.Errno) {
	f.mount.in.stillTime()
	return f.File.Read(p)
}

func (f *mountFile) Pread(p []byte, off int64) (int, experimentalsys.Errno) {
	f.mount.in.stillTime()
	return f.File.Pread(p, off)
}

func (f *mountFile) Write(p []byte) (int, experimentalsys.Errno) {
	at := int64(0)
	if !f.IsAppend() {
		at, _ = f.File.Seek(0, io.SeekCurrent) // where there is none, nothing can be written
	}
	return f.write(p, at, f.File.Write)
}

func (f *mountFile) Pwrite(p []byte, off int64) (int, experimentalsys.Errno) {
	return f.write(p, off, func(p []byte) (int, experimentalsys.Errno) { return f.File.Pwrite(p, off) })
}

// write writes at an offset. A hole that it leaves before that counts as
// written: not all systems have holes.
func (f *mountFile) write(p []byte, at int64, write func([]byte) (int, experimentalsys.Errno)) (n int, errno experimentalsys.Errno) {
	f.mount.in.stillTime()
	cost := uint64(len(p))
	if st, errno := f.File.Stat(); errno == 0 && at > st.Size && len(p) > 0 && !f.IsAppend() {
		cost += uint64(at - st.Size)
	}
	errno = f.mount.change(cost, func() (errno experimentalsys.Errno) {
		n, errno = write(p)
		return errno
	})
	return n, errno
}

func (f *mountFile) Truncate(size int64) experimentalsys.Errno {
	more := uint64(0)
	if st, errno := f.File.Stat(); errno == 0 && size > st.Size {
		more = uint64(size - st.Size)
	}
	return f.mount.change(more, func() experimentalsys.Errno { return f.File.Truncate(size) })
}

func (f *mountFile) Utimens(atim, mtim int64) experimentalsys.Errno {
	return f.mount.change(0, func() experimentalsys.Errno { return f.File.Utimens(atim, mtim) })
}
