//go:build linux

package host

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// wasiOf are the numbers wasi-libc has for Linux's errno.
var wasiOf = map[syscall.Errno]int64{
	syscall.EACCES: eAcces, syscall.EBADF: 8, syscall.EBUSY: 10, syscall.EEXIST: eExist, syscall.EFBIG: 22, syscall.EINVAL: 28,
	syscall.EISDIR: eIsdir, syscall.ELOOP: eLoop, syscall.EMLINK: 34, syscall.ENOENT: eNoent, syscall.ENOTDIR: eNotdir,
	syscall.ENOTEMPTY: 55, syscall.EPERM: ePerm, syscall.EXDEV: 75,
}

// A directory is a file system, C's or Linux's own; each function returns what
// C's does: a result, or -errno by WASI's numbers, and a text.
type directory interface {
	do(op fileOp) (int64, string)
}

// A fileOp is an operation on files.
type fileOp struct {
	what  string
	a, b  string
	flags int32
	n     int64
}

func (op fileOp) String() string {
	return fmt.Sprintf("%s(%q, %q, flags %d, %d)", op.what, op.a, op.b, op.flags, op.n)
}

// guestDir is C's.
type guestDir struct {
	t *testing.T
	f *files
}

func (g guestDir) do(op fileOp) (r int64, s string) {
	var err error
	f, a, b := g.f, "/"+op.a, "/"+op.b
	switch op.what {
	case "open":
		r, err = f.Open(a, op.flags, 0)
	case "write":
		r, err = f.Write(a, op.flags|fWrite, "some text", op.n)
	case "read":
		s, r = f.content(g.t, a)
	case "resize":
		r, err = f.Resize(a, op.n)
	case "mkdir":
		r, err = f.Mkdir(a)
	case "rmdir":
		r, err = f.Rmdir(a)
	case "unlink":
		r, err = f.Unlink(a)
	case "rename":
		r, err = f.Rename(a, b)
	case "link":
		r, err = f.Link(a, b)
	case "symlink":
		r, err = f.Symlink(op.b, a)
	case "readlink":
		s, r = f.target(g.t, a)
	case "look":
		s, r = f.look(g.t, a, op.flags)
		r = min(r, 0)
	case "list":
		s, r = f.names(g.t, a)
	}
	require.NoError(g.t, err, "%v", op)
	return r, s
}

// hostDir is a directory of Linux.
type hostDir string

func (h hostDir) do(op fileOp) (int64, string) {
	a, b := string(h)+"/"+op.a, string(h)+"/"+op.b
	n, s, err := h.call(op, a, b)
	if err == nil {
		return n, s
	}
	var number syscall.Errno
	errors.As(err, &number)
	wasi, ok := wasiOf[number]
	if !ok {
		panic(fmt.Sprintf("%v: %v", op, err))
	}
	return -wasi, ""
}

func (h hostDir) call(op fileOp, a, b string) (n int64, s string, err error) {
	switch op.what {
	case "open":
		f, err := os.OpenFile(a, linuxFlags(op.flags), 0o600)
		if err == nil {
			err = f.Close()
		}
		return 0, "", err
	case "write":
		f, err := os.OpenFile(a, linuxFlags(op.flags|fWrite), 0o600)
		if err != nil {
			return 0, "", err
		}
		defer f.Close()
		var k int
		if op.n < 0 {
			k, err = syscall.Write(int(f.Fd()), []byte("some text"))
		} else {
			k, err = syscall.Pwrite(int(f.Fd()), []byte("some text"), op.n)
		}
		return int64(k), "", err
	case "read":
		data, err := os.ReadFile(a)
		return int64(len(data)), string(data), err
	case "resize":
		f, err := os.OpenFile(a, os.O_WRONLY, 0)
		if err == nil {
			err = f.Truncate(op.n)
			_ = f.Close()
		}
		return 0, "", err
	case "mkdir":
		return 0, "", syscall.Mkdir(a, 0o700)
	case "rmdir":
		return 0, "", syscall.Rmdir(a)
	case "unlink":
		return 0, "", syscall.Unlink(a)
	case "rename":
		return 0, "", syscall.Rename(a, b)
	case "link":
		return 0, "", syscall.Link(a, b)
	case "symlink":
		return 0, "", syscall.Symlink(op.b, a)
	case "readlink":
		s, err := os.Readlink(a)
		return int64(len(s)), s, err
	case "look":
		return 0, "", nil
	case "list":
		entries, err := os.ReadDir(a)
		s := ".\n..\n"
		for _, e := range entries {
			s += e.Name() + "\n"
		}
		return int64(len(entries) + 2), s, err
	}
	panic(op.what)
}

