package wasmffi

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// NearMatches are up to three of all that name may have been meant to be, the
// likeliest first: names that differ in case, in underscores around them, or in
// a few letters; none that is much worse than the best.
func NearMatches(name string, all iter.Seq[string]) []string {
	type match struct {
		name string
		dist int
	}
	limit := max(1, len(name)/3)
	var best []match
	for s := range all {
		d := limit + 1
		switch {
		case s == name:
			continue
		case strings.EqualFold(strings.Trim(s, "_"), strings.Trim(name, "_")):
			d = 0
		case len(s) <= len(name)+limit && len(name) <= len(s)+limit:
			d = editDistance(name, s, limit)
		}
		if d <= limit {
			best = append(best, match{s, d})
		}
	}
	slices.SortFunc(best, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.dist, b.dist), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, m := range best[:min(3, len(best))] {
		if m.dist <= best[0].dist+1 {
			names = append(names, m.name)
		}
	}
	return slices.Compact(names)
}

// NotFound is the error for a missing symbol: it wraps ErrNotFound and names
// the near matches among all.
func NotFound(name string, all iter.Seq[string]) error {
	near := NearMatches(name, all)
	if len(near) == 0 {
		return fmt.Errorf("symbol %w", ErrNotFound)
	}
	for i, n := range near {
		if q := strconv.Quote(n); n == "" || q != `"`+n+`"` { // a library's author may have meant harm
			near[i] = q
		}
	}
	return fmt.Errorf("symbol %w; did you mean %s?", ErrNotFound, strings.Join(near, ", "))
}

// editDistance is the number of bytes to insert, delete, replace or swap to
// make b of a, or limit+1 when it exceeds limit.
func editDistance(a, b string, limit int) int {
	prev2 := make([]int, len(b)+1)
	prev := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], prev2[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > limit {
			return limit + 1
		}
		prev2, prev, row = prev, row, prev2
	}
	return prev[len(b)]
}
