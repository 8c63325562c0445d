package host

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/guestabi"
)

// An outline is the module but for what its functions do, and the engine takes it
// for another.
func TestOutline(t *testing.T) {
	limits := moduleLimits{memoryPages: 4096, table: guestabi.DefaultMaxTable}
	for _, name := range []string{"basic.wasm", "reset.wasm", "nomemory.wasm", "resettables.wasm"} {
		_, wasm, err := rewrite(limits, fixture(t, name))
		require.NoError(t, err)
		out := outline(wasm)
		want, err := guestabi.Parse(wasm)
		require.NoError(t, err)
		got, err := guestabi.Parse(out)
		require.NoError(t, err)
		require.Equal(t, outlineSection, got.Customs[0].Name)
		require.Equal(t, sections(wasm), sections(out)[1:])
		for i := range got.Funcs {
			body := out[got.Codes[i].Body.Offset:got.Codes[i].Body.End()]
			require.Equal(t, "\x00\x00\x0b", string(body), i)
		}
		require.Len(t, got.Codes, len(want.Codes))
	}
	// Functions that do something else make another outline.
	one, two := []byte(probe), []byte(probe)
	two[len(two)-2]-- // i32.ctz
	require.NotEqual(t, outline(one), outline(two))
	require.Len(t, outline(two), len(outline(one)))
}

// sections are the sections of a module, that of the code empty.
func sections(wasm []byte) (out []string) {
	for at := 8; at < len(wasm); {
		size, n := binary.Uvarint(wasm[at+1:])
		end := at + 1 + n + int(size)
		if wasm[at] == byte(guestabi.SectionCode) {
			out = append(out, "code")
		} else {
			out = append(out, string(wasm[at:end]))
		}
		at = end
	}
	return out
}
