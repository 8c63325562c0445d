package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// contents is all that C and we can see of a library's state. Reading it calls
// C, which changes nothing but the fuel.
func contents(t testing.TB, lib *Library) string {
	in := lib.in
	var b bytes.Buffer
	for _, g := range in.mod.res.Globals {
		if isNumber(g.Type) {
			fmt.Fprintf(&b, "global %#x\n", in.wasm.ExportedGlobal(g.Name).Get())
		}
	}
	fmt.Fprintf(&b, "fuel %d\n", in.wasm.ExportedGlobal(in.mod.res.Fuel).Get())
	fmt.Fprintf(&b, "errno %v, slice %d, touched %v, padded %v, own %v\n",
		in.errno, in.clock.slice, in.touched, in.heap.padded, in.heap.own.free)
	if in.mem != nil {
		size := in.mem.size.Load()
		fmt.Fprintf(&b, "memory of %d bytes, the engine's %d\n", size, in.wasm.Memory().Size())
		b.Write(bytes.ReplaceAll(in.mem.region[:size], make([]byte, 64), []byte("0")))
	}
	for _, f := range []string{"g32", "size", "tsize"} {
		if _, err := lib.Lookup(f); err == nil {
			v, err := call(t, lib, f, proto(dtype.CInt))
			fmt.Fprintln(&b, f, v, err)
		}
	}
	if _, err := lib.Lookup("call"); err == nil {
		for i := range uint64(20) {
			v, err := call(t, lib, "call", proto(dtype.CInt, dtype.CInt), i)
			fmt.Fprintln(&b, "slot", i, v, err)
		}
	}
	return b.String()
}

// program calls n functions of the reset fixtures, chosen and with arguments by
// chance.
func program(t testing.TB, lib *Library, r *rand.Rand, n int) (done []string) {
	i := dtype.CInt
	funcs := []struct {
		name string
		sig  *dtype.Func
	}{
		{"set", proto(dtype.CVoid, i)}, {"poke", proto(dtype.CVoid, i, i)}, {"fill", proto(dtype.CVoid, i, i, i)},
		{"grow", proto(i, i)}, {"trap", nullary}, {"tset", proto(dtype.CVoid, i)}, {"tgrow", proto(i, i)},
		{"tinit", proto(dtype.CVoid, i)}, {"minit", proto(dtype.CVoid, i)}, {"drop", nullary},
	}
	for range n {
		if r.IntN(5) == 0 {
			size := 1 + r.Uint64()%5000
			_, err := lib.Space().Alloc(size, 16) // beyond the limit now and then
			done = append(done, fmt.Sprint("alloc ", size, err != nil))
		}
		if r.IntN(5) == 0 { // Go writes what C does not know of
			addr, size := r.Uint64()%(1<<18), 1+r.Uint64()%20_000
			if b, err := lib.Space().Bytes(addr, size); err == nil {
				for i := range b {
					b[i] ^= byte(i) | 1
				}
				done = append(done, fmt.Sprint("write ", addr, size))
			}
		}
		f := funcs[r.IntN(len(funcs))]
		if _, err := lib.Lookup(f.name); err != nil {
			continue
		}
		limit := int64(4)
		if f.name == "poke" || f.name == "fill" || f.name == "minit" {
			limit = 1 << 18
		}
		args := []uint64{r.Uint64() % uint64(limit), r.Uint64() % 256, r.Uint64() % 70_000}[:len(f.sig.Params())]
		_, err := call(t, lib, f.name, f.sig, args...) // many trap
		done = append(done, fmt.Sprint(f.name, args, err != nil))
	}
	return done
}

