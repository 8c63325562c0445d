package host

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// wasiNumbers are WASI's numbers of the errors that files give.
var wasiNumbers = map[syscall.Errno]int64{
	syscall.EACCES: 2, syscall.EBADF: 8, syscall.EBUSY: 10, syscall.EEXIST: 20, syscall.EFBIG: 22, syscall.EINVAL: 28,
	syscall.EIO: 29, syscall.EISDIR: 31, syscall.ELOOP: 32, syscall.EMFILE: 33, syscall.ENAMETOOLONG: 37, syscall.ENOENT: 44,
	syscall.ENOSPC: 51, syscall.ENOTDIR: 54, syscall.ENOTEMPTY: 55, syscall.EPERM: 63, syscall.EROFS: 69,
	syscall.ESPIPE: 70, syscall.EXDEV: 75,
}

func nativeErrno(err error) int64 {
	if err == nil {
		return 0
	}
	e := err.(syscall.Errno)
	n, ok := wasiNumbers[e]
	if !ok {
		panic(fmt.Sprintf("no number for %v", e))
	}
	return -n
}

// num is what C would have for a system call's result.
func num(n int, err error) int64 {
	if err != nil {
		return nativeErrno(err)
	}
	return int64(n)
}

// A pairOfFiles is an open file, in the jail and in the plain directory.
type pairOfFiles struct{ c, native int }

func nativeStat(st *syscall.Stat_t, err error) (int64, [4]int64) {
	if err != nil {
		return nativeErrno(err), [4]int64{}
	}
	kind := map[uint32]int64{syscall.S_IFREG: 1, syscall.S_IFDIR: 2, syscall.S_IFLNK: 3}[st.Mode&syscall.S_IFMT]
	out := [4]int64{kind, st.Size, int64(st.Nlink), st.Mtim.Sec}
	if kind == 2 {
		out[1], out[2] = 0, 0
	}
	return 0, out
}

// jailTree is all that is in a directory, as text.
func jailTree(t testing.TB, dir string) string {
	var lines []string
	require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, p)
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			to, _ := os.Readlink(p)
			lines = append(lines, rel+" -> "+to)
		case d.IsDir():
			lines = append(lines, rel+"/")
		default:
			data, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			info, _ := d.Info()
			lines = append(lines, fmt.Sprintf("%s %q %v", rel, data, info.Mode()))
		}
		return nil
	}))
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// jailNumber is a number from the environment.
func jailNumber(t *testing.T, name string, otherwise uint64) uint64 {
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(s, 10, 64)
	require.NoError(t, err)
	return n
}

// TestJailOracle does the same to files through C in a jail and by system calls
// in a plain directory: results, errors and what is there afterwards agree.
func TestJailOracle(t *testing.T) {
	seed, rounds := jailNumber(t, "WASMFFI_SEED", rand.Uint64()>>32), jailNumber(t, "WASMFFI_FILES", 20)
	t.Logf("WASMFFI_SEED=%d WASMFFI_FILES=%d", seed, rounds)
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	rnd := rand.New(rand.NewPCG(seed, 1))
	base := t.TempDir()
	jail := filepath.Join(base, "jail")
	require.NoError(t, os.Mkdir(jail, 0o700))
	_, c := openJail(t, Options{Dirs: []Dir{{Guest: "/m", Host: jail}}, Timeout: -1, WriteLimit: -1})
	for round := range rounds {
		oracleRound(t, rnd, c, jail, filepath.Join(base, "plain", fmt.Sprint(round)))
		entries, err := os.ReadDir(jail)
		require.NoError(t, err)
		for _, e := range entries {
			require.NoError(t, os.RemoveAll(filepath.Join(jail, e.Name())))
		}
	}
}

