package wasmffitest

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// reentry has Go and C call each other, to the depth that is stated, and end
// in every way at every depth.
func reentry(t *testing.T, b Backend) {
	t.Run("to the stated depth", func(t *testing.T) {
		lib := b.open(t)
		apply := bind[func(func(int32) (int32, error), int32) (int32, error)](t, lib, "apply")
		for range 3 {
			levels := int32(0)
			var down func(x int32) (int32, error)
			down = func(x int32) (int32, error) {
				levels = max(levels, x)
				if x == wasmffi.MaxDepth {
					return x, nil
				}
				return apply(down, x+1)
			}
			r, err := apply(down, 1)
			require.NoError(t, err)
			require.EqualValues(t, wasmffi.MaxDepth, r, "and all the way back")
			require.EqualValues(t, wasmffi.MaxDepth, levels)

			var deepest error
			down = func(x int32) (int32, error) {
				levels = max(levels, x)
				r, err := apply(down, x+1)
				if x == wasmffi.MaxDepth {
					deepest = err
				}
				return r, err
			}
			_, err = apply(down, 1)
			require.ErrorIs(t, err, wasmffi.ErrDepth)
			require.ErrorIs(t, deepest, wasmffi.ErrDepth, "the call beyond it")
			require.EqualValues(t, wasmffi.MaxDepth, levels, "and no sooner")
			require.EqualValues(t, 3, bind[func(int32, int32) int32](t, lib, "add")(1, 2), "usable afterwards")
		}
	})
	t.Run("random calls that end in every way", func(t *testing.T) {
		lib := b.open(t)
		if b.Sandbox {
			RandomCalls(t, lib, AllEndings, func() {})
		} else {
			RandomCalls(t, lib, GoEndings, func() {})
		}
	})
}