func linuxFlags(flags int32) int {
	f := os.O_RDONLY
	if flags&fWrite != 0 {
		f = os.O_RDWR
	}
	for i, of := range []int{os.O_CREATE, os.O_EXCL, os.O_TRUNC, os.O_APPEND, syscall.O_DIRECTORY, syscall.O_NOFOLLOW} {
		if flags>>(i+1)&1 != 0 {
			f |= of
		}
	}
	return f
}

// lookAt is look for a directory of Linux.
func (h hostDir) lookAt(name string, follow int32) (int64, string) {
	var st syscall.Stat_t
	look := syscall.Lstat
	if follow != 0 {
		look = syscall.Stat
	}
	if err := look(string(h)+"/"+name, &st); err != nil {
		return -wasiOf[err.(syscall.Errno)], ""
	}
	switch st.Mode & syscall.S_IFMT {
	case syscall.S_IFDIR:
		return 0, "d"
	case syscall.S_IFLNK:
		return 0, "l"
	}
	return 0, fmt.Sprintf("f %d %d", st.Size, st.Nlink)
}

var fileOps = []string{
	"open", "write", "write", "read", "resize", "mkdir", "mkdir", "rmdir", "unlink", "rename", "link", "symlink", "readlink", "look", "list",
}

// randomOp is an operation on few names, so that they meet.
func randomOp(r *rand.Rand) fileOp {
	name := func() string {
		n := "abc"[r.IntN(3):][:1]
		for r.IntN(3) == 0 {
			n += "/" + "abc"[r.IntN(3):][:1]
		}
		return n
	}
	op := fileOp{what: fileOps[r.IntN(len(fileOps))], a: name(), b: name(), flags: int32(r.IntN(128)), n: int64(r.IntN(40) - 10)}
	switch op.what {
	case "open", "write":
		if op.flags&fDirectory != 0 {
			op.flags &^= fCreate | fTruncate // of which kernels think differently
		}
		if op.flags&fWrite == 0 {
			op.flags &^= fTruncate | fAppend // which are undefined without
		}
		if op.flags&fCreate == 0 {
			op.flags &^= fExclusive
		}
	case "symlink":
		for !localTarget(op.a, op.b) {
			op.b = name()
		}
	case "look":
		op.flags &= 1
	}
	return op
}

// TestFilesLikeLinux: random operations have the results, the errors and the
// effects that they have in a directory without a sandbox.
func TestFilesLikeLinux(t *testing.T) {
	r := seeded(t)
	for range 12 {
		own, jail := hostDir(t.TempDir()), t.TempDir()
		_, f := openFileSystem(t, Options{Dirs: []Dir{{Host: jail}}})
		guest := guestDir{t, f}
		for range 150 {
			before, op := tree(t, jail), randomOp(r)
			want, wantText := own.do(op)
			if op.what == "look" {
				want, wantText = own.lookAt(op.a, op.flags)
			}
			got, gotText := guest.do(op)
			if (op.what == "rename" || op.what == "link") && want < 0 && got < 0 {
				got = want // where both names are wrong, either may be told
			}
			require.Equal(t, want, got, "%v with %q", op, before)
			require.Equal(t, wantText, gotText, "%v with %q", op, before)
			require.Equal(t, tree(t, string(own)), tree(t, jail), "%v with %q", op, before)
		}
	}
}

// tree is all that is in a directory.
func tree(t testing.TB, dir string) (all []string) {
	require.NoError(t, filepath.Walk(dir, func(name string, info os.FileInfo, err error) error {
		rel, _ := filepath.Rel(dir, name)
		s := rel + " " + info.Mode().Type().String()
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			s += " " + string(data)
		case info.Mode()&os.ModeSymlink != 0:
			to, err := os.Readlink(name)
			require.NoError(t, err)
			s += " " + to
		}
		all = append(all, s)
		return err
	}))
	slices.Sort(all)
	return all
}