// TestResetIsANewInstance runs random programs of calls, resets, and compares
// all state with that of a library just opened. WASMFFI_RESETS sets how many.
func TestResetIsANewInstance(t *testing.T) {
	runs := 40
	if s := os.Getenv("WASMFFI_RESETS"); s != "" {
		var err error
		runs, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	engines(t, func(t *testing.T, opts Options) {
		opts.Resettable = true
		for _, name := range []string{"reset.wasm", "resettables.wasm", "nomemory.wasm"} {
			t.Run(name, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 0))
				lib := openTest(t, name, opts)
				want := contents(t, openTest(t, name, opts))
				changed := 0
				for range runs {
					done := program(t, lib, r, 1+r.IntN(12))
					if len(done) > 0 && contents(t, lib) != want {
						changed++
					}
					require.NoError(t, lib.Reset(background))
					require.Equal(t, want, contents(t, lib), "after %v", done)
				}
				assert.Greater(t, changed, runs/4, "programs change something")
			})
		}
	})
}

func TestResetAtTheMemoryLimit(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		opts.Resettable = true
		lib := openTest(t, "reset.wasm", opts)
		want := contents(t, lib)
		require.NoError(t, lib.Reset(background))
		grown, err := call(t, lib, "grow", proto(dtype.CInt, dtype.CInt), 37)
		require.NoError(t, err)
		require.EqualValues(t, 3, grown)
		_, err = call(t, lib, "poke", proto(dtype.CVoid, dtype.CInt, dtype.CInt), 39*pageSize, 1)
		require.NoError(t, err)
		require.NoError(t, lib.Reset(background))
		assert.Equal(t, want, contents(t, lib))
		_, err = call(t, lib, "peek", proto(dtype.CInt, dtype.CInt), 39*pageSize)
		assert.ErrorIs(t, err, ErrOutOfBounds, "memory is as small as it was")
		_, err = call(t, lib, "grow", proto(dtype.CInt, dtype.CInt), 37)
		require.NoError(t, err)
		v, err := call(t, lib, "peek", proto(dtype.CInt, dtype.CInt), 39*pageSize)
		require.NoError(t, err)
		assert.Zero(t, v, "what was there before the reset has gone")
	})
}

func TestSnapshot(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		lib := openTest(t, "reset.wasm", opts)
		r := rand.New(rand.NewPCG(1, 2))
		var saved []*Snapshot
		var want []string
		for range 4 {
			program(t, lib, r, 20)
			s, err := lib.Snapshot(background)
			require.NoError(t, err)
			saved, want = append(saved, s), append(want, "")
			// Looking uses fuel: restored, it has been used as much again.
			require.NoError(t, lib.Restore(background, s))
			want[len(want)-1] = contents(t, lib)
		}
		for range 30 {
			i := r.IntN(len(saved))
			program(t, lib, r, 5)
			require.NoError(t, lib.Restore(background, saved[i]))
			require.Equal(t, want[i], contents(t, lib), "snapshot %d", i)
		}
		assert.ErrorIs(t, lib.Reset(background), wasmffi.ErrNotSupported, "without Resettable")

		other := openTest(t, "reset.wasm", opts)
		assert.ErrorIs(t, other.Restore(background, saved[0]), wasmffi.ErrNotSupported)
		assert.ErrorIs(t, lib.Restore(background, nil), wasmffi.ErrNotSupported)
	})
	_, err := openTest(t, "resettables.wasm", Options{}).Snapshot(background)
	assert.ErrorIs(t, err, wasmffi.ErrNotSupported)
}