// RandomCalls makes random trees of calls from Go into C and from C into Go,
// and checks that each call gives what it should: C's result, or the error,
// panic, trap or deadline that ended it or a call inside it, at whatever depth.
// ends says in which of these ways calls may end. After each tree the library must
// work as before; after looks at it more closely.
//
// $WASMFFI_STRESS, as in 60s, says how long to go on; the seed is logged.
func RandomCalls(t *testing.T, lib wasmffi.Library, ends Endings, after func()) {
	t.Helper()
	seed := rand.Uint64()
	if s := os.Getenv("WASMFFI_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("WASMFFI_SEED=%d", seed)
	r := &randomCalls{T: t, rnd: rand.New(rand.NewPCG(seed, 2)), ends: ends,
		call:  bind[func(context.Context, func(int32) (int32, error), int32, int32) (int32, error)](t, lib, "fail_after"),
		add:   bind[func(int32, int32) int32](t, lib, "add"),
		stack: bind[func() dtype.Size](t, lib, "stack_mark"),
	}
	top := r.stack()
	end := time.Now().Add(stressTime(t, time.Second/2))
	for trees := 0; trees < 20 || time.Now().Before(end); trees++ {
		tree := r.tree(r.rnd.IntN(12))
		done := make(chan struct{})
		go func() { // one of the ways ends the goroutine
			defer close(done)
			r.run(tree)
		}()
		<-done
		require.EqualValues(t, 3, r.add(1, 2), "seed %d, tree %d", seed, trees)
		if ends == AllEndings { // on one stack, the guest's
			require.Equal(t, top, r.stack(), "the stack pointer: seed %d, tree %d", seed, trees)
		}
		after()
		if t.Failed() {
			t.Fatalf("seed %d, tree %d", seed, trees)
		}
	}
}

// stressTime is $WASMFFI_STRESS, or else d.
func stressTime(t testing.TB, d time.Duration) time.Duration {
	if s := os.Getenv("WASMFFI_STRESS"); s != "" {
		var err error
		d, err = time.ParseDuration(s)
		require.NoError(t, err, "WASMFFI_STRESS, as in 60s")
	}
	return d
}

type randomCalls struct {
	*testing.T
	rnd  *rand.Rand
	ends Endings
	// deadlines is how many of the calls that are going on have one.
	deadlines int
	call      func(context.Context, func(int32) (int32, error), int32, int32) (int32, error)
	add       func(int32, int32) int32
	stack     func() dtype.Size
}

// A callNode is a call into C, which calls back into Go, which makes the calls
// of its kids.
type callNode struct {
	end  ending
	kids []*callNode
	// passOn: an error of a kid's is the callback's.
	passOn bool
}

// An ending is how a call ends.
type ending uint8

const (
	byResult ending = iota
	byError
	byPanic
	byGoexit
	// Those that follow are C's doing, in the order of fail_after.
	byTrap
	byDivision
	byDeadline
	byBadPointer
	byExit
	endings
)

// Endings are a set of ways in which calls may end.
type Endings uint

const (
	// GoEndings are those that Go brings about: results, errors, panics and
	// runtime.Goexit.
	GoEndings Endings = 1<<byTrap - 1
	// FaultEndings are GoEndings and faults of C.
	FaultEndings = GoEndings | 1<<byTrap | 1<<byDivision | 1<<byBadPointer
	// Division is the fault that only some processors have.
	Division Endings = 1 << byDivision
	// AllEndings are FaultEndings, deadlines in C, and exit.
	AllEndings Endings = 1<<endings - 1
)

var endedBy = [endings]error{nil, errBoom, wasmffi.ErrCallback, nil,
	wasmffi.ErrTrap, wasmffi.ErrTrap, context.DeadlineExceeded, wasmffi.ErrTrap, wasmffi.ErrExit}

func (r *randomCalls) tree(depth int) *callNode {
	n := &callNode{passOn: r.rnd.IntN(3) == 0}
	if r.rnd.IntN(2) == 0 {
		n.end = ending(r.rnd.IntN(int(endings)))
		if r.ends&(1<<n.end) == 0 {
			n.end = byResult
		}
	}
	if n.end == byGoexit && r.rnd.IntN(4) != 0 || n.end == byDeadline && r.rnd.IntN(3) != 0 {
		n.end = byResult // the one hides all that would follow, the other takes long
	}
	if depth > 0 {
		for range 1 + r.rnd.IntN(2)*r.rnd.IntN(2) {
			n.kids = append(n.kids, r.tree(depth-1))
		}
	}
	return n
}

// run makes the call of a node and returns its error, after checking that it
// is the right one.
func (r *randomCalls) run(n *callNode) error {
	var ctx context.Context
	how := int32(0)
	if n.end >= byTrap {
		how = int32(n.end-byTrap) + 1
	}
	if n.end == byDeadline {
		c, cancel := context.WithTimeout(context.Background(), 3*time.Millisecond)
		defer cancel()
		ctx = c
		r.deadlines++
		defer func() { r.deadlines-- }()
	}
	var want []error
	got, err := r.call(ctx, func(x int32) (int32, error) {
		here := r.stack()
		for _, kid := range n.kids {
			err := r.run(kid)
			if s := r.stack(); s != here {
				r.Errorf("stack pointer %#x, was %#x", s, here)
			}
			if r.add(x, 1) != x+1 {
				r.Error("add")
			}
			if err != nil && n.passOn {
				want = append(want, err)
				return -1, err
			}
		}
		switch n.end {
		case byError:
			want = append(want, errBoom)
			return -1, errBoom
		case byPanic:
			want = append(want, wasmffi.ErrCallback)
			panic("as it should")
		case byGoexit:
			runtime.Goexit()
		}
		return x + 1, nil
	}, 41, how)
	if r.deadlines > 0 && errors.Is(err, context.DeadlineExceeded) {
		return err // which may have come before C was entered, or inside
	}
	if e := endedBy[n.end]; e != nil && how != 0 {
		want = append(want, e)
	}
	switch {
	case len(want) == 0 && err != nil:
		r.Errorf("%d: %v", n.end, err)
	case len(want) == 0 && got != 42:
		r.Errorf("%d: result %d", n.end, got)
	}
	for _, e := range want {
		if !errors.Is(err, e) {
			r.Errorf("%d: want %v, got %v", n.end, e, err)
		}
	}
	return err
}
