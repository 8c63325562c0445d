//go:build (linux || darwin) && (amd64 || arm64)

package native_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func guardedArena(t testing.TB, lib wasmffi.Library) *memory.Arena {
	t.Helper()
	a, err := memory.NewArenaWith(lib.Space(), memory.ArenaOptions{Guarded: true})
	require.NoError(t, err)
	return a
}

func TestGuarded(t *testing.T) {
	lib := openCalls(t)
	space := lib.Space().(memory.Guarder)
	page := uint64(os.Getpagesize())
	for _, align := range []uint64{0, 1, 8, 16, page, 4 * page} {
		for _, size := range []uint64{0, 1, 15, 16, page - 1, page, page + 1, 5 * page} {
			addr, free, err := space.AllocGuarded(size, align)
			require.NoError(t, err)
			require.Zero(t, addr%max(align, 1))
			b := make([]byte, size)
			require.NoError(t, space.ReadAt(b, addr))
			require.Equal(t, make([]byte, size), b, "zeros")
			require.NoError(t, space.WriteAt(b, addr))
			require.ErrorIs(t, space.ReadAt(make([]byte, size+max(align, 1)), addr), memory.ErrOutOfBounds)
			if align <= page {
				end, pages := (addr+size+page-1)&^(page-1), (max(size, 1)+page-1)&^(page-1)
				require.NoError(t, space.ReadAt(make([]byte, 1), end-pages))
				require.ErrorIs(t, space.ReadAt(make([]byte, 1), end-pages-1), memory.ErrOutOfBounds)
			}
			require.NoError(t, free())
			require.ErrorIs(t, space.ReadAt(make([]byte, 1), addr), memory.ErrOutOfBounds)
			require.ErrorIs(t, free(), memory.ErrEnded)
		}
	}
	for _, size := range []uint64{1 << 55, 1<<64 - 1} {
		_, _, err := space.AllocGuarded(size, 16)
		require.ErrorIs(t, err, memory.ErrNoMemory)
	}
	_, _, err := space.AllocGuarded(16, 3)
	require.ErrorIs(t, err, memory.ErrType)

	arena := guardedArena(t, lib)
	v, err := arena.NewOf([]int32{1, 2, 3})
	require.NoError(t, err)
	past, err := v.Pointer().Reinterpret(5).Index(4) // one beyond the 16 bytes that its alignment takes
	require.NoError(t, err)
	_, err = past.Load()
	require.ErrorIs(t, err, memory.ErrOutOfBounds)
	require.ErrorIs(t, past.Store(1), memory.ErrOutOfBounds)
	require.NoError(t, arena.Close())
}

// C that writes into the bytes that alignment leaves free is found out later.
func TestGuardedSlack(t *testing.T) {
	lib := openCalls(t)
	memset := bind[func(dtype.Addr, int32, dtype.Size) dtype.Addr](t, lib, "memset")
	wide, err := dtype.NewStructAttr("wide", dtype.Attr{Align: 64}, dtype.Field{Name: "c", Type: dtype.CChar})
	require.NoError(t, err)
	arena := guardedArena(t, lib)
	addr, err := arena.Alloc(3, 16)
	require.NoError(t, err)
	memset(dtype.Addr(addr), 1, 3)
	require.NoError(t, arena.Close())

	arena = guardedArena(t, lib)
	addr, err = arena.Alloc(3, 16)
	require.NoError(t, err)
	memset(dtype.Addr(addr), 1, 5)
	err = arena.Close()
	require.ErrorIs(t, err, memory.ErrOutOfBounds)
	require.EqualError(t, err, fmt.Sprintf("memory: free: address %#x: out of bounds: C wrote 1 bytes beyond its 3", addr))

	arena = guardedArena(t, lib)
	v, err := arena.New(wide)
	require.NoError(t, err)
	memset(dtype.Addr(v.Addr()-2), 1, 2)
	err = arena.Free(v)
	require.ErrorContains(t, err, "C wrote up to 2 bytes before it")
	require.NoError(t, arena.Close())
}