// oracleRound is a sequence of operations from an empty directory.
func oracleRound(t *testing.T, rnd *rand.Rand, c *jailCalls, jail, plain string) {
	require.NoError(t, os.MkdirAll(plain, 0o700))
	var open []pairOfFiles
	var history []string
	defer func() {
		for _, f := range open {
			_, _ = c.Close(int32(f.c))
			_ = syscall.Close(f.native)
		}
	}()
	part := func() string { return string("abcd"[rnd.IntN(4)]) }
	name := func() string {
		n := part()
		for rnd.IntN(3) == 0 {
			n += "/" + part()
		}
		if rnd.IntN(12) == 0 {
			n += "/"
		}
		if rnd.IntN(30) == 0 {
			n = "./" + strings.ReplaceAll(n, "/", "//")
		}
		return n
	}
	gpath := func(n string) string { return "/m/" + n }
	npath := func(n string) string { return plain + "/" + n }
	agree := func(what string, a int64, err error, b int64) bool {
		t.Helper()
		history = append(history, fmt.Sprintf("%s = %d", what, b))
		require.NoError(t, err, strings.Join(history, "\n"))
		if a != b {
			require.Failf(t, "differs", "C %d, native %d:\n%s\n%s", a, b, strings.Join(history, "\n"), jailTree(t, plain))
		}
		return a >= 0
	}
	for range 60 {
		fd := pairOfFiles{-1, -1}
		if len(open) > 0 {
			fd = open[rnd.IntN(len(open))]
		}
		switch op := rnd.IntN(28); op {
		case 0, 1, 2, 3, 4:
			n, bits := name(), rnd.IntN(256)
			if bits&3 == 3 {
				bits &^= 1
			}
			if rnd.IntN(2) == 0 {
				bits &^= jailDir | jailStay | jailExcl
			}
			if bits&(jailDir|jailCreate) == jailDir|jailCreate {
				bits &^= jailDir
			}
			if bits&jailExcl != 0 {
				bits |= jailCreate // it means nothing alone
			}
			flags := bits & 3
			for _, f := range [][2]int{{jailCreate, syscall.O_CREAT}, {jailExcl, syscall.O_EXCL}, {jailTrunc, syscall.O_TRUNC},
				{jailAppend, syscall.O_APPEND}, {jailDir, syscall.O_DIRECTORY}, {jailStay, syscall.O_NOFOLLOW}} {
				if bits&f[0] != 0 {
					flags |= f[1]
				}
			}
			b, nerr := syscall.Open(npath(n), flags|syscall.O_CLOEXEC, 0o600)
			want := num(b, nerr)
			a, err := c.Open(gpath(n), int32(bits))
			if a >= 0 && want >= 0 {
				open = append(open, pairOfFiles{int(a), b})
				a, want = 0, 0
			}
			agree(fmt.Sprintf("open %s %#x", n, bits), a, err, want)
		case 5:
			if len(open) > 0 {
				i := rnd.IntN(len(open))
				fd := open[i]
				open = append(open[:i], open[i+1:]...)
				a, err := c.Close(int32(fd.c))
				agree(fmt.Sprintf("close %d", fd.native), a, err, nativeErrno(syscall.Close(fd.native)))
			}
		case 6, 7:
			n := 1 + rnd.IntN(20)
			x, y := make([]byte, 20), make([]byte, 20)
			a, err := c.Read(int32(fd.c), x, int32(n))
			b, nerr := syscall.Read(fd.native, y[:n])
			if agree(fmt.Sprintf("read %d %d", fd.native, n), a, err, num(b, nerr)) {
				require.Equal(t, y, x)
			}
		case 8, 9:
			data := []byte(fmt.Sprint(rnd.IntN(1000000)))
			a, err := c.Write(int32(fd.c), data, int32(len(data)))
			b, nerr := syscall.Write(fd.native, data)
			agree(fmt.Sprintf("write %d %s", fd.native, data), a, err, num(b, nerr))
		case 10:
			n, off := 1+rnd.IntN(19), int64(rnd.IntN(30)-1)
			x, y := make([]byte, 20), make([]byte, 20)
			a, err := c.Pread(int32(fd.c), x, int32(n), off)
			b, nerr := syscall.Pread(fd.native, y[:n], off)
			if agree(fmt.Sprintf("pread %d %d %d", fd.native, n, off), a, err, num(b, nerr)) {
				require.Equal(t, y, x)
			}
		case 11:
			data, off := []byte(fmt.Sprint(rnd.IntN(10000))), int64(rnd.IntN(30)-1)
			a, err := c.Pwrite(int32(fd.c), data, int32(len(data)), off)
			b, nerr := syscall.Pwrite(fd.native, data, off)
			agree(fmt.Sprintf("pwrite %d %s %d", fd.native, data, off), a, err, num(b, nerr))
		case 12:
			var st syscall.Stat_t
			if syscall.Fstat(fd.native, &st) == nil && st.Mode&syscall.S_IFMT == syscall.S_IFDIR {
				continue // positions in directories are the system's own
			}
			off, whence := int64(rnd.IntN(30)-5), rnd.IntN(3)
			a, err := c.Seek(int32(fd.c), off, int32(whence))
			b, nerr := syscall.Seek(fd.native, off, whence)
			agree(fmt.Sprintf("seek %d %d %d", fd.native, off, whence), a, err, num(int(b), nerr))
		case 13:
			n := int64(rnd.IntN(30) - 1)
			a, err := c.Truncate(int32(fd.c), n)
			agree(fmt.Sprintf("ftruncate %d %d", fd.native, n), a, err, nativeErrno(syscall.Ftruncate(fd.native, n)))
		case 14:
			a, err := c.Sync(int32(fd.c))
			agree(fmt.Sprintf("fsync %d", fd.native), a, err, nativeErrno(syscall.Fsync(fd.native)))
		case 15:
			n := name()
			a, err := c.Mkdir(gpath(n))
			agree("mkdir "+n, a, err, nativeErrno(syscall.Mkdir(npath(n), 0o700)))
		case 16:
			n := name()
			a, err := c.Rmdir(gpath(n))
			agree("rmdir "+n, a, err, nativeErrno(syscall.Rmdir(npath(n))))
		case 17:
			n := name()
			a, err := c.Unlink(gpath(n))
			agree("unlink "+n, a, err, nativeErrno(syscall.Unlink(npath(n))))
		case 18, 19:
			from, to := name(), name()
			a, err := c.Rename(gpath(from), gpath(to))
			agree("rename "+from+" "+to, a, err, nativeErrno(syscall.Rename(npath(from), npath(to))))
		case 20:
			from, to := name(), name()
			a, err := c.Link(gpath(from), gpath(to))
			agree("link "+from+" "+to, a, err, nativeErrno(syscall.Link(npath(from), npath(to))))
		case 21, 22:
			target, n := strings.TrimSuffix(name(), "/"), name()
			a, err := c.Symlink(target, gpath(n))
			agree("symlink "+target+" "+n, a, err, nativeErrno(syscall.Symlink(target, npath(n))))
		case 23:
			n := name()
			x, y := make([]byte, 40), make([]byte, 40)
			a, err := c.Readlink(gpath(n), x, 40)
			b, nerr := syscall.Readlink(npath(n), y)
			if agree("readlink "+n, a, err, num(b, nerr)) {
				require.Equal(t, y, x)
			}
		case 24, 25:
			n := name()
			var st syscall.Stat_t
			look, nlook, what := c.Stat, syscall.Stat, "stat "
			if op == 25 {
				look, nlook, what = c.Lstat, syscall.Lstat, "lstat "
			}
			var out [4]int64
			a, err := look(gpath(n), out[:])
			want, wantOut := nativeStat(&st, nlook(npath(n), &st))
			if agree(what+n, a, err, want) {
				out[3], wantOut[3] = 0, 0
				require.Equal(t, wantOut, out, strings.Join(history, "\n"))
			}
		case 26:
			var st syscall.Stat_t
			var out [4]int64
			a, err := c.Fstat(int32(fd.c), out[:])
			want, wantOut := nativeStat(&st, syscall.Fstat(fd.native, &st))
			if agree(fmt.Sprintf("fstat %d", fd.native), a, err, want) {
				out[3], wantOut[3] = 0, 0
				require.Equal(t, wantOut, out, strings.Join(history, "\n"))
			}
		case 27:
			n, s := name(), rnd.Int64N(1<<31)
			a, err := c.Utimes(gpath(n), s)
			nerr := syscall.UtimesNano(npath(n), []syscall.Timespec{{Sec: s}, {Sec: s}})
			if agree(fmt.Sprintf("utimes %s %d", n, s), a, err, nativeErrno(nerr)) {
				var out [4]int64
				must(t)(c.Stat(gpath(n), out[:]))
				require.Equal(t, s, out[3])
			}
		}
	}
	require.Equal(t, jailTree(t, plain), jailTree(t, jail), strings.Join(history, "\n"))
}
