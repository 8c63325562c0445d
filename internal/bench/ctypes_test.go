package bench

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// ctypesTimes are what Python's ctypes takes for each benchmark, in
// nanoseconds, measured once; or why there are none.
var (
	ctypesOnce  sync.Once
	ctypesTimes = map[string]float64{}
	ctypesError string
)

// ctypes reports what ctypes takes for a benchmark, as if it had been measured
// here.
func ctypes(b *testing.B, name string) {
	ctypesOnce.Do(func() { measureCtypes(b) })
	if ns, ok := ctypesTimes[name]; ok {
		b.ReportMetric(ns, "ns/ctypes")
	} else {
		b.Log(ctypesError)
	}
}

func measureCtypes(b *testing.B) {
	python, err := exec.LookPath("python3")
	if err == nil {
		err = exec.Command(python, "-c", "import ctypes").Run()
	}
	if err != nil {
		ctypesError = "LEFT OUT: no python3 with ctypes; install the Debian package python3"
		return
	}
	out, err := exec.Command(python, "ctypes_bench.py", nativeLibrary(b)).CombinedOutput()
	require.NoError(b, err, "%s", out)
	for line := range strings.Lines(string(out)) {
		var name string
		var ns float64
		_, err := fmt.Sscan(line, &name, &ns)
		require.NoError(b, err, "%s", line)
		ctypesTimes[name] = ns
	}
}
