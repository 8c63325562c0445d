package host

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

// Calls, faults, deadlines, callbacks, memory, resets and snapshots beside each
// other, until Close comes.
func TestAllTogether(t *testing.T) {
	for range 2 {
		lib, err := OpenBytes(background, "e", fixture(t, "emscripten.wasm"), emscripten(Options{Resettable: true, KeepFaults: true, Fuel: 200000}))
		require.NoError(t, err)
		var wg sync.WaitGroup
		until := time.Now().Add(300 * time.Millisecond)
		run := func(f func() error) {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for time.Now().Before(until.Add(50 * time.Millisecond)) {
					if err := f(); errors.Is(err, wasmffi.ErrClosed) {
						return
					}
				}
			}()
		}
		c := prepare(t, lib, "count", count)
		d := prepare(t, lib, "through", proto(int0.Result(), int0.Result(), int0.Result()))
		fe := prepare(t, lib, "forever", nullary)
		for range 3 {
			run(func() error {
				got, err := callWords(nil, c, 100, 0)
				if err == nil {
					assert.EqualValues(t, 300, got[0])
				}
				return err
			})
		}
		run(func() error { _, err := callWords(nil, fe); return err })
		run(func() error {
			ctx, cancel := context.WithTimeout(background, time.Millisecond)
			defer cancel()
			_, err := callWords(ctx, fe)
			return err
		})
		run(func() error { return lib.Reset(background) })
		run(func() error {
			s, err := lib.Snapshot(background)
			if err != nil {
				return err
			}
			return lib.Restore(background, s)
		})
		run(func() error {
			var b [100]byte
			_ = lib.Space().ReadAt(b[:], 1024)
			a, err := lib.Space().Alloc(1000, 8)
			if err != nil {
				return err
			}
			_ = lib.Space().WriteAt(b[:], a)
			return lib.Space().Free(a)
		})
		run(func() error {
			cb, err := lib.Callback(wasmffi.CallbackSpec{Sig: unary, Func: func(f *wasmffi.Frame) error {
				if len(f.Words) > 1 {
					f.Words[1] = 3
				}
				_, err := callWords(nil, c, 3, 0)
				return err
			}})
			if err != nil {
				return err
			}
			_, err = callWords(nil, d, cb.Address(), 7)
			_ = cb.Free()
			return err
		})
		time.Sleep(300 * time.Millisecond)
		require.NoError(t, lib.Close())
		wg.Wait()
		_, err = callWords(nil, c, 100, 0)
		require.ErrorIs(t, err, wasmffi.ErrClosed)
	}
}
