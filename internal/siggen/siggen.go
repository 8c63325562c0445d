// Package siggen makes random C functions that check what they receive, and
// calls them through a [wasmffi.Library]: the same functions for every backend.
//
// A [Generator] draws signatures and values, a [Batch] of them becomes one C
// file, and [Batch.Check] calls everything in the compiled library, in both
// directions. What is compared are the bits that mean something: padding, the
// unused members of a union and the bits between bit-fields are noise both ways.
package siggen

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// Features say what signatures are made of, besides scalars of up to 64 bits.
type Features struct {
	Wide       bool // long double, __int128 and complex numbers
	Aggregates bool // structs and unions by value
	Vectors    bool // SIMD vectors of 8 and 16 bytes
}

// A Generator draws random signatures of one ABI.
type Generator struct {
	rnd      *rand.Rand
	abi      *dtype.ABI
	features Features
	compiler *Compiler

	enums    []dtype.Type
	typedefs []dtype.Type
	vectors  []dtype.Type
	defs     []dtype.Type // of the batch, in the order in which C must see them
	records  []dtype.Type // of the batch, to be used again
	names    int
	drawn    []*Function // of the batch
	excluded map[string]int
}

// New makes a generator for what a compiler compiles. The same seed and stream
// give the same signatures.
func New(c *Compiler, f Features, seed, stream uint64) *Generator {
	if f.Vectors {
		own := *c
		own.Command = append(c.Command[:len(c.Command):len(c.Command)], c.VectorFlags...)
		c = &own
	}
	return &Generator{rnd: rand.New(rand.NewPCG(seed, stream)), abi: c.ABI, features: f, compiler: c, excluded: map[string]int{}}
}

// Excluded counts the types that were drawn and not used, by the compiler's
// reason.
func (g *Generator) Excluded() map[string]int { return g.excluded }

// A Batch is functions that become one C file.
type Batch struct {
	Functions []*Function
	compiler  *Compiler
	defs      []dtype.Type
	size      uint64 // of the values
}

// Batch draws n functions.
func (g *Generator) Batch(n int) *Batch {
	g.start()
	for i := range n {
		g.drawn = append(g.drawn, g.function(fmt.Sprintf("f%d", i)))
	}
	return g.batch(g.drawn)
}

func (g *Generator) batch(fs []*Function) *Batch {
	b := &Batch{Functions: fs, compiler: g.compiler, defs: g.defs}
	for _, f := range fs {
		for i := range f.values {
			b.add(&f.values[i])
		}
		b.add(&f.result)
	}
	return b
}

// add gives a value its place among the batch's.
func (b *Batch) add(v *Value) {
	v.at = b.size
	b.size += uint64(len(v.bytes))
}

func (g *Generator) chance(percent int) bool { return g.rnd.IntN(100) < percent }

func pick[T any](g *Generator, from ...T) T { return from[g.rnd.IntN(len(from))] }

func (g *Generator) name(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

// must unwraps the result of a constructor that is given valid arguments.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// FromEnv reads a number that a person may set to run more, or again.
func FromEnv(t testing.TB, name string, normally uint64) uint64 {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return normally
	}
	n, err := strconv.ParseUint(s, 0, 64)
	require.NoError(t, err, name)
	return n
}

// Seed is WASMFFI_SEED, or one of its own for each run, and is logged.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := FromEnv(t, "WASMFFI_SEED", uint64(time.Now().UnixNano())&(1<<32-1))
	t.Logf("WASMFFI_SEED=%d", seed)
	return seed
}
