package guestabi

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// instructions lists the instructions of a module by their offset in the code
// section.
func instructions(m *Module) (offsets []uint64, ops map[uint64]opcode) {
	ops = map[uint64]opcode{}
	for _, c := range m.Codes {
		r := reader{b: m.bytes, pos: int(c.Instrs.Offset), end: int(c.Instrs.End())}
		for r.pos < r.end {
			in := r.instr()
			at := uint64(in.at) - uint64(m.CodeSection.Offset)
			offsets = append(offsets, at)
			ops[at] = in.op
		}
	}
	return offsets, ops
}

// TestOriginalOffset maps every instruction of rewritten modules back: to an
// instruction of the original, in order, so that each is reached, at last by
// the instruction itself.
func TestOriginalOffset(t *testing.T) {
	paths, err := filepath.Glob("../testdata/wasm/kernels/*.wasm")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			wasm, err := os.ReadFile(path)
			require.NoError(t, err)
			res, err := Rewrite(wasm, Options{})
			require.NoError(t, err)
			m, err := Parse(res.Wasm)
			require.NoError(t, err)

			old, oldOps := instructions(res.Module)
			moved, newOps := instructions(m)
			last := map[uint64]opcode{}
			at := uint64(0)
			for _, n := range moved {
				o := res.OriginalOffset(n)
				require.GreaterOrEqual(t, o, at, "new offset %#x", n)
				at = o
				if _, ok := oldOps[o]; ok {
					last[o] = newOps[n]
				} else {
					require.EqualValues(t, res.Module.CodeSection.Len, o, "new offset %#x is no instruction", n)
				}
			}
			require.Len(t, last, len(old))
			for _, o := range old {
				if _, bulk := helperOf(oldOps[o]); !bulk {
					assert.Equal(t, oldOps[o], last[o], "old offset %#x", o)
				}
			}
		})
	}
}

// replicate makes a big module: the functions of a small one n times.
func replicate(tb testing.TB, path string, n int) []byte {
	wasm, err := os.ReadFile(path)
	require.NoError(tb, err)
	m, err := Parse(wasm)
	require.NoError(tb, err)
	out := []byte(header)
	for _, id := range []SectionID{SectionType, SectionImport, SectionFunction, SectionTable, SectionMemory,
		SectionGlobal, SectionExport, SectionElement, SectionCode, SectionData} {
		body := m.Bytes(m.sections[id])
		if id == SectionFunction || id == SectionCode {
			body = appendU32(nil, uint32(n*len(m.Funcs)))
			items := m.Bytes(m.sections[id])[1:]
			for range n {
				body = append(body, items...)
			}
		}
		if len(body) > 0 {
			out = appendSection(out, id, body)
		}
	}
	return out
}

// BenchmarkRewrite prepares modules of several sizes: the time is linear.
func BenchmarkRewrite(b *testing.B) {
	for _, size := range []struct {
		name  string
		bytes int
	}{{"100KB", 100_000}, {"1.5MB", 1_500_000}, {"6MB", 6_000_000}} {
		wasm := replicate(b, "../testdata/wasm/kernels/sort.wasm", size.bytes/786)
		b.Run(size.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(wasm)))
			for b.Loop() {
				if _, err := Rewrite(wasm, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
