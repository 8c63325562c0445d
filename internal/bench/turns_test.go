package bench

import (
	"slices"
	"testing"
	"time"
)

// A turn is one of those who do the same thing.
type turn struct {
	who string
	run func()
}

// inTurns measures runs of the same work in turns, so that whatever else the
// machine does slows all of them alike, and reports the median of each as
// ns/who, divided by how often a run does what is measured.
func inTurns(b *testing.B, times int, turns ...turn) {
	took := make([][]time.Duration, len(turns))
	for range 2 { // the first ones find nothing in the caches
		for _, t := range turns {
			t.run()
		}
	}
	for b.Loop() {
		for i, t := range turns {
			start := time.Now()
			t.run()
			took[i] = append(took[i], time.Since(start))
		}
	}
	for i, t := range turns {
		slices.Sort(took[i])
		b.ReportMetric(float64(took[i][len(took[i])/2].Nanoseconds())/float64(times), "ns/"+t.who)
	}
}
