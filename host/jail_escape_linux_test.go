package host

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// escapes is a directory C may use, beside one with a secret that it may not.
func escapes(t testing.TB) (jail, outside string) {
	base := t.TempDir()
	jail, outside = filepath.Join(base, "jail"), filepath.Join(base, "outside")
	for _, d := range []string{jail, outside, filepath.Join(jail, "sub")} {
		require.NoError(t, os.Mkdir(d, 0o700))
	}
	require.NoError(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("S"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(jail, "plain"), []byte("p"), 0o600))
	return jail, outside
}

// TestJailEscapes: whatever name C uses, what is outside is neither read nor
// changed, by links that others made either.
func TestJailEscapes(t *testing.T) {
	for _, interpreter := range []bool{false, true} {
		jail, outside := escapes(t)
		for name, target := range map[string]string{
			"up": "../outside", "upfile": "../outside/secret", "abs": outside, "absfile": filepath.Join(outside, "secret"),
			"proc": "/proc/self/cwd", "chain": "up", "sub/up": "../../outside", "new": "../outside/new", "root": "/",
		} {
			require.NoError(t, os.Symlink(target, filepath.Join(jail, name)))
		}
		before := jailTree(t, outside)
		_, c := openJail(t, Options{Dirs: []Dir{{Guest: "/m", Host: jail}}, Interpreter: interpreter})
		names := []string{"up/secret", "upfile", "abs/secret", "absfile", "proc/go.mod", "chain/secret", "sub/up/secret", "new",
			"../outside/secret", "sub/../../outside/secret", "root" + outside + "/secret", "/" + outside + "/secret", "up/../outside/secret",
			"..", "../", "sub/../..", "up", "abs", "./../outside", "plain/../../outside/secret", "up/", "proc/", "root/"}
		const failed = int64(-1)
		fails := func(what, name string) func(n int64, err error) {
			return func(n int64, err error) {
				t.Helper()
				if assert.NoError(t, err, "%s %q", what, name) {
					assert.LessOrEqual(t, n, failed, "%s %q", what, name)
				}
			}
		}
		buf, out := make([]byte, 256), make([]int64, 4)
		for _, n := range names {
			p := "/m/" + n
			for _, bits := range []int32{jailRead, jailBoth, jailWrite | jailCreate, jailWrite | jailTrunc, jailWrite | jailAppend | jailCreate, jailRead | jailDir} {
				fails("open", n)(c.Open(p, bits))
			}
			fails("stat", n)(c.Stat(p, out))
			fails("list", n)(c.List(p, buf, int32(len(buf))))
			fails("utimes", n)(c.Utimes(p, 1))
			fails("mkdir", n)(c.Mkdir(p + "/d"))
			fails("rename into", n)(c.Rename("/m/plain", p+"/taken"))
			fails("link into", n)(c.Link("/m/plain", p+"/taken"))
			fails("symlink into", n)(c.Symlink("x", p+"/taken"))
			fails("unlink in", n)(c.Unlink(p + "/secret"))
			fails("rename out", n)(c.Rename(p+"/secret", "/m/taken"))
			fails("link out", n)(c.Link(p+"/secret", "/m/taken"))
			// As WASI has it, from the directory and from one within.
			for _, fd := range []int32{3, int32(must(t)(c.Open("/m/sub", jailRead|jailDir)))} {
				fails("raw open", n)(c.RawOpen(fd, n, 1, 0, 2|64))
				fails("raw create", n)(c.RawOpen(fd, n+"x/y", 1, 1, 2|64))
				fails("raw rename", n)(c.RawRename(fd, n+"/secret", 3, "taken"))
				fails("raw link", n)(c.RawLink(fd, 1, n+"/secret", 3, "taken"))
				if fd != 3 {
					must(t)(c.Close(fd))
				}
			}
		}
		// Links to the outside that C makes itself, and what they would lead to.
		for _, target := range []string{outside, filepath.Join(outside, "secret"), "../outside/secret", "sub/../../outside/secret", "/", "/etc/passwd"} {
			if n, err := c.Symlink(target, "/m/mine"); n == 0 {
				require.NoError(t, err)
				fails("open through own link", target)(c.Open("/m/mine", jailRead))
				must(t)(c.Unlink("/m/mine"))
			}
			if n, err := c.RawSymlink(target, 3, "mine"); n == 0 {
				require.NoError(t, err)
				fails("open through own link", target)(c.Open("/m/mine", jailRead))
				must(t)(c.Unlink("/m/mine"))
			}
		}
		// A link that is moved to where it leads out.
		must(t)(c.Mkdir("/m/sub/deep"))
		must(t)(c.Symlink("../../plain", "/m/sub/deep/l"))
		must(t)(c.Rename("/m/sub/deep", "/m/deep"))
		fails("open through a moved link", "")(c.Open("/m/deep/l", jailRead))
		// A link to a link leads where that leads.
		if n, _ := c.Link("/m/upfile", "/m/hard"); n == 0 {
			fails("open through a link to a link", "")(c.Open("/m/hard", jailRead))
		}
		assert.Equal(t, before, jailTree(t, outside))
	}
}

