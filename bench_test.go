package wasmffi_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// BenchmarkRoot is what this package costs by itself: a call that reaches a
// backend which does nothing.
func BenchmarkRoot(b *testing.B) {
	lib := newFake(b, dtype.LinuxAMD64, map[string]func(*wasmffi.Frame) error{"f": func(*wasmffi.Frame) error { return nil }})
	form, err := wasmffi.Bind2[int32, int32, int32](lib, "f", nil)
	require.NoError(b, err)
	bound, err := wasmffi.Bind[func(int32, int32) int32](lib, "f")
	require.NoError(b, err)
	checked, err := wasmffi.BindAs[func(int64, int64) int64](lib, "f", sigOf(b, dtype.CInt, dtype.CInt, dtype.CInt))
	require.NoError(b, err)
	reflected, err := wasmffi.Bind[func(int32, int32, []byte) (int32, error)](lib, "f")
	require.NoError(b, err)
	buf := make([]byte, 8)
	b.Run("Func2", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			form.Call(2, 3)
		}
	})
	b.Run("Bind", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bound(2, 3)
		}
	})
	b.Run("Bind-checked", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			checked(2, 3)
		}
	})
	type args struct{ A, B int32 }
	prepared, err := wasmffi.Prepare[args, int32](lib, "f", nil)
	require.NoError(b, err)
	dynamic, err := wasmffi.BindFunc(lib, "f", sigOf(b, dtype.CInt, dtype.CInt, dtype.CInt))
	require.NoError(b, err)
	undeclared, err := wasmffi.BindUndeclared(lib, "f", nil)
	require.NoError(b, err)
	b.Run("Prepare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			prepared.Call(args{2, 3})
		}
	})
	b.Run("Func", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = dynamic.Call(nil, 2, 3)
		}
	})
	b.Run("Undeclared", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = undeclared.Call(nil, 2, 3)
		}
	})
	b.Run("Bind-reflect", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = reflected(2, 3, buf)
		}
	})
}
