package dtype

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// FuzzLayout lays random types out on every ABI: members are in order, do not
// overlap, lie inside, and the size is a multiple of the alignment.
func FuzzLayout(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		g := newTypeGen(WASM32, seed)
		g.Rand = rand.New(rand.NewPCG(seed, 0))
		g.start()
		for range 5 {
			typ := g.record()
			for _, abi := range ABIs() {
				l, err := abi.Layout(typ)
				if err != nil { // widths and arrays that fit wasm32 only
					assert.ErrorIs(t, err, ErrInvalid)
					continue
				}
				checkInvariants(t, typ, l)
				checkAligned(t, typ, l, abi)
				d, err := abi.Describe(typ)
				assert.NoError(t, err)
				assert.LessOrEqual(t, d.Padding, l.Size)
				assert.NotEmpty(t, d.String())
				assert.True(t, abi.LayoutEqual(typ, typ))
			}
			assert.True(t, Identical(typ, typ))
		}
	})
}

// checkAligned checks that members are where their alignment wants them,
// where no attribute says otherwise.
func checkAligned(t testing.TB, typ Type, l *Layout, abi *ABI) {
	t.Helper()
	if attr := recordOf(typ).Attr(); attr.Packed || attr.Pack != 0 {
		return
	}
	for _, f := range l.Fields {
		if f.BitField || f.Packed {
			continue
		}
		info, err := abi.info(f.Type)
		assert.NoError(t, err)
		align := max(info.align, f.Align)
		assert.Zero(t, f.Offset%align, "%s.%s at %d, align %d", Define(typ), f.Name, f.Offset, align)
		assert.GreaterOrEqual(t, l.Align, align, "%s.%s", Define(typ), f.Name)
	}
}

// FuzzPath follows any text as a path: what is found lies inside the type.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"", "n", ".n", "pts[2].y", "grid[1][0]", "hi", "flags.lo", "tail[9].x", "pts[", "]", "..", "[0]", "pts[0x2]", "tail[99999999999]"} {
		f.Add(path)
	}
	poly := polygon(f)
	f.Fuzz(func(t *testing.T, path string) {
		for _, abi := range []*ABI{WASM32, LinuxAMD64} {
			at, err := abi.Find(poly, path)
			if err != nil {
				var e *Error
				assert.ErrorAs(t, err, &e)
				continue
			}
			assert.LessOrEqual(t, at.Offset, abi.maxSize())
			if size, err := abi.Size(poly); err == nil && len(path) < 4 {
				assert.LessOrEqual(t, at.Offset, size)
			}
			if at.Bits != nil {
				assert.Equal(t, at.Offset, at.Bits.Offset)
			}
		}
	})
}
