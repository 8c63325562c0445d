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

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour that make a into b, or at least limit.
func distance(a, b string, limit int) int {
	if abs(len(a)-len(b)) >= limit || len(a) > 64 {
		return limit
	}
	rows := [3][]int{}
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, above, above2 := rows[i%3], rows[(i+2)%3], rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := above[j-1]
			if a[i-1] != b[j-1] {
				cost++
			}
			row[j] = min(cost, row[j-1]+1, above[j]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], above2[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}

func abs(n int) int { return max(n, -n) }
