package realmodules

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
)

// RE2 in C++ with a C interface.
var regexpModule = source{
	module: "github.com/wasilibs/go-re2@v1.4.1", file: "internal/wasm/libcre2.so",
	sha256: "f1b3814a82abb3804fde7f94504971cdc66026bd5127a8373b1992474888fd1f",
}

// The same compiled for threads: it imports a shared memory and uses atomic
// operations.
var threadsModule = source{
	module: "github.com/wasilibs/go-re2@v1.10.0", file: "internal/wasm/libcre2.wasm",
	sha256: "b2f0816632ca09110fabf4f5c24f7baee539d04e9038e21e1b7e638da0b5409b",
}

type cre2 struct {
	New    func(pattern wasmffi.In[byte], n int32, options uint32) (uint32, error)                                  `c:"cre2_new"`
	Delete func(re uint32) error                                                                                    `c:"cre2_delete"`
	Error  func(re uint32) (int32, error)                                                                           `c:"cre2_error_code"`
	Groups func(re uint32) (int32, error)                                                                           `c:"cre2_num_capturing_groups"`
	Match  func(re, text uint32, n, start, end, anchor int32, match wasmffi.Out[span], groups int32) (int32, error) `c:"cre2_match"`
}

// span is a cre2_string_t.
type span struct{ Data, Len uint32 }

var (
	patterns = []string{
		`a+b`, `(a|ab)(c|bcd)(d*)`, `^(\w+)\s+(\w+)`, `[0-9]{2,4}-[0-9]+`, `(?i)hello`, `x*`, `(\d+)(?:\.(\d+))?`,
		`\bfoo\b`, `[^aeiou\s]+$`, `(?P<key>\w+)=(?P<value>[^;]*)`, `ü.*é`, `(a*)*b`, `(`, `[z-a]`, `a{1001}`,
	}
	texts = []string{
		"", "aaab", "abcd", "hello world", "say HeLLo", "call 555-12345 now", "3.14159 and 2", "a foo b", "food", "key=some value; k=v",
		"grün und café", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", "rhythm",
	}
)

func TestRegexp(t *testing.T) {
	everywhere(t, "cre2.wasm", fetch(t, regexpModule), nil, nil, regexpWork)
}

// TestThreads: with one thread only.
func TestThreads(t *testing.T) {
	wasm := fetch(t, threadsModule)
	open := func() *host.Library {
		// Interpreted, since compiling it takes longer than its work.
		lib, err := host.OpenBytes(background, "threads.wasm", wasm, host.Options{Fuel: fuel, Interpreter: true, Resettable: true, Timeout: time.Minute})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, lib.Close()) })
		return lib
	}
	lib := open()
	want := regexpWork(t, lib)
	require.NoError(t, lib.Reset(background))
	assert.Equal(t, want, regexpWork(t, lib), "after a reset")
	assert.Equal(t, want, regexpWork(t, open()), "in another instance")
}

// regexpWork matches all patterns with all texts, as Go's package regexp does.
func regexpWork(t *testing.T, lib *host.Library) (steps []any) {
	var f cre2
	require.NoError(t, wasmffi.BindAll(lib, &f))
	text, err := lib.Space().Alloc(256, 1)
	require.NoError(t, err)
	for _, pattern := range patterns {
		want, wantErr := regexp.Compile(pattern)
		re, err := f.New([]byte(pattern+"\x00"), int32(len(pattern)), 0)
		require.NoError(t, err)
		steps = append(steps, left(lib.FuelLeft()))
		code, err := f.Error(re)
		require.NoError(t, err)
		require.Equal(t, wantErr != nil, code != 0, "%q: %v, %d", pattern, wantErr, code)
		if wantErr == nil {
			groups, err := f.Groups(re)
			require.NoError(t, err)
			require.EqualValues(t, want.NumSubexp(), groups, pattern)
			for _, s := range texts {
				require.NoError(t, lib.Space().WriteAt([]byte(s+"\x00"), text))
				spans := make(wasmffi.Out[span], groups+1)
				found, err := f.Match(re, uint32(text), int32(len(s)), 0, int32(len(s)), 1, spans, groups+1)
				require.NoError(t, err)
				steps = append(steps, left(lib.FuelLeft()))
				var got []int
				if found != 0 {
					for _, m := range spans {
						at := []int{-1, -1}
						if m.Data != 0 {
							at = []int{int(m.Data) - int(text), int(m.Data) - int(text) + int(m.Len)}
						}
						got = append(got, at...)
					}
				}
				assert.Equal(t, want.FindStringSubmatchIndex(s), got, "%q in %q", pattern, s)
				steps = append(steps, got)
			}
		}
		require.NoError(t, f.Delete(re))
	}
	return steps
}