// TestRestoreAnew restores where only starting the module anew undoes what was
// done since: at the memory's limit, and after a look at the clock.
func TestRestoreAnew(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		lib := openTest(t, "reset.wasm", opts)
		_, err := call(t, lib, "set", proto(dtype.CVoid, dtype.CInt), 5)
		require.NoError(t, err)
		addr, err := lib.Space().Alloc(100, 16)
		require.NoError(t, err)
		s, err := lib.Snapshot(background)
		require.NoError(t, err)
		want := contents(t, lib)
		for range 2 {
			require.NoError(t, lib.Restore(background, s))
			require.Equal(t, want, contents(t, lib))
			for pages := uint64(1); lib.in.mem.size.Load() < 40*pageSize; pages = 1 {
				_, err = call(t, lib, "grow", proto(dtype.CInt, dtype.CInt), pages)
				require.NoError(t, err)
			}
		}
		require.NoError(t, lib.Restore(background, s))
		require.NoError(t, lib.Space().Free(addr), "known as it was then")

		lib = openTest(t, "wasi.wasm", opts)
		ask := prepare(t, lib, "ask", proto(dtype.CLongLong, dtype.CInt))
		_, err = callWords(nil, ask, 1)
		require.NoError(t, err)
		if s, err = lib.Snapshot(background); err != nil {
			t.Fatal(err)
		}
		want = contents(t, lib)
		for range 2 {
			_, err = callWords(nil, ask, 3)
			require.NoError(t, err)
			require.True(t, lib.in.touched)
			require.NoError(t, lib.Restore(background, s))
			require.Equal(t, want, contents(t, lib))
		}
	})
}

// TestResetAndMap: what maps a function finds it where it is afterwards.
func TestResetAndMap(t *testing.T) {
	for _, name := range []string{"reset.wasm", "resettables.wasm"} {
		lib := openTest(t, name, Options{Resettable: true})
		peek := prepare(t, lib, "peek", proto(dtype.CInt, dtype.CInt)).(wasmffi.Mapper)
		for range 3 {
			require.NoError(t, lib.Space().WriteAt([]byte{100, 0, 0, 0}, 400))
			require.NoError(t, lib.Space().WriteAt([]byte{42}, 100))
			require.NoError(t, peek.Map(background, &wasmffi.Mapping{Inner: 1, Outer: 1, Operands: []wasmffi.MapOperand{
				{Addr: 400, Inner: 4}, {Addr: 404, Inner: 4},
			}}))
			var got [4]byte
			require.NoError(t, lib.Space().ReadAt(got[:], 404))
			require.Equal(t, [4]byte{42}, got)
			require.NoError(t, lib.Reset(background))
		}
	}
}

// TestResetEndsWhatWasMade: views, arenas and callbacks; functions stay.
func TestResetEndsWhatWasMade(t *testing.T) {
	for _, name := range []string{"reset.wasm", "resettables.wasm"} {
		lib := openTest(t, name, Options{Resettable: true})
		view, err := memory.NewView(lib.Space(), nil, 1000, 4, dtype.Int32)
		require.NoError(t, err)
		arena := memory.NewArena(lib.Space())
		object, err := arena.NewOf(int32(5))
		require.NoError(t, err)
		sig := proto(dtype.CInt)
		seven, err := lib.Callback(wasmffi.CallbackSpec{Sig: sig, Func: func(f *wasmffi.Frame) error { f.Words[0] = 77; return nil }})
		require.NoError(t, err)
		slots := prepare(t, lib, "call", proto(dtype.CInt, dtype.CInt))
		out, err := callWords(nil, slots, seven.Address())
		require.NoError(t, err)
		require.EqualValues(t, 77, out[0])

		require.NoError(t, lib.Reset(background))
		_, err = memory.Load[int32](view)
		assert.ErrorIs(t, err, memory.ErrEnded)
		_, err = memory.Load[int32](object)
		assert.ErrorIs(t, err, memory.ErrEnded)
		assert.NoError(t, arena.Close())
		_, err = callWords(nil, slots, seven.Address())
		assert.Error(t, err, "the callback is freed")
		again, err := lib.Callback(wasmffi.CallbackSpec{Sig: sig, Func: func(f *wasmffi.Frame) error { f.Words[0] = 78; return nil }})
		require.NoError(t, err)
		require.NoError(t, seven.Free(), "is over already, and frees nothing of others")
		out, err = callWords(nil, slots, again.Address())
		require.NoError(t, err)
		assert.EqualValues(t, 78, out[0])
		view, err = memory.NewView(lib.Space(), nil, 1000, 4, dtype.Int32)
		require.NoError(t, err)
		_, err = memory.Load[int32](view)
		assert.NoError(t, err)
	}
}

