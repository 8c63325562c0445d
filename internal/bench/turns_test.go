package bench

import (
	"slices"
	"testing"
	"time"
)

// A turn is one of those who do the same thing.
type turn struct {
	who   string
	run   func()
	alone bool // it leaves garbage, whose collection would slow the others down
}

// inTurns measures runs of the same work in turns, so that whatever else the
// machine does slows all of them alike, and reports the median of each as
// ns/who and what it allocates as allocs/who, both divided by how often a run
// does what is measured.
func inTurns(b *testing.B, times int, turns ...turn) {
	took := make([][]time.Duration, len(turns))
	measure := func(i int) {
		start := time.Now()
		turns[i].run()
		took[i] = append(took[i], time.Since(start))
	}
	for _, t := range turns {
		t.run() // the first finds nothing in the caches
	}
	for b.Loop() {
		for i, t := range turns {
			if !t.alone {
				measure(i)
			}
		}
	}
	for i, t := range turns {
		for t.alone && len(took[i]) < 100 {
			measure(i)
		}
		slices.Sort(took[i])
		b.ReportMetric(float64(took[i][len(took[i])/2].Nanoseconds())/float64(times), "ns/"+t.who)
		b.ReportMetric(testing.AllocsPerRun(3, t.run)/float64(times), "allocs/"+t.who)
	}
	b.ReportMetric(0, "ns/op") // of no meaning
}