// C that writes one past the end faults: the process dies of it or, with the
// fault guard, the call is an error. A child tries.
func TestGuardedOverrun(t *testing.T) {
	const variable = "WASMFFI_GUARDED_OVERRUN"
	if os.Getenv(variable) != "" {
		lib := openCalls(t)
		v, err := guardedArena(t, lib).NewArray(dtype.CChar, 100)
		require.NoError(t, err)
		memset := bind[func(memory.View, int32, dtype.Size) (dtype.Addr, error)](t, lib, "memset")
		_, err = memset(v, 1, 100)
		require.NoError(t, err)
		fmt.Println("before")
		_, err = memset(v, 1, 101)
		fmt.Println("after:", err)
		return
	}
	// WASMFFI_EXEC is the emulator that the test runs under.
	args := append(strings.Fields(os.Getenv("WASMFFI_EXEC")), os.Args[0], "-test.run=^TestGuardedOverrun$")
	if exec.Command(args[0], append(args[1:], "-test.list=^$")...).Run() != nil {
		t.Skip("LEFT OUT: under an emulator, a process cannot start itself; set WASMFFI_EXEC to the emulator's command")
	}
	child := exec.Command(args[0], args[1:]...)
	child.Env = append(os.Environ(), variable+"=1")
	out, err := child.CombinedOutput()
	require.Contains(t, string(out), "before")
	if err != nil {
		require.NotContains(t, string(out), "after", "the fault is fatal")
		require.Regexp(t, "SIGSEGV|SIGBUS|signal", string(out)+err.Error())
		return
	}
	require.Regexp(t, "after: .*(SIGSEGV|SIGBUS)", string(out))
}

// Go code that was lent memory which cannot be written, or is unmapped while it
// is used, gets an error.
func TestUseFaults(t *testing.T) {
	lib := openCalls(t)
	end, mem := guarded(t, syscall.PROT_READ)
	v, err := wasmffi.ViewAt(lib, dtype.Addr(end-8), mustArray(t, dtype.CInt, 4))
	require.NoError(t, err)
	err = memory.Use(v, func(s []int32) error {
		s[0] = 1
		s[3]++
		return nil
	})
	require.ErrorIs(t, err, memory.ErrOutOfBounds)
	var e *memory.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, end+4, e.Addr)
	require.EqualValues(t, 1, mem[os.Getpagesize()-8])
	require.ErrorIs(t, v.Use(func(b []byte) error { b[8] = 1; return nil }), memory.ErrOutOfBounds)

	mine := errors.New("mine")
	require.Equal(t, mine, v.Use(func([]byte) error { return mine }))
	require.Panics(t, func() {
		_ = v.Use(func([]byte) error { var p *int; *p = 1; return nil })
	}, "a panic of its own")
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	require.Panics(t, func() {
		_ = v.Use(func([]byte) error { mem[2*os.Getpagesize()] = 1; return nil })
	}, "a fault elsewhere")
}

func mustArray(t testing.TB, elem dtype.Type, n uint64) dtype.Type {
	t.Helper()
	a, err := dtype.ArrayOf(elem, n)
	require.NoError(t, err)
	return a
}

// Sizes that reach beyond what is mapped are errors before anything is read.
func TestHugeReads(t *testing.T) {
	lib := openCalls(t)
	space := lib.Space()
	addr, err := space.Alloc(64, 16)
	require.NoError(t, err)
	defer func() { require.NoError(t, space.Free(addr)) }()
	for _, n := range []uint64{1 << 40, 1 << 46, 1 << 50, 1<<56 - 1, 1 << 63, 1<<64 - 1} {
		_, err := space.Bytes(addr, n)
		require.ErrorIs(t, err, memory.ErrOutOfBounds, "%#x", n)
	}
	p := memory.NewPointer(space, nil, addr, dtype.CInt, 0)
	for _, n := range []int64{-1, 1 << 40, 1 << 58, 1<<62 - 1, 1<<63 - 1} {
		_, err := p.Bounded(n)
		require.Error(t, err, "%#x", n)
	}
	v, err := p.Reinterpret(1 << 40).Array()
	require.NoError(t, err)
	_, err = v.Bytes()
	require.ErrorIs(t, err, memory.ErrOutOfBounds)
	_, err = memory.Load[[]int32](v)
	require.ErrorIs(t, err, memory.ErrOutOfBounds)
}