// TestResetAndFunctionPointers: plans of function pointers outlive a restart of
// the module.
func TestResetAndFunctionPointers(t *testing.T) {
	for _, name := range []string{"reset.wasm", "resettables.wasm"} {
		lib := openTest(t, name, Options{Resettable: true})
		fn, err := lib.Prepare(wasmffi.Symbol{Addr: 1}, proto(dtype.CInt))
		require.NoError(t, err)
		for range 3 {
			out, err := callWords(nil, fn)
			require.NoError(t, err)
			assert.EqualValues(t, 7, out[0])
			require.NoError(t, lib.Reset(background))
		}
	}
}

func TestResetWaits(t *testing.T) {
	lib := openTest(t, "reset.wasm", Options{Resettable: true})
	poke := prepare(t, lib, "poke", proto(dtype.CVoid, dtype.CInt, dtype.CInt))
	_, err := callWords(nil, poke, 1000, 'x')
	require.NoError(t, err)
	view, err := memory.NewView(lib.Space(), nil, 1000, 1, dtype.Uint8)
	require.NoError(t, err)
	inside, leave := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- view.Use(func(b []byte) error {
			close(inside)
			<-leave
			assert.EqualValues(t, 'x', b[0], "memory in use does not change")
			return nil
		})
	}()
	<-inside
	ctx, cancel := context.WithTimeout(background, 10*time.Millisecond)
	defer cancel()
	err = lib.Reset(ctx)
	require.ErrorIs(t, err, wasmffi.ErrBusy)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	fresh, err := memory.NewView(lib.Space(), nil, 1000, 1, dtype.Uint8)
	require.NoError(t, err)
	b, err := memory.Load[uint8](fresh)
	require.NoError(t, err)
	assert.EqualValues(t, 'x', b, "nothing was undone")

	reset := make(chan error)
	go func() { reset <- lib.Reset(nil) }()
	select {
	case err := <-reset:
		t.Fatal("did not wait for the reader of before:", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(leave)
	require.NoError(t, <-done)
	require.NoError(t, <-reset)
	v, err := call(t, lib, "peek", proto(dtype.CInt, dtype.CInt), 1000)
	require.NoError(t, err)
	assert.EqualValues(t, 'i', v)
}

func TestResetInACallback(t *testing.T) {
	lib := openTest(t, "reset.wasm", Options{Resettable: true})
	cb, err := lib.Callback(wasmffi.CallbackSpec{Sig: proto(dtype.CInt), Func: func(f *wasmffi.Frame) error {
		assert.ErrorIs(t, lib.Reset(background), wasmffi.ErrBusy)
		_, err := lib.Snapshot(background)
		assert.ErrorIs(t, err, wasmffi.ErrBusy)
		f.Words[0] = 5
		return nil
	}})
	require.NoError(t, err)
	v, err := call(t, lib, "call", proto(dtype.CInt, dtype.CInt), cb.Address())
	require.NoError(t, err)
	assert.EqualValues(t, 5, v)
}

func TestResetOfWASI(t *testing.T) {
	engines(t, func(t *testing.T, opts Options) {
		opts.Resettable = true
		ask := func(lib *Library, what uint64) uint64 {
			v, err := call(t, lib, "ask", proto(dtype.CLongLong, dtype.CInt), what)
			require.NoError(t, err)
			return v
		}
		lib := openTest(t, "wasi.wasm", opts)
		for _, what := range []uint64{3, 4} { // the clock and random bytes of the library's own
			first := ask(lib, what)
			if what == 4 {
				require.NotEqual(t, first, ask(lib, what))
			}
			require.NoError(t, lib.Reset(background))
			assert.Equal(t, first, ask(lib, what), "what a new instance sees")
			require.NoError(t, lib.Reset(background))
		}
	})
}

func TestResetDropsOutput(t *testing.T) {
	var out bytes.Buffer
	lib := openTest(t, "greet.wasm", Options{Resettable: true, Stdout: &out})
	require.Equal(t, "hello", out.String())
	_, err := call(t, lib, "touch", nullary)
	require.NoError(t, err)
	require.NoError(t, lib.Reset(background))
	assert.Equal(t, "hello", out.String(), "started anew, and nobody hears it")
	_, err = call(t, lib, "greet", nullary)
	require.NoError(t, err)
	assert.Equal(t, "hellohello", out.String())
}

// TestResetThatFails: the module's start fails the second time.
func TestResetThatFails(t *testing.T) {
	starts, failed := int32(0), errors.New("once is enough")
	lib, err := OpenBytes(background, "startonce.wasm", fixture(t, "startonce.wasm"), Options{
		Resettable: true,
		Imports: wasmffi.Imports{{Name: "starting", Func: func() (int32, error) {
			if starts++; starts == 3 {
				return 0, failed
			}
			return starts, nil
		}}},
	})
	require.NoError(t, err)
	tsize := prepare(t, lib, "tsize", proto(dtype.CInt))
	for range 100 { // long enough for a tenure of the lock
		_, err = callWords(nil, tsize)
		require.NoError(t, err)
	}
	require.NoError(t, lib.Reset(background))
	var b [1]byte
	require.NoError(t, lib.Space().ReadAt(b[:], 16))
	assert.EqualValues(t, 1, b[0], "what the start function got when the library was opened")
	require.ErrorIs(t, lib.Reset(background), failed)
	_, err = callWords(nil, tsize)
	assert.ErrorIs(t, err, wasmffi.ErrClosed)
	assert.ErrorIs(t, lib.Reset(background), wasmffi.ErrClosed)
	assert.ErrorIs(t, lib.Space().ReadAt(b[:], 16), memory.ErrEnded)
	assert.NoError(t, lib.Close())
}

// openFiles counts the files that C has open.
type openFiles struct {
	fs.FS
	n *atomic.Int64
}

type openFile struct {
	fs.File
	n *atomic.Int64
}

func (f openFiles) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil || name == "." {
		return file, err
	}
	f.n.Add(1)
	return openFile{file, f.n}, nil
}

