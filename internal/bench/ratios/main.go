// Command ratios reads the output of "go test -bench" and prints, after it,
// how the measurements compare with their baselines and with the limits the
// project holds itself to. Of several runs the fastest counts.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// A limit is a row of the table: a benchmark, its baseline, and how many times
// as long it may take.
type limit struct {
	what, bench, baseline string
	unit                  string
	atMost                float64
}

var limits = []limit{
	{"typed call into the sandbox, 2 scalars", "Call2/sandbox", "Call2/raw-wazero", "ns/op", 1.5},
	{"typed native call, 2 scalars", "Call2/native", "Call2/cgo", "ns/op", 1.2},
	{"typed native call, 2 doubles", "Call2Float/native", "Call2Float/cgo", "ns/op", 1.2},
	{"callback, sandbox", "Callback/sandbox", "Callback/raw-wazero", "ns/callback", 1.3},
	{"callback, native", "Callback/native", "Callback/cgo", "ns/callback", 1.2},
}

func main() {
	best := map[string]float64{} // "name unit" → least value
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		fmt.Println(in.Text())
		f := strings.Fields(in.Text())
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(f[0], "Benchmark")
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			if _, err := strconv.Atoi(name[i+1:]); err == nil {
				name = name[:i] // the number of processors
			}
		}
		for i := 2; i+1 < len(f); i += 2 {
			v, err := strconv.ParseFloat(f[i], 64)
			key := name + " " + f[i+1]
			if old, ok := best[key]; err == nil && (!ok || v < old) {
				best[key] = v
			}
		}
	}
	fmt.Println()
	fmt.Printf("%-42s %10s %10s %7s %7s %7s\n", "what", "ns", "baseline", "ratio", "at most", "allocs")
	for _, l := range limits {
		a, okA := best[l.bench+" "+l.unit]
		b, okB := best[l.baseline+" "+l.unit]
		if !okA || !okB {
			fmt.Printf("%-42s not measured: %s or %s is missing\n", l.what, l.bench, l.baseline)
			continue
		}
		fmt.Printf("%-42s %10.1f %10.1f %7.2f %7.2f %7.0f\n", l.what, a, b, a/b, l.atMost, best[l.bench+" allocs/op"])
	}
}
