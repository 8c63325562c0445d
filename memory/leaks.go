package memory

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// A TB is the part of [testing.TB] that CheckLeaks needs.
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
}

// CheckLeaks fails a test at its end if arenas that were made in the space
// since the call are not closed by then, and names what they hold and where it
// was made. It costs a stack trace for each object.
func CheckLeaks(t TB, space Space) {
	t.Helper()
	w := &leakWatch{arenas: map[*Arena]site{}}
	watchesMu.Lock()
	outer := watches[space]
	watches[space] = w
	watching.Add(1)
	watchesMu.Unlock()
	t.Cleanup(func() {
		t.Helper()
		watchesMu.Lock()
		if watches[space] = outer; outer == nil {
			delete(watches, space)
		}
		watching.Add(-1)
		watchesMu.Unlock()
		if s := w.report(); s != "" {
			t.Errorf("%s", s)
		}
	})
}

var (
	watching  atomic.Int32 // how many watches there are
	watchesMu sync.Mutex
	watches   = map[Space]*leakWatch{}
)

// A leakWatch is the arenas of a space that are open. The nil watch watches
// nothing.
type leakWatch struct {
	mu     sync.Mutex
	arenas map[*Arena]site
}

func watchOf(space Space) *leakWatch {
	if watching.Load() == 0 {
		return nil
	}
	watchesMu.Lock()
	defer watchesMu.Unlock()
	return watches[space]
}

func (w *leakWatch) opened(a *Arena) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.arenas[a] = w.site()
}

func (w *leakWatch) closed(a *Arena) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.arenas, a)
}

// report says what is not closed; it is empty if all is.
func (w *leakWatch) report() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var arenas []string
	for a, at := range w.arenas {
		arenas = append(arenas, a.leaks(at))
	}
	slices.Sort(arenas)
	return strings.Join(arenas, "\n")
}

// leaks describes an arena that is not closed.
func (a *Arena) leaks(at site) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "memory: an arena made at %s is not closed; it holds %d objects", at, len(a.objects))
	if len(a.loose) > 0 {
		fmt.Fprintf(&b, " and %d pieces from Alloc", len(a.loose))
	}
	objects := make([]*object, 0, len(a.objects))
	for o := range a.objects {
		objects = append(objects, o)
	}
	slices.SortFunc(objects, func(o, p *object) int { return cmp.Compare(o.addr, p.addr) })
	for _, o := range objects {
		fmt.Fprintf(&b, "\n\t%v, %d bytes at %#x, made at %s", o.typ, o.size, o.addr, o.site)
	}
	return b.String()
}

// A site is where in a program something was made.
type site []uintptr

// site is that of the caller of this package.
func (w *leakWatch) site() site {
	if w == nil {
		return nil
	}
	var pcs [16]uintptr
	return pcs[:runtime.Callers(2, pcs[:])]
}

// String is the file and line of the first caller outside of this package.
func (s site) String() string {
	frames := runtime.CallersFrames(s)
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "github.com/wasmffi/wasmffi/memory.") || strings.HasSuffix(f.File, "_test.go") {
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}
