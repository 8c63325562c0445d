package cdecl

import (
	"slices"
	"strings"
)

// nearest is "; did you mean x?" with the name that is most like name, or
// nothing if none is.
func nearest(name string, names []string) string {
	slices.Sort(names)
	best, found := len(name)/3+1, ""
	for _, n := range names {
		if strings.EqualFold(n, name) {
			found = n
			break
		}
		if d := distance(name, n, best); d < best {
			best, found = d, n
		}
	}
	if found == "" || found == name {
		return ""
	}
	return "; did you mean " + found + "?"
}

// distance is the number of edits between a and b, or at least limit.
func distance(a, b string, limit int) int {
	if abs(len(a)-len(b)) >= limit || len(a) > 64 {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

func abs(n int) int { return max(n, -n) }
