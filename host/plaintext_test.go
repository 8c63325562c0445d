package host

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

func TestPlainWriter(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\n":           "plain\ttext\n",
		"größe 日本\n":              "größe 日本\n",
		"\x1b[2J\x1b]0;title\a":   `\x1b[2J\x1b]0;title\a`,
		"over\rwritten\b\x7f\x00": `over\rwritten\b\x7f\x00`,
		"\u009b31m":               `\u009b31m`, // CSI in one character
		"\x9b31m\xff":             `\x9b31m\xff`,
		"a\u202etxt.exe":          `a\u202etxt.exe`, // right to left
		"back\\slash":             "back\\slash",
	} {
		whole, bytewise := new(bytes.Buffer), new(bytes.Buffer)
		n, err := (&plainWriter{w: whole}).Write([]byte(in))
		require.NoError(t, err)
		assert.Equal(t, len(in), n)
		assert.Equal(t, want, whole.String())
		w := &plainWriter{w: bytewise}
		for i := range len(in) {
			_, err := w.Write([]byte{in[i]})
			require.NoError(t, err)
		}
		assert.Equal(t, want, bytewise.String(), "in single bytes")
	}
}

// TestPlainWriterRandom: whatever is written, and in whatever pieces.
func TestPlainWriterRandom(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 2000 {
		p := make([]byte, r.IntN(40))
		for i := range p {
			p[i] = byte(r.Uint32())
		}
		var whole, parts bytes.Buffer
		_, _ = (&plainWriter{w: &whole}).Write(p)
		w := &plainWriter{w: &parts}
		for rest := p; len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			_, _ = w.Write(rest[:n])
			rest = rest[n:]
		}
		require.Equal(t, whole.String(), parts.String(), "seed %d: %q", seed, p)
		require.True(t, utf8.Valid(parts.Bytes()))
		for _, b := range parts.Bytes() {
			require.False(t, b < ' ' && b != '\n' && b != '\t' || b == 0x7f, "seed %d: %q", seed, p)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestPlainOutput(t *testing.T) {
	_, err := (&plainWriter{w: brokenWriter{}}).Write([]byte("x"))
	require.EqualError(t, err, "broken")

	for _, plain := range []bool{false, true} {
		var out bytes.Buffer
		lib := openTest(t, "basic.wasm", Options{Stdout: &out, PlainText: plain, OutputLimit: 6})
		addr, err := lib.Space().Alloc(16, 1)
		require.NoError(t, err)
		require.NoError(t, lib.Space().WriteAt([]byte("\x1b[31mred\x00"), addr))
		_, err = call(t, lib, "say", proto(dtype.CInt, dtype.PointerToConst(dtype.CChar)), addr)
		require.NoError(t, err)
		want := "\x1b[31mr"
		if plain {
			want = `\x1b[31mr`
		}
		assert.Equal(t, want, out.String(), "the limit counts what C wrote")
	}
}
