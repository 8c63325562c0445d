package host

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A resources is what the process has taken from the system.
type resources struct {
	heap, resident uint64 // bytes; resident is 0 where it cannot be told
	goroutines     int
	files          int // open descriptors; 0 where they cannot be told
}

// usage measures after everything that nobody refers to has been let go.
func usage(t testing.TB) (r resources) {
	for range 3 { // cleanups start others
		debug.FreeOSMemory()
		time.Sleep(time.Millisecond)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r.heap, r.goroutines = m.HeapAlloc, runtime.NumGoroutine()
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		r.files = len(fds)
	}
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		var kib uint64
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kib); n == 1 {
			r.resident = kib << 10
		}
	}
	return r
}

// requireNotAbove checks that the process uses no more than before, but for what
// the runtime and the engine keep for next time.
func (r resources) requireNotAbove(t testing.TB, before resources) {
	t.Helper()
	t.Logf("heap %d → %d KiB, resident %d → %d KiB, goroutines %d → %d, files %d → %d", before.heap>>10, r.heap>>10,
		before.resident>>10, r.resident>>10, before.goroutines, r.goroutines, before.files, r.files)
	assert.LessOrEqual(t, r.heap, before.heap+4<<20, "heap")
	if !raceEnabled {
		assert.LessOrEqual(t, r.resident, before.resident+48<<20, "resident memory")
	}
	assert.LessOrEqual(t, r.goroutines, before.goroutines, "goroutines")
	assert.LessOrEqual(t, r.files, before.files, "open files")
}
