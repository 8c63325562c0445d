package main

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a library's author calls its functions does nothing to a terminal.
func TestHostileNames(t *testing.T) {
	const name = "\x1b[2J\nmain"
	wasm := []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00")
	wasm = append(wasm, 7, byte(len(name)+4), 1, byte(len(name)))
	wasm = append(append(wasm, name...), 0, 0)
	wasm = append(wasm, 10, 4, 1, 2, 0, 0x0b)
	path := filepath.Join(t.TempDir(), "hostile.wasm")
	require.NoError(t, os.WriteFile(path, wasm, 0o600))
	run := func(args ...string) string {
		var out, err bytes.Buffer
		term := &terminal{out: bufio.NewWriter(&out), err: &err}
		term.run(args)
		return out.String() + err.String()
	}
	assert.Contains(t, run("inspect", path), "\n  \\x1b[2J\\nmain () -> ()\n")
	for _, args := range [][]string{{"inspect", path}, {"call", path, "void J_main(void)"}, {"call", path, "J\nmain"}} {
		assert.NotContains(t, run(args...), "\x1b", args)
	}
}

// A start function is held to --timeout as a call is.
func TestEndlessStart(t *testing.T) {
	wasm := []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x08\x01\x00" +
		"\x0a\x09\x01\x07\x00\x03\x40\x0c\x00\x0b\x0b")
	path := filepath.Join(t.TempDir(), "start.wasm")
	require.NoError(t, os.WriteFile(path, wasm, 0o600))
	var out, err bytes.Buffer
	term := &terminal{out: bufio.NewWriter(&out), err: &err}
	assert.Equal(t, exitFailed, term.run([]string{"call", "--timeout", "20ms", path, "void f(void)"}))
	assert.Contains(t, err.String(), "start function: call took longer than the library's limit of 20ms")
}
