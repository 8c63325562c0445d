package host

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

// jailCalls are the functions of testdata/jail.c. Each returns what C did, or
// minus WASI's errno.
type jailCalls struct {
	Open      func(path string, bits int32) (int64, error)                  `c:"f_open"`
	OpenAt    func(fd int32, path string, bits int32) (int64, error)        `c:"f_openat"`
	Close     func(fd int32) (int64, error)                                 `c:"f_close"`
	Read      func(fd int32, buf []byte, n int32) (int64, error)            `c:"f_read"`
	Write     func(fd int32, buf []byte, n int32) (int64, error)            `c:"f_write"`
	Pread     func(fd int32, buf []byte, n int32, off int64) (int64, error) `c:"f_pread"`
	Pwrite    func(fd int32, buf []byte, n int32, off int64) (int64, error) `c:"f_pwrite"`
	Seek      func(fd int32, off int64, whence int32) (int64, error)        `c:"f_seek"`
	Truncate  func(fd int32, n int64) (int64, error)                        `c:"f_truncate"`
	Allocate  func(fd int32, off, n int64) (int64, error)                   `c:"f_allocate"`
	Sync      func(fd int32) (int64, error)                                 `c:"f_sync"`
	SetAppend func(fd, on int32) (int64, error)                             `c:"f_setappend"`
	Mkdir     func(path string) (int64, error)                              `c:"f_mkdir"`
	Rmdir     func(path string) (int64, error)                              `c:"f_rmdir"`
	Unlink    func(path string) (int64, error)                              `c:"f_unlink"`
	Rename    func(from, to string) (int64, error)                          `c:"f_rename"`
	Link      func(from, to string) (int64, error)                          `c:"f_link"`
	Symlink   func(target, path string) (int64, error)                      `c:"f_symlink"`
	Readlink  func(path string, buf []byte, n int32) (int64, error)         `c:"f_readlink"`
	Stat      func(path string, out []int64) (int64, error)                 `c:"f_stat"`
	Lstat     func(path string, out []int64) (int64, error)                 `c:"f_lstat"`
	Fstat     func(fd int32, out []int64) (int64, error)                    `c:"f_fstat"`
	Utimes    func(path string, seconds int64) (int64, error)               `c:"f_utimes"`
	Futimes   func(fd int32, seconds int64) (int64, error)                  `c:"f_futimes"`
	List      func(path string, out []byte, n int32) (int64, error)         `c:"f_list"`
	Race      func(path string, rounds, want int32) (int64, error)          `c:"f_race"`

	RawOpen     func(fd int32, path string, follow, oflags int32, rights int64) (int64, error) `c:"w_open"`
	RawSymlink  func(target string, fd int32, name string) (int64, error)                      `c:"w_symlink"`
	RawLink     func(fd, follow int32, from string, to int32, name string) (int64, error)      `c:"w_link"`
	RawRename   func(fd int32, from string, to int32, name string) (int64, error)              `c:"w_rename"`
	RawRenumber func(fd, to int32) (int64, error)                                              `c:"w_renumber"`
	RawClose    func(fd int32) (int64, error)                                                  `c:"w_close"`
}

// The bits of jail.c's open.
const (
	jailRead, jailWrite, jailBoth                                  = 0, 1, 2
	jailCreate, jailExcl, jailTrunc, jailAppend, jailDir, jailStay = 4, 8, 16, 32, 64, 128
)

func openJail(t testing.TB, opts Options) (*Library, *jailCalls) {
	lib := openTest(t, "jail.wasm", opts)
	c := new(jailCalls)
	require.NoError(t, wasmffi.BindAll(lib, c))
	return lib, c
}

// must is the result of a call that C made without an error.
func must(t testing.TB) func(int64, error) int64 {
	return func(n int64, err error) int64 {
		t.Helper()
		require.NoError(t, err)
		require.GreaterOrEqual(t, n, int64(0), "errno %d", -n)
		return n
	}
}

// get reads a file through C.
func (c *jailCalls) get(t testing.TB, path string) string {
	fd := int32(must(t)(c.Open(path, jailRead)))
	buf := make([]byte, 1<<12)
	n := must(t)(c.Read(fd, buf, int32(len(buf))))
	must(t)(c.Close(fd))
	return string(buf[:n])
}
