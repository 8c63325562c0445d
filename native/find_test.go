//go:build linux

package native

import (
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCandidates(t *testing.T) {
	names := []string{"libz.so", "libz.so.1", "libz.so.1.2.13", "libz.so.10", "libz.a", "libz.so.1.bak", "libzstd.so.1", "libz-ng.so.2"}
	require.Equal(t, []string{"libz.so.10", "libz.so.1.2.13", "libz.so.1", "libz.so"}, candidates([]string{"libz.so"}, names))
	require.Equal(t, []string{"libz.so.1.2.13", "libz.so.1"}, candidates([]string{"libz.so.1"}, names))
	require.Empty(t, candidates([]string{"libq.so"}, names))
}

func TestFindC(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("LEFT OUT: the names are Linux's")
	}
	for _, name := range []string{"c", "libc.so.6", "m"} {
		found, tried := find(name)
		require.NotEmpty(t, found, "%s: tried %v", name, tried)
		require.Regexp(t, `lib[cm]\.so\.6$|/libc\.so$|libc\.musl`, found)
	}
	found, tried := find("no-such-library-anywhere")
	require.Empty(t, found)
	require.NotEmpty(t, tried)
}

func FuzzLoaderCache(f *testing.F) {
	valid := append([]byte(cacheMagic), make([]byte, cacheHeader-len(cacheMagic)+cacheEntrySize)...)
	binary.LittleEndian.PutUint32(valid[20:], 1)
	binary.LittleEndian.PutUint32(valid[cacheHeader:], cacheFlags())
	binary.LittleEndian.PutUint32(valid[cacheHeader+4:], uint32(len(valid)))
	binary.LittleEndian.PutUint32(valid[cacheHeader+8:], uint32(len(valid)+2))
	valid = append(valid, "a\x00/b\x00"...)
	f.Add(valid)
	f.Add(valid[:50])
	entries := 0
	loaderCache(valid).each(func(soname, path string) {
		entries++
		require.Equal(f, "a", soname)
		require.Equal(f, "/b", path)
	})
	require.Equal(f, 1, entries)
	f.Fuzz(func(t *testing.T, b []byte) {
		loaderCache(b).each(func(string, string) {})
	})
}