// TestJailSwaps: a name that others turn from a file or a directory into a link
// that leads out, and back, while C opens it.
func TestJailSwaps(t *testing.T) {
	jail, outside := escapes(t)
	_, c := openJail(t, Options{Dirs: []Dir{{Guest: "/m", Host: jail}}})
	require.NoError(t, os.WriteFile(filepath.Join(jail, "sub", "secret"), []byte("s"), 0o600))
	secret := filepath.Join(outside, "secret")
	before := jailTree(t, outside)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		swap, link := filepath.Join(jail, "swap"), filepath.Join(jail, "link")
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, step := range []struct{ target, name string }{{"plain", "f"}, {secret, "f"}, {"../outside/secret", "f"}, {"sub", "d"}, {outside, "d"}, {"../outside", "d"}} {
				_ = os.Remove(link)
				_ = os.Symlink(step.target, link)
				_ = os.Rename(link, filepath.Join(jail, step.name))
			}
			// A directory itself, exchanged for a link.
			_ = os.Rename(filepath.Join(jail, "sub"), swap)
			_ = os.Symlink(outside, filepath.Join(jail, "sub"))
			_ = os.Remove(filepath.Join(jail, "sub"))
			_ = os.Rename(swap, filepath.Join(jail, "sub"))
		}
	}()
	end := time.Now().Add(500 * time.Millisecond)
	inside := int64(0)
	for time.Now().Before(end) {
		for _, name := range []string{"/m/f", "/m/d/secret", "/m/sub/secret"} {
			n, err := c.Race(name, 20, 'S')
			require.NoError(t, err)
			require.Zero(t, n, name)
			for _, good := range []int32{'p', 's'} {
				n, err = c.Race(name, 20, good)
				require.NoError(t, err)
				inside += n
			}
			for _, op := range []func(string) (int64, error){c.Rmdir, c.Unlink} {
				_, err = op("/m/d/secret")
				require.NoError(t, err)
			}
			_, err = c.Utimes(name, 5)
			require.NoError(t, err)
			_, err = c.Open("/m/d/made", jailWrite|jailCreate)
			require.NoError(t, err)
		}
	}
	close(stop)
	<-stopped
	assert.Equal(t, before, jailTree(t, outside))
	info, err := os.Stat(secret)
	require.NoError(t, err)
	assert.NotEqual(t, int64(5), info.ModTime().Unix())
	t.Logf("%d opens were of what is inside", inside)
	assert.Positive(t, inside)
}

// TestJailFIFO: what waits for others is not opened, however it comes about.
func TestJailFIFO(t *testing.T) {
	jail, _ := escapes(t)
	require.NoError(t, syscall.Mkfifo(filepath.Join(jail, "fifo"), 0o600))
	require.NoError(t, os.Symlink("fifo", filepath.Join(jail, "link")))
	_, c := openJail(t, Options{Dirs: []Dir{{Guest: "/m", Host: jail}}})
	for _, name := range []string{"/m/fifo", "/m/link"} {
		for bits := range int32(256) {
			if bits&3 == 3 {
				continue
			}
			n, err := c.Open(name, bits)
			require.NoError(t, err)
			require.Negative(t, n, "%s %#x", name, bits)
		}
	}
	must(t)(c.Unlink("/m/fifo"))
}

