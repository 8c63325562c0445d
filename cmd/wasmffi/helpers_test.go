package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/host"
)

func TestFlagsAmongWords(t *testing.T) {
	parse := func(args ...string) (words []string, list listFlag, on bool, fs *flagSet, err error) {
		fs = newFlags("test")
		fs.Var(&list, "e", "")
		fs.BoolVar(&on, "json", false, "")
		words, err = fs.parse(args)
		return
	}
	words, list, on, fs, err := parse("a", "-1", "--json", "-inf", "-e", "x", "--e=y", "-", "b", "-.5", "--", "--json", "-z")
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "-1", "-inf", "-", "b", "-.5"}, words)
	assert.Equal(t, listFlag{"x", "y"}, list)
	assert.True(t, on)
	assert.Equal(t, []string{"--json", "-z"}, fs.rest)

	for in, want := range map[string]string{
		"--nope":     "wasmffi: test: no flag --nope; see wasmffi help test",
		"-e":         "wasmffi: test: -e needs a value",
		"--json=cat": `wasmffi: test: --json cat: parse error`,
	} {
		_, _, _, _, err := parse(in)
		assert.EqualError(t, err, want)
	}
	_, _, _, _, err = parse("-h")
	assert.ErrorIs(t, err, errHelp)
}

func TestByteSize(t *testing.T) {
	for in, want := range map[string]uint64{"1": 1, "7B": 7, "64KiB": 64 << 10, "2M": 2 << 20, "3GiB": 3 << 30} {
		var b byteSize
		require.NoError(t, b.Set(in), in)
		assert.Equal(t, want, uint64(b), in)
	}
	for _, bad := range []string{"", "0", "MiB", "-1", "1.5M", "1TiB", "99999999999GiB", "64Mi"} {
		var b byteSize
		assert.Error(t, b.Set(bad), bad)
	}
}

func TestParseDir(t *testing.T) {
	dir := t.TempDir()
	for in, want := range map[string]host.Dir{
		dir + ":/a/b":     {Host: dir, Guest: "/a/b"},
		dir + ":/a/b/:ro": {Host: dir, Guest: "/a/b", ReadOnly: true},
		dir + ":/":        {Host: dir, Guest: "/"},
	} {
		d, err := parseDir(in)
		require.NoError(t, err)
		assert.Equal(t, want, d)
	}
	for _, bad := range []string{"", ":", dir, ":/a", dir + ":a", dir + "/none:/a", ":ro", dir + ":ro"} {
		_, err := parseDir(bad)
		assert.Error(t, err, bad)
	}
}

// TestDefinitions reads what it writes of types that need each other.
func TestDefinitions(t *testing.T) {
	const text = `
		enum color { RED, GREEN = 5 };
		struct node;
		typedef struct node node_t;
		typedef node_t *list_t;
		struct leaf { char name[4]; enum color c; };
		struct node { list_t next; struct { struct leaf leaf; int (*f)(list_t, struct other *); }; struct leaf more[2]; };
		struct other { node_t n; union { int i; float f; } u; };`
	first, err := cdecl.Parse(text, cdecl.Options{ABI: dtype.WASM32})
	require.NoError(t, err)
	for _, name := range []string{"node_t", "list_t", "struct node", "struct other", "struct leaf", "enum color"} {
		t.Run(name, func(t *testing.T) {
			want, err := first.Type(name)
			require.NoError(t, err)
			var out strings.Builder
			w := &definitionWriter{out: &out, done: map[string]bool{}}
			w.definition(want)
			second, err := cdecl.Parse(out.String(), cdecl.Options{ABI: dtype.WASM32})
			require.NoError(t, err, out.String())
			got, err := second.Type(name)
			require.NoError(t, err, out.String())
			assert.True(t, dtype.Identical(want, got), out.String())
		})
	}
}

func TestTypeNames(t *testing.T) {
	assert.Equal(t, []string{"area", "point_t", "p", "struct st", "size_t", "n"},
		typeNames("double area(const point_t *p, struct st *, size_t n, unsigned long[64])"))
}

func TestQuoteWords(t *testing.T) {
	assert.Equal(t, `cc -DX=1 'a b' 'it'\''s' ''`, quoteWords([]string{"cc", "-DX=1", "a b", "it's", ""}))
}

func TestProtoName(t *testing.T) {
	for proto, want := range map[string]string{
		"double cos(double)": "cos", "char *f(void)": "f", "spin": "spin", "": "",
	} {
		assert.Equal(t, want, protoName(proto))
	}
}
