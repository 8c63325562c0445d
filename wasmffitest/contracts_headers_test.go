package wasmffitest_test

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// The C library's headers promise much of memory: nonnull, access, alloc_size,
// restrict. Each way of passing memory works with them, and mistakes are found.
func TestContractsOfHeaders(t *testing.T) {
	const include = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n"
	decls, err := cdecl.Parse(include, cdecl.Options{})
	if runtime.GOOS != "linux" || err != nil {
		t.Skipf("LEFT OUT: no glibc headers here; on Debian: apt-get install libc6-dev (%v)", err)
	}
	lib, err := wasmffi.Open(context.Background(), "libc.so.6")
	require.NoError(t, err)
	defer func() { require.NoError(t, lib.Close()) }()
	sigOf := func(name string) *dtype.Func {
		sig, err := decls.Func(name)
		require.NoError(t, err)
		return sig
	}
	funcOf := func(name string) *wasmffi.Func {
		f, err := wasmffi.BindFunc(lib, name, sigOf(name))
		require.NoError(t, err)
		return f
	}
	call := func(name string, args ...any) any {
		t.Helper()
		r, err := funcOf(name).Call(nil, args...)
		require.NoError(t, err, name)
		return r
	}
	violates := func(name string, arg int, rule string, args ...any) {
		t.Helper()
		_, err := funcOf(name).Call(nil, args...)
		requireViolation(t, err, arg, rule, false)
	}
	if sigOf("strlen").Rules() != "__s != NULL" {
		t.Skipf("LEFT OUT: these headers are not glibc's: strlen's rules are %q", sigOf("strlen").Rules())
	}
	arena := memory.NewArena(lib.Space())
	defer arena.Close()
	text, err := arena.CString("hello")
	require.NoError(t, err)

	// A string, bytes, a view, a pointer with and without a length, an address.
	p := text.Pointer().Cast(dtype.CChar)
	for _, s := range []any{"hello", []byte("hello\x00"), text, p, p.Reinterpret(6), p.Reinterpret(0), dtype.Addr(text.Addr())} {
		require.EqualValues(t, 5, call("strlen", s), "%T", s)
	}
	violates("strlen", 1, "__s != NULL", nil)
	violates("strlen", 1, "__s != NULL", memory.Pointer{})

	// No restrict without a length: parts of one buffer are C's to judge.
	buf := []byte("abcdefgh")
	call("memcpy", buf[:4], buf[4:], 4)
	require.Equal(t, "efghefgh", string(buf))
	call("memcpy", buf, "xyz", 3)
	require.Equal(t, "xyzhefgh", string(buf))
	call("memcpy", dtype.Addr(text.Addr()), p.Reinterpret(0), 6)

	out := make([]byte, 16)
	require.EqualValues(t, 7, call("snprintf", out, 16, "%d %s", int32(42), "text"))
	require.Equal(t, "42 text", string(out[:7]))
	require.EqualValues(t, 2, call("snprintf", nil, 0, "%d", int32(42)))
	var n int32
	word := make([]byte, 8)
	require.EqualValues(t, 2, call("sscanf", "7 seven", "%d %7s", &n, word))
	require.EqualValues(t, 7, n)
	require.EqualValues(t, 12, call("strtol", "12", nil, 10))
	require.EqualValues(t, 0x12, call("strtol", "12", dtype.Addr(0), 16))
	end, err := arena.New(dtype.PointerTo(dtype.CChar))
	require.NoError(t, err)
	require.EqualValues(t, 0, call("strtol", text, end, 10))

	values := []int32{3, 1, 2}
	call("qsort", values, 3, 4, func(a, b *int32) int32 { return int32(cmp.Compare(*a, *b)) })
	require.Equal(t, []int32{1, 2, 3}, values)
	violates("qsort", 4, "__compar != NULL", values, 3, 4, nil)

	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("contents"), 0o600))
	file := call("fopen", path, "r").(memory.Pointer)
	data := make([]byte, 8)
	require.EqualValues(t, 8, call("fread", data, 1, 8, file))
	require.Equal(t, "contents", string(data))
	require.EqualValues(t, 0, call("fclose", file))
	line := make([]byte, 8)
	file = call("fopen", path, "r").(memory.Pointer)
	violates("fgets", 1, "__s[__n]", line, 9, file)
	call("fgets", line, 8, file)
	require.True(t, bytes.HasPrefix([]byte("contents"), line[:7]), "%q", line)
	call("fclose", file)

	// What malloc returns knows its length.
	block := call("malloc", 40).(memory.Pointer)
	require.EqualValues(t, 40, block.Len())
	violates("write", 2, "__buf[__n]", 1, block, 41)
	violates("write", 2, "__buf[__n]", 1, []byte("abc"), 4)
	call("free", block)
	block = call("calloc", 5, 8).(memory.Pointer)
	require.EqualValues(t, 40, block.Len())
	call("free", block)

	// Addresses as numbers: forms without reflection, and Bind, alike.
	length, err := wasmffi.Bind1[dtype.Addr, dtype.Size](lib, "strlen", sigOf("strlen"))
	require.NoError(t, err)
	require.EqualValues(t, 5, length.Call(dtype.Addr(text.Addr())))
	compare, err := wasmffi.BindAs[func(a, b dtype.Addr) int32](lib, "strcmp", sigOf("strcmp"))
	require.NoError(t, err)
	require.Zero(t, compare(dtype.Addr(text.Addr()), dtype.Addr(text.Addr())))
	stated, err := sigOf("strlen").WithContract(sigOf("strlen").Rules())
	require.NoError(t, err)
	_, err = wasmffi.Bind1[dtype.Addr, dtype.Size](lib, "strlen", stated)
	require.ErrorIs(t, err, wasmffi.ErrNotSupported)
	strict, err := wasmffi.BindAs[func(dtype.Addr) (dtype.Size, error)](lib, "strlen", stated)
	require.NoError(t, err)
	_, err = strict(0)
	requireViolation(t, err, 1, "__s != NULL", false)
}
