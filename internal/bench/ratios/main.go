// Command ratios reads the output of "go test -bench" and prints, after it,
// what was measured side by side, and how that compares with the limits the
// project holds itself to. Of several runs the fastest counts. It ends with
// status 1 if a limit is missed and -strict was given.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A limit is a row of the table: a measurement, its baseline, and how many times
// as long it may take. Without a baseline it may take so many of its unit.
type limit struct {
	what           string
	name, baseline string // benchmark and unit
	atMost         float64
	mayAllocate    bool
}

var limits = []limit{
	{"typed call into the sandbox, 2 scalars", "Call2 ns/sandbox", "Call2 ns/raw-wazero", 1.5, false},
	{"typed native call, 2 scalars", "Call2 ns/native", "Call2 ns/cgo", 1.2, false},
	{"typed native call, 2 doubles", "Call2Float ns/native", "Call2Float ns/cgo", 1.2, false},
	{"struct by value, native, prepared", "ByValue ns/native", "ByValue ns/cgo", 2, false},
	{"native leaf call, 2 scalars", "Call2 ns/leaf", "Call2 ns/cgo", 0.35, false},
	{"native leaf call, 2 doubles", "Call2Float ns/leaf", "Call2Float ns/cgo", 0.35, false},
	{"callback, sandbox", "Callback ns/sandbox", "Callback ns/raw-wazero", 1.3, false},
	{"callback, native", "Callback ns/native", "Callback ns/cgo", 1.2, false},
	{"C function over an array, sandbox", "Map/sandbox ns/element", "", 5, true},
	{"C function over an array, native", "Map/native ns/element", "", 3, true},
	{"pooled call of some work, beside never reset", "PoolWork/one ns/op", "PoolWork/own-one ns/op", 1.25, true},
	{"the same, all processors", "PoolWork/parallel ns/op", "PoolWork/own-parallel ns/op", 1.25, true},
	{"pooled call beside a fresh instance's", "Pool/do ns/op", "Pool/fresh ns/op", 0.1, true},
	{"reset, 1 MiB of memory", "Reset/1MiB ns/reset", "", 25_000, true},
	{"reset, 256 MiB of memory", "Reset/256MiB ns/reset", "", 25_000, true},
	{"open 1.4 MB of wasm (SQLite), cached", "Open/cached/sqlite ns/op", "", 50e6, true},
}

// A group is a row that sums up benchmarks with a common prefix: the worst of
// them, and where there is a baseline the geometric mean of their ratios too.
type group struct {
	what, prefix   string
	unit, baseline string  // units
	mean, worst    float64 // at most
}

var groups = []group{
	{"fuel and deadline, kernels", "Fuel/", "ns/sandbox", "ns/raw-wazero", 1.15, 1.8},
	{"wait for C that spins, 99 of 100", "Pause/", "ns/pause", "", 0, 5_000_000},
	{"the garbage collector's pause meanwhile", "GCPause/", "ns/pause", "", 0, 5_000_000},
}

// beside are the benchmarks that are shown with all who do the same.
var beside = []struct{ what, bench string }{
	{"call, 2 ints", "Call2"},
	{"call, 2 doubles", "Call2Float"},
	{"struct by value", "ByValue"},
	{"1000 doubles", "Slice1000"},
	{"callback", "Callback"},
	{"callback with struct", "CallbackStruct"},
}

var who = []string{"sandbox", "native", "raw-wazero", "raw-purego", "cgo", "ctypes"}

func main() {
	strict := flag.Bool("strict", false, "end with status 1 if a limit is missed")
	flag.Parse()
	best := read(os.Stdin, os.Stdout)
	printBeside(best)
	if missed := printLimits(best) + printGroups(best); missed > 0 && *strict {
		os.Exit(1)
	}
}

// read copies the output and gives the least value of each "name unit".
func read(r io.Reader, w io.Writer) map[string]float64 {
	best := map[string]float64{}
	in := bufio.NewScanner(r)
	for in.Scan() {
		_, _ = fmt.Fprintln(w, in.Text())
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
	return best
}

func printBeside(best map[string]float64) {
	fmt.Printf("\n%-22s", "ns")
	for _, w := range who {
		fmt.Printf(" %10s", w)
	}
	fmt.Println()
	for _, row := range beside {
		fmt.Printf("%-22s", row.what)
		for _, w := range who {
			if v, ok := best[row.bench+" ns/"+w]; ok {
				fmt.Printf(" %10.1f", v)
			} else {
				fmt.Printf(" %10s", "")
			}
		}
		fmt.Println()
	}
}

func printLimits(best map[string]float64) (missed int) {
	fmt.Printf("\n%-46s %10s %10s %7s %7s %7s\n", "what", "ns", "baseline", "ratio", "at most", "allocs")
	for _, l := range limits {
		v, ok := best[l.name]
		base, hasBase := best[l.baseline]
		if !ok || l.baseline != "" && !hasBase {
			fmt.Printf("%-46s not measured\n", l.what)
			continue
		}
		allocs := best[strings.Replace(l.name, " ns/", " allocs/", 1)]
		missedIt := allocs != 0 && !l.mayAllocate
		if l.baseline == "" {
			missedIt = missedIt || v > l.atMost
			fmt.Printf("%-46s %10.1f %10s %7s %7.0f", l.what, v, "", "", l.atMost)
		} else {
			missedIt = missedIt || v/base > l.atMost
			fmt.Printf("%-46s %10.1f %10.1f %7.2f %7.2f %7.0f", l.what, v, base, v/base, l.atMost, allocs)
		}
		if missedIt {
			fmt.Print("  MISSED")
			missed++
		}
		fmt.Println()
	}
	if missed > 0 {
		fmt.Printf("%d of %d limits are missed in this run; on a busy machine, run it again\n", missed, len(limits))
	}
	return missed
}

func printGroups(best map[string]float64) (missed int) {
	for _, g := range groups {
		names := g.members(best)
		if len(names) == 0 {
			fmt.Printf("%-46s not measured: %s is missing\n", g.what, g.prefix)
			continue
		}
		logs, worst, at := 0.0, 0.0, ""
		for _, name := range names {
			v := best[g.prefix+name+" "+g.unit]
			if g.baseline != "" {
				v /= best[g.prefix+name+" "+g.baseline]
				fmt.Printf("  %-40s %29.2f\n", name, v)
			}
			logs += math.Log(v)
			if v > worst {
				worst, at = v, name
			}
		}
		verdict := func(v, most float64) string {
			if v <= most {
				return ""
			}
			missed++
			return "  MISSED"
		}
		if g.baseline != "" {
			mean := math.Exp(logs / float64(len(names)))
			fmt.Printf("%-46s %29.2f %7.2f%s\n", fmt.Sprintf("%s, mean of %d", g.what, len(names)), mean, g.mean, verdict(mean, g.mean))
			fmt.Printf("%-46s %29.2f %7.2f%s\n", g.what+", worst: "+at, worst, g.worst, verdict(worst, g.worst))
		} else {
			fmt.Printf("%-46s %10.0f %26.0f%s\n", g.what, worst, g.worst, verdict(worst, g.worst))
			fmt.Printf("  the longest of %d is %s\n", len(names), at)
		}
	}
	return missed
}

// members are the names in a group, of benchmarks that have their baseline.
func (g group) members(best map[string]float64) (names []string) {
	for key := range best {
		name, inGroup := strings.CutPrefix(key, g.prefix)
		name, measured := strings.CutSuffix(name, " "+g.unit)
		if !inGroup || !measured {
			continue
		}
		if _, ok := best[g.prefix+name+" "+g.baseline]; ok || g.baseline == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
