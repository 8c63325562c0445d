package sealed

import (
	"encoding/hex"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	// staleTemp is how old a file must be that nobody is writing any more.
	staleTemp = time.Hour
	// maxNames bounds how much of a directory is looked at that others can fill.
	maxNames = 1 << 16
)

// evict removes files that were not used for long until the sum of their sizes
// is at most s.max, all but kept.
func (s *Store) evict(root *os.Root, kept string) (evicted int, err error) {
	d, err := root.Open(".")
	if err != nil {
		return 0, err
	}
	names, err := d.Readdirnames(maxNames)
	d.Close()
	if err != nil && err != io.EOF { // of an empty directory
		return 0, err
	}
	type file struct {
		name string
		size int64
		used time.Time
	}
	var files []file
	var sum int64
	for _, name := range names {
		temp := strings.HasPrefix(name, tempTag)
		if !temp && !isName(name) {
			continue // not ours
		}
		st, err := root.Lstat(name)
		if err != nil || !st.Mode().IsRegular() {
			continue
		}
		if temp {
			if time.Since(st.ModTime()) > staleTemp {
				_ = root.Remove(name)
			}
			continue
		}
		sum += st.Size()
		if name != kept {
			files = append(files, file{name, st.Size(), st.ModTime()})
		}
	}
	slices.SortFunc(files, func(a, b file) int { return a.used.Compare(b.used) })
	for _, f := range files {
		if sum <= s.max {
			break
		}
		if root.Remove(f.name) == nil { // else another process may have
			evicted++
		}
		sum -= f.size
	}
	return evicted, nil
}

// isName reports whether a store may have named a file so.
func isName(name string) bool {
	digits, ok := strings.CutSuffix(name, suffix)
	if !ok || len(digits) != 64 {
		return false
	}
	_, err := hex.DecodeString(digits)
	return err == nil
}