// TestJail: nothing that C does, nor a link that others make, leads outside.
func TestJail(t *testing.T) {
	outer := t.TempDir()
	secret := filepath.Join(outer, "secret")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o666))
	jail := filepath.Join(outer, "jail")
	require.NoError(t, os.MkdirAll(filepath.Join(jail, "dir"), 0o777))
	for name, target := range map[string]string{
		"up": "../secret", "abs": secret, "updir": "..", "absdir": outer, "dir/up": "../../secret", "proc": "/proc/self/root" + secret,
		"loop": "loop", "twice": "dir/up", "round": "dir/../../secret",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(jail, name)))
	}
	_, f := openFileSystem(t, Options{Dirs: []Dir{{Guest: "/j", Host: jail}}})
	names := []string{
		"/secret", "/j/../secret", "/j/dir/../../secret", "/j/./../secret", "/j//..//secret", "../secret", "/j/up", "/j/abs", "/j/updir/secret",
		"/j/absdir/secret", "/j/dir/up", "/j/proc", "/j/loop", "/j/twice", "/j/round", "/j/dir/../up", "/j/updir/jail/../secret",
		strings.TrimPrefix(secret, "/"), secret, "/j" + secret, "/j/..", "/j/up/", "/proc/self/environ", "/j/" + strings.Repeat("../", 40) + secret,
	}
	for _, name := range names {
		for _, flags := range []int32{0, fWrite, fWrite | fCreate, fWrite | fTruncate, fNoLinks} {
			fd, err := f.Open(name, flags, 0)
			require.NoError(t, err)
			assert.Negative(t, fd, "%s %d", name, flags)
		}
		got, n := f.content(t, name)
		assert.Negative(t, n, name)
		assert.Empty(t, got)
		for _, do := range []func() (int64, error){
			func() (int64, error) { return f.Link(name, "/j/mine") },
			func() (int64, error) { return f.Mkdir(path.Join(name, "x")) },
			func() (int64, error) { return f.Rename("/j/dir", path.Join(name, "x")) },
			func() (int64, error) { return f.SetTime(name, 1) },
			func() (int64, error) { return f.Unlink(path.Join(name, "secret")) },
			func() (int64, error) { return f.Symlink(strings.Repeat("../", 3)+"secret", "/j/mine") },
			func() (int64, error) { return f.Symlink(secret, "/j/mine") },
			func() (int64, error) { return f.Symlink("dir/../../secret", "/j/mine") },
		} {
			_, err := do()
			require.NoError(t, err)
		}
		got, n = f.content(t, "/j/mine")
		assert.Negative(t, n, name)
		assert.Empty(t, got)
		_, err := f.Unlink("/j/mine")
		require.NoError(t, err)
	}
	data, err := os.ReadFile(secret)
	require.NoError(t, err)
	assert.Equal(t, "secret", string(data))
	entries, err := os.ReadDir(outer)
	require.NoError(t, err)
	assert.Len(t, entries, 2, "nothing was made outside")
}

// TestJailRace: a name that is now a directory and now a link out, now a file
// and now a FIFO, gives C what is inside or an error, and never makes it wait.
func TestJailRace(t *testing.T) {
	outer := t.TempDir()
	jail := filepath.Join(outer, "jail")
	for _, dir := range []string{"jail/real", "outside"} {
		require.NoError(t, os.MkdirAll(filepath.Join(outer, dir), 0o777))
	}
	require.NoError(t, os.WriteFile(filepath.Join(jail, "real/f"), []byte("inside"), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(outer, "outside/f"), []byte("outside"), 0o666))
	require.NoError(t, os.Symlink("../outside", filepath.Join(jail, "out")))
	require.NoError(t, os.Symlink("real", filepath.Join(jail, "in")))
	require.NoError(t, os.WriteFile(filepath.Join(jail, "file"), []byte("inside"), 0o666))
	makeFIFO(t, filepath.Join(jail, "fifo"))

	ctx, stop := context.WithCancel(background)
	swapped := make(chan struct{})
	go func() { // another process's work
		defer close(swapped)
		for i := 0; ctx.Err() == nil; i++ {
			_ = os.Remove(filepath.Join(jail, "tmp"))
			_ = os.Symlink([]string{"../outside", "real"}[i%2], filepath.Join(jail, "tmp"))
			_ = os.Rename(filepath.Join(jail, "tmp"), filepath.Join(jail, "now"))
			_ = os.Link(filepath.Join(jail, []string{"file", "fifo"}[i%2]), filepath.Join(jail, "tmp2"))
			_ = os.Rename(filepath.Join(jail, "tmp2"), filepath.Join(jail, "thing"))
			_ = os.Remove(filepath.Join(jail, "tmp2"))
		}
	}()
	_, f := openFileSystem(t, Options{Dirs: []Dir{{Host: jail}}})
	inside, refused := 0, 0
	for end := time.Now().Add(10 * time.Second); (inside < 200 || refused < 200) && time.Now().Before(end); {
		for _, name := range []string{"/now/f", "/thing"} {
			switch got, n := f.content(t, name); {
			case n < 0:
				refused++
			default:
				inside++
				require.Equal(t, "inside", got)
			}
		}
		_, err := f.Write("/now/g", fWrite|fCreate, "mine", -1)
		require.NoError(t, err)
	}
	stop()
	<-swapped
	assert.NotZero(t, inside)
	assert.NotZero(t, refused)
	_, err := os.Stat(filepath.Join(outer, "outside/g"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
