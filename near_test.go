package wasmffi_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
)

func TestNearMatches(t *testing.T) {
	all := []string{"polygon_area", "polygon_free", "strlen", "strnlen", "_init", "Area", "a"}
	for _, c := range []struct {
		name string
		want []string
	}{
		{"polygon_aera", []string{"polygon_area"}},
		{"stlren", []string{"strlen"}},
		{"area", []string{"Area"}},
		{"init", []string{"_init"}},
		{"strlen", []string{"strnlen"}},
		{"completely different", nil},
		{"", []string{"a"}},
	} {
		require.Equal(t, c.want, wasmffi.NearMatches(c.name, slices.Values(all)), "%q", c.name)
	}
}

// Names come from libraries, whose authors may mean harm.
func TestNotFoundQuotes(t *testing.T) {
	err := wasmffi.NotFound("ab", slices.Values([]string{"a\x1b", "abc"}))
	require.EqualError(t, err, `symbol not found; did you mean "a\x1b", abc?`)
}

func FuzzNearMatches(f *testing.F) {
	f.Add("a", "b")
	f.Add("\xff\x00", "strlen")
	f.Fuzz(func(t *testing.T, name, other string) {
		for _, m := range wasmffi.NearMatches(name, slices.Values([]string{other, name})) {
			require.NotEqual(t, name, m)
		}
	})
}
