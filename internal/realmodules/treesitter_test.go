package realmodules

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/host"
)

// The tables and the lexer of tree-sitter's JSON parser, linked as a shared
// library: its host decides where its data and table entries are.
var treesitterModule = source{
	module: "tree-sitter-json@0.24.8", npm: true, file: "tree-sitter-json.wasm",
	sha256: "d2119fb98d5912719b13f9458574f8608d2d29dfbe45f6be1f860ea1fe2a2405",
}

func TestSharedLibrary(t *testing.T) {
	everywhere(t, "tree-sitter-json.wasm", fetch(t, treesitterModule), nil, nil, lexWork)
}

// lexWork runs the lexer, which calls Go for each character.
func lexWork(t *testing.T, lib *host.Library) (steps []any) {
	language, err := wasmffi.Bind[func() (uint32, error)](lib, "tree_sitter_json")
	require.NoError(t, err)
	tables, err := language()
	require.NoError(t, err)
	// Members of struct TSLanguage, of version 14.
	require.EqualValues(t, 14, u32(t, lib, tables))
	symbols, names, lexFn := u32(t, lib, tables+4), u32(t, lib, tables+56), u32(t, lib, tables+92)
	var named []string
	for i := range symbols {
		named = append(named, text(lib, u32(t, lib, names+4*i)))
	}
	for _, s := range []string{"end", "{", "}", "[", "]", ",", ":", "number", "true", "null", "document", "object", "array", "pair"} {
		assert.Contains(t, named, s)
	}
	at, err := lib.FuncAt(uint64(lexFn))
	require.NoError(t, err)
	assert.Equal(t, "(i32, i32) -> i32", at.Signature)

	const input = `[1, true,null , -2.5e3,{ } ]`
	pos, end := 0, 0
	// struct TSLexer: the character, the symbol found, and function pointers.
	lexer, err := lib.Space().Alloc(32, 4)
	require.NoError(t, err)
	put := func(offset uint64, v uint32) {
		require.NoError(t, lib.Space().WriteAt(binary.LittleEndian.AppendUint32(nil, v), lexer+offset))
	}
	look := func() {
		c := uint32(0)
		if pos < len(input) {
			c = uint32(input[pos])
		}
		put(0, c)
	}
	start := 0
	callback := func(offset uint64, fn any) {
		cb, err := wasmffi.NewCallback(lib, fn, nil)
		require.NoError(t, err)
		t.Cleanup(func() { _ = cb.Free() })
		put(offset, uint32(cb.Address()))
	}
	callback(8, func(_ uint32, skip bool) {
		pos++
		if skip {
			start = pos
		}
		look()
	})
	callback(12, func(uint32) { end = pos })
	callback(24, func(uint32) bool { return pos >= len(input) })

	sig, err := dtype.NewFunc(dtype.CBool, []dtype.Param{{Type: dtype.CUInt}, {Type: dtype.CUShort}}, false)
	require.NoError(t, err)
	lex, err := wasmffi.BindAddr(lib, dtype.Addr(lexFn), sig)
	require.NoError(t, err)
	var tokens, want []string
	for range 100 {
		start = pos
		look()
		found, err := lex.Call(background, uint32(lexer), uint16(0))
		require.NoError(t, err)
		steps = append(steps, left(lib.FuelLeft()))
		if found != true {
			break
		}
		symbol := u32(t, lib, uint32(lexer)+4) & 0xffff
		pos = end
		if named[symbol] == "end" {
			break
		}
		tokens = append(tokens, named[symbol]+" "+input[start:end])
	}
	kinds := []string{"true", "null"}
	for _, tok := range strings.Fields("[ 1 , true , null , -2.5e3 , { } ]") {
		kind := tok
		if !slices.Contains(kinds, tok) && strings.ContainsAny(tok, "0123456789") {
			kind = "number"
		}
		want = append(want, kind+" "+tok)
	}
	assert.Equal(t, want, tokens)
	return append(steps, tokens)
}
