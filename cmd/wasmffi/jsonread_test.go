package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadValue(t *testing.T) {
	v, err := readValue([]byte(` {"n": -12345678901234567890.5e-3 , "a":[1 ,true,false,null,"x"],"b":{},"c":[]} `))
	require.NoError(t, err)
	assert.Equal(t, objectValue, v.kind)
	assert.Equal(t, []string{"n", "a", "b", "c"}, v.members)
	n, ok := v.member("n")
	assert.True(t, ok)
	assert.Equal(t, value{kind: numberValue, text: "-12345678901234567890.5e-3"}, n)
	a, _ := v.member("a")
	assert.Equal(t, []value{
		{kind: numberValue, text: "1"}, {kind: trueValue}, {kind: falseValue}, {}, {kind: stringValue, text: "x"},
	}, a.elems)

	for _, bad := range []string{"", "{", "[1,]", "01", "nul", `"a`, "1 2", "{'a':1}", "NaN"} {
		_, err := readValue([]byte(bad))
		assert.Error(t, err, bad)
		assert.Equal(t, value{kind: stringValue, text: bad}, wordValue(bad), "a word that is no JSON is a string")
	}
}

func TestStringsLoseNothing(t *testing.T) {
	for name, c := range map[string]struct{ json, bytes string }{
		"ascii":              {`"a b"`, "a b"},
		"quotes":             {`"\"\\"`, `"\`},
		"control":            {`"\n\t\r\u0001\u007f"`, "\n\t\r\x01\x7f"},
		"nul":                {`"a\u0000b"`, "a\x00b"},
		"utf-8":              {`"grün €"`, "grün €"},
		"beyond the BMP":     {`"😀"`, "😀"},
		"no UTF-8":           {`"\udcff\udc80"`, "\xff\x80"},
		"no UTF-8 in UTF-8":  {`"ü\udcfcü"`, "ü\xfcü"},
		"encoded surrogate":  {`"\udced\udca0\udc80"`, "\xed\xa0\x80"},
		"cut off in the end": {`"\udce2\udc82"`, "\xe2\x82"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.json, string(appendString(nil, c.bytes)))
			v, err := readValue([]byte(c.json))
			require.NoError(t, err)
			assert.Equal(t, c.bytes, v.text)
		})
	}
	for in, want := range map[string]string{
		`"\u00e9\/\b\f"`: "é/\b\f",
		`"\ud83d\ude00"`: "😀",
		`"\ud83dx"`:      "\xed\xa0\xbdx",
		`"\ud83d\udc80"`: "💀", // a pair, not an escaped byte
		"\"\xff\"":       "\xff",
	} {
		v, err := readValue([]byte(in))
		require.NoError(t, err)
		assert.Equal(t, want, v.text, in)
	}
}

func FuzzReadValue(f *testing.F) {
	f.Add([]byte(`{"a":[1,"\ud800",{}],"b":-1e5}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := readValue(text)
		assert.Equal(t, json.Valid(text), err == nil)
		if v.kind == stringValue {
			again, err := readValue(appendString(nil, v.text))
			require.NoError(t, err)
			assert.Equal(t, v.text, again.text)
		}
	})
}