func (f openFile) Close() error {
	f.n.Add(-1)
	return f.File.Close()
}

func TestResetClosesFiles(t *testing.T) {
	var open atomic.Int64
	lib := openTest(t, "wasi.wasm", Options{Resettable: true, Dirs: []Dir{{FS: openFiles{fstest.MapFS{"file.txt": {Data: []byte("x")}}, &open}}}})
	want := contents(t, lib)
	for range 2 {
		for range 3 {
			v, err := call(t, lib, "ask", proto(dtype.CLongLong, dtype.CInt), 2)
			require.NoError(t, err)
			require.EqualValues(t, 'x', v)
		}
		require.EqualValues(t, 3, open.Load(), "C leaves them open")
		_, err := lib.Snapshot(background)
		require.ErrorIs(t, err, wasmffi.ErrNotSupported)
		require.NoError(t, lib.Reset(background))
		require.Zero(t, open.Load())
		require.Equal(t, want, contents(t, lib))
	}
}

func TestResetOfAClosedLibrary(t *testing.T) {
	lib, err := OpenBytes(background, "reset.wasm", fixture(t, "reset.wasm"), Options{Resettable: true})
	require.NoError(t, err)
	s, err := lib.Snapshot(background)
	require.NoError(t, err)
	require.NoError(t, lib.Close())
	assert.ErrorIs(t, lib.Reset(background), wasmffi.ErrClosed)
	assert.ErrorIs(t, lib.Restore(background, s), wasmffi.ErrClosed)
	_, err = lib.Snapshot(background)
	assert.ErrorIs(t, err, wasmffi.ErrClosed)
}
