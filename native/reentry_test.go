//go:build (linux || darwin) && (amd64 || arm64)

package native

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

// TestRandomCalls looks at the threads after calls have ended in every way at
// every depth.
func TestRandomCalls(t *testing.T) {
	require.EqualValues(t, wasmffi.MaxDepth, maxDepth)
	lib, err := Open(context.Background(), wasmffitest.BuildNative(t, "conform.c"), Options{AllowAfterFault: true})
	require.NoError(t, err)
	defer lib.Close()
	ends := wasmffitest.FaultEndings
	switch {
	case runtime.GOOS != "linux":
		ends = wasmffitest.GoEndings
	case runtime.GOARCH == "arm64":
		ends = wasmffitest.FaultEndings &^ wasmffitest.Division // which gives 0 there
	}
	wasmffitest.RandomCalls(t, lib, ends, func() {
		threadRecords.Lock()
		defer threadRecords.Unlock()
		for i, r := range threadRecords.all {
			require.Zero(t, atomic.LoadUintptr(&r.depth), "calls in flight on thread %d", i)
		}
	})
	before := len(roomsInUse())
	require.Zero(t, before, "rooms in use")
}

// roomsInUse are the rooms that have not been given back.
func roomsInUse() map[int32]*room {
	used := map[int32]*room{}
	if all := rooms.all.Load(); all != nil {
		for _, r := range *all {
			if r.callback.Ctx != nil || r.failure != nil {
				used[r.number] = r
			}
		}
	}
	return used
}