// TestJailDescriptors: descriptors used as only a hostile program does.
func TestJailDescriptors(t *testing.T) {
	jail, _ := escapes(t)
	lib, c := openJail(t, Options{Dirs: []Dir{{Guest: "/a", Host: jail}, {Guest: "/b", Host: jail}}, OpenFiles: 8})
	for _, to := range []int32{1 << 30, 1<<31 - 1, -1, 5000} {
		_, _ = c.RawRenumber(0, to)
	}
	for range 100 {
		_, err := c.Open("/a/plain", jailRead)
		require.NoError(t, err)
	}
	n, err := c.Open("/a/plain", jailRead)
	require.NoError(t, err)
	require.EqualValues(t, -33, n, "EMFILE")
	for fd := range int32(64) {
		_, err = c.RawClose(fd)
		require.NoError(t, err)
		_, err = c.RawClose(fd)
		require.NoError(t, err)
	}
	_, err = c.Open("/a/plain", jailRead)
	require.NoError(t, err)
	require.Zero(t, lib.in.openFiles)
}

// TestAppendTogether: what several instances append to one file is all there.
func TestAppendTogether(t *testing.T) {
	dir := t.TempDir()
	const writers, lines, length = 4, 1000, 10
	var wg sync.WaitGroup
	for range writers {
		_, c := openJail(t, Options{Dirs: []Dir{{Guest: "/m", Host: dir}}})
		fd := int32(must(t)(c.Open("/m/log", jailWrite|jailCreate|jailAppend)))
		wg.Go(func() {
			for range lines {
				n, err := c.Write(fd, []byte("a message\n"), length)
				assert.NoError(t, err)
				assert.EqualValues(t, length, n)
			}
		})
	}
	wg.Wait()
	info, err := os.Stat(filepath.Join(dir, "log"))
	require.NoError(t, err)
	assert.EqualValues(t, writers*lines*length, info.Size())
}

// TestHolesCount: a file made longer without writing to all of it takes as much
// of the limit, since not all systems have holes.
func TestHolesCount(t *testing.T) {
	dir := t.TempDir()
	_, c := openJail(t, Options{Dirs: []Dir{{Guest: "/m", Host: dir}}, WriteLimit: 100000})
	fd := int32(must(t)(c.Open("/m/f", jailBoth|jailCreate)))
	refused := func(n int64, err error) {
		t.Helper()
		require.NoError(t, err)
		assert.EqualValues(t, -51, n, "ENOSPC")
	}
	refused(c.Pwrite(fd, []byte("abcd"), 4, 1<<40))
	must(t)(c.Seek(fd, 1<<40, 0))
	refused(c.Write(fd, []byte("abcd"), 4))
	refused(c.Truncate(fd, 1<<40))
	refused(c.Allocate(fd, 0, 1<<40))
	must(t)(c.Pwrite(fd, []byte("abcd"), 4, 50000))
	refused(c.Pwrite(fd, []byte("abcd"), 4, 100000))
	info, err := os.Stat(filepath.Join(dir, "f"))
	require.NoError(t, err)
	assert.EqualValues(t, 50004, info.Size())
}

// TestSetAppend: appending is begun and ended on a file that is open.
func TestSetAppend(t *testing.T) {
	dir := t.TempDir()
	_, c := openJail(t, Options{Dirs: []Dir{{Guest: "/a", Host: dir}}})
	fd := int32(must(t)(c.Open("/a/x", jailBoth|jailCreate)))
	must(t)(c.Write(fd, []byte("abcd"), 4))
	must(t)(c.Seek(fd, 1, 0))
	must(t)(c.SetAppend(fd, 1))
	must(t)(c.Write(fd, []byte("e"), 1))
	must(t)(c.SetAppend(fd, 0))
	must(t)(c.Seek(fd, 1, 0))
	must(t)(c.Write(fd, []byte("X"), 1))
	require.Equal(t, "aXcde", c.get(t, "/a/x"))
}
