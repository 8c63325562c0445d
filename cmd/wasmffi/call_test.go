package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
)

// openSession opens a library with the declarations of testdata/values.h.
func openSession(t *testing.T, path string, flags *callFlags) (*session, *opened) {
	t.Helper()
	lib, err := wasmffi.Open(context.Background(), path, host.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, lib.Close()) })
	o := &opened{lib: lib, flags: flags}
	s, err := newSession(lib, &flags.decls, o.flush)
	require.NoError(t, err)
	return s, o
}

func declared() *callFlags {
	f := &callFlags{}
	f.decls.addHeader("testdata/values.h")
	return f
}

// answerOf is the line that answers a line of --jsonl.
func answerOf(s *session, o *opened, line string) string {
	a, err := answerLine([]byte(line), s, o)
	if err != nil {
		return string(errorReply(err))
	}
	return string(a.json())
}

// TestCalls has each row of the table of values, on both backends.
func TestCalls(t *testing.T) {
	cases := []struct{ proto, args, answer string }{
		{"signed char id_schar(signed char)", `[-128]`, `{"result":-128}`},
		{"unsigned char id_uchar(unsigned char)", `["0xff"]`, `{"result":255}`},
		{"char id_char(char)", `[65]`, `{"result":65}`},
		{"short id_short(short)", `[-32768]`, `{"result":-32768}`},
		{"unsigned short id_ushort(unsigned short)", `[65535]`, `{"result":65535}`},
		{"int id_int(int)", `[-2147483648]`, `{"result":-2147483648}`},
		{"unsigned id_uint(unsigned)", `[4294967295]`, `{"result":4294967295}`},
		{"long id_long(long)", `[-2147483648]`, `{"result":-2147483648}`},
		{"unsigned long id_ulong(unsigned long)", `[4294967295]`, `{"result":4294967295}`},
		{"long long id_llong(long long)", `[-9223372036854775808]`, `{"result":-9223372036854775808}`},
		{"unsigned long long id_ullong(unsigned long long)", `[18446744073709551615]`, `{"result":18446744073709551615}`},
		{"__int128 id_i128(__int128)", `["-170141183460469231731687303715884105728"]`, `{"result":"-170141183460469231731687303715884105728"}`},
		{"unsigned __int128 id_u128(unsigned __int128)", `["340282366920938463463374607431768211455"]`, `{"result":"340282366920938463463374607431768211455"}`},
		{"_Bool id_bool(_Bool)", `[true]`, `{"result":true}`},
		{"_Bool id_bool(_Bool)", `[0]`, `{"result":false}`},
		{"enum color id_color(enum color)", `["BLUE"]`, `{"result":6}`},
		{"enum sign id_sign(enum sign)", `[-1]`, `{"result":-1}`},
		{"float id_float(float)", `[0.1]`, `{"result":0.1}`},
		{"double id_double(double)", `[5e-324]`, `{"result":5e-324}`},
		{"double id_double(double)", `["-inf"]`, `{"result":"-inf"}`},
		{"double id_double(double)", `["nan"]`, `{"result":"nan"}`},
		{"double id_double(double)", `[-0.0]`, `{"result":-0.0}`},
		{"long double id_ldouble(long double)", `[0.1]`, `{"result":0.1}`},
		{"float _Complex id_cfloat(float _Complex)", `[[0.1,-2.5]]`, `{"result":[0.1,-2.5]}`},
		{"double _Complex id_cdouble(double _Complex)", `[[1,"nan"]]`, `{"result":[1,"nan"]}`},
		{"long double _Complex id_cldouble(long double _Complex)", `[[0.1,0.3]]`, `{"result":[0.1,0.3]}`},

		{"struct point id_point(struct point)", `[{"y":2}]`, `{"result":{"x":0,"y":2}}`},
		{"struct mixed id_mixed(struct mixed)", `[{"c":5,"s":[1,2,3],"p":[1.5,2.5],"name":"abcdefgh","text":"hello","ok":true}]`,
			`{"result":{"c":5,"s":[1,2,3],"p":{"x":1.5,"y":2.5},"name":"abcdefgh","text":"hello","ok":true}}`},
		{"struct bits id_bits(struct bits)", `[{"a":-4,"b":31,"c":true,"d":-549755813888,"e":5}]`,
			`{"result":{"a":-4,"b":31,"c":true,"d":-549755813888,"e":5}}`},
		{"struct anon id_anon(struct anon)", `[{"tag":1,"lo":2,"hi":1,"y":9}]`,
			`{"result":{"tag":1,"i":65538,"f":9.1838e-41,"lo":2,"hi":1,"x":0,"y":9}}`},
		{"union number id_number(union number)", `[{"f":1.5}]`, `{"result":{"i":1069547520,"f":1.5,"bytes":[0,0,192,63]}}`},

		{"const char *id_str(const char *)", `["grün\udcff"]`, `{"result":"grün\udcff"}`},
		{"const char *id_str(const char *)", `[null]`, `{"result":null}`},
		{"const wchar_t *id_wstr(const wchar_t *)", `["grün😀"]`, `{"result":"grün😀"}`},
		{"void *id_ptr(void *)", `[4096]`, `{"result":4096}`},
		{"void *id_ptr(void *)", `["0x1000"]`, `{"result":4096}`},
		{"void *id_ptr(void *)", `[null]`, `{"result":null}`},

		{"int sum(const int *v, int n)", `[[1,2,3],3]`, `{"result":6,"args":[[1,2,3],3]}`},
		{"void twice(double *v, int n)", `[[1,2.5],2]`, `{"result":null,"args":[[2,5],2]}`},
		{"void move(struct point *p, int n)", `[{"x":1},1]`, `{"result":null,"args":[{"x":2,"y":-1},1]}`},
		{"void move(struct point *p, int n)", `[[[1,2],{"y":1}],2]`, `{"result":null,"args":[[{"x":2,"y":1},{"x":1,"y":0}],2]}`},
		{"int packet_sum(const struct packet *p)", `[{"n":3,"data":[1,2,300]}]`, `{"result":303,"args":[{"n":3,"data":[1,2,300]}]}`},
		{"void packet_fill(struct packet *p)", `[{"n":4,"data":[0,0,0,0]}]`, `{"result":null,"args":[{"n":4,"data":[0,1,4,9]}]}`},
		{"int list_sum(const struct list *l)", `[{"value":1,"next":{"value":2}}]`, `{"result":3,"args":[{"value":1,"next":{"value":2,"next":null}}]}`},
		{"double row_sum(float **rows, int n, int m)", `[[[1,2],[3,4.5]],2,2]`, `{"result":10.5,"args":[[[1,2],[3,4.5]],2,2]}`},

		{"void upper(char *s)", `["hello"]`, `{"result":null,"args":["HELLO"]}`},
		{"void upper(char *s)", `[{"c":"char[16]","v":"hello"}]`, `{"result":null,"args":["HELLO"]}`},
		{"void wide_upper(wchar_t *s)", `["grün"]`, `{"result":null,"args":["GRüN"]}`},
		{"unsigned wide_at(const wchar_t *s, int i)", `["aé😀",2]`, `{"result":128512}`},
		{"int count(const char *const *words)", `[["a","b",null]]`, `{"result":2,"args":[["a","b",null]]}`},
		{"void swap_words(const char **words)", `[["a","b"]]`, `{"result":null,"args":[["b","a"]]}`},
		{"int out_string(const char **out)", `[[null]]`, `{"result":9,"args":[["made in C"]]}`},

		{"int apply(function f, int x)", `[null,3]`, `{"result":-1}`},
		{"int fail_with(int e)", `[2]`, `{"result":-1,"errno":2}`},
		{"void nothing(void)", `[]`, `{"result":null}`},

		{"double add_all(const char *kinds, ...)", `["ildd",1,5000000000,0.5,1e2]`, `{"result":5000000101.5}`},
		{"double add_all(const char *kinds, ...)", `["s","abc"]`, `{"result":3,"args":["s","abc"]}`},
		{"double add_all(const char *kinds, ...)", `["p",null]`, `{"result":1000}`},
		{"double add_all(const char *kinds, ...)", `["ii",true,{"c":"signed char","v":-1}]`, `{"result":0}`},
		{"double add_all(const char *kinds, ...)", `["d",{"c":"float","v":0.1}]`, `{"result":0.10000000149011612}`},
		{"double add_all(const char *kinds, ...)", `["pp",{"c":"int[1]","v":[5]},{"c":"int *","v":[6]}]`, `{"result":11,"args":["pp",[-1],[-1]]}`},
		{"double add_all(const char *kinds, ...)", `["P",{"c":"struct point","v":{"x":3,"y":4}}]`, `{"result":12}`},
	}
	onBackends(t, func(t *testing.T, path string) {
		s, o := openSession(t, path, declared())
		for _, c := range cases {
			t.Run(c.proto+" "+c.args, func(t *testing.T) {
				line := `{"proto":` + string(appendString(nil, c.proto)) + `,"args":` + c.args + `}`
				assert.Equal(t, c.answer, answerOf(s, o, line))
			})
		}
	})
}

// TestFunctionPointers gives a pointer that C returned back to C.
func TestFunctionPointers(t *testing.T) {
	onBackends(t, func(t *testing.T, path string) {
		s, _ := openSession(t, path, declared())
		a, err := s.call(context.Background(), "function get_function(void)", nil)
		require.NoError(t, err)
		f, err := readValue([]byte(a.result))
		require.NoError(t, err)
		a, err = s.call(context.Background(), "int apply(function, int)", []value{f, {kind: numberValue, text: "6"}})
		require.NoError(t, err)
		assert.Equal(t, "42", a.result)
	})
}

// TestCallErrors checks that a bad call is told precisely and leaves the
// library usable.
func TestCallErrors(t *testing.T) {
	const sum = `int sum(const int *v, int n)`
	onBackends(t, func(t *testing.T, path string) {
		s, o := openSession(t, path, declared())
		at := "wasmffi: call " + path
		for _, c := range []struct{ line, err string }{
			{`{"proto":"` + sum + `","args":[[1,2,3]]}`, at + ` sum: wrong number of arguments: 1 for int sum(const int *v, int n)`},
			{`{"proto":"` + sum + `","args":[[1,2,"x"],3]}`, at + ` sum: arg 1: [2]: wrong type: "x" for int`},
			{`{"proto":"` + sum + `","args":[[],4294967296]}`, at + ` sum: arg 2: value out of range: 4294967296 does not fit int (-2147483648…2147483647)`},
			{`{"proto":"struct mixed id_mixed(struct mixed)","args":[{"p":{"x":true}}]}`, at + ` id_mixed: arg 1: struct mixed.p.x: wrong type: true for double`},
			{`{"proto":"void move(struct point *p, int n)","args":[{"z":true},1]}`, at + ` move: arg 1: no such member: no member "z" in struct point; did you mean x, y?`},
			{`{"proto":"double add_all(const char *kinds, ...)","args":["p",[1]]}`, at + ` add_all: arg 2: wrong type: an array for "..."; state its type, as in {"c":"int[4]","v":[1,2]}`},
			{`{"proto":"double add_all(const char *kinds, ...)","args":["i",99999999999999999999]}`, at + ` add_all: arg 2: value out of range: 99999999999999999999 does not fit long long (-9223372036854775808…9223372036854775807)`},
			{`{"proto":"double add_all(const char *kinds, ...)","args":[]}`, at + ` add_all: wrong number of arguments: 0 for double add_all(const char *kinds, ...)`},
			{`{"proto":"int id_int(int)","args":[{"c":"struct point","v":[]}]}`, at + ` id_int: arg 1: wrong type: struct point for int`},
			{`{"proto":"int id_imt(int)","args":[1]}`, at + ` id_imt: symbol not found; did you mean id_int, id_uint?`},
			{`{"args":[1]}`, at + `: no "proto"`},
			{`{"proto":"int id_int(int)","args":1}`, at + `: "args" is no array`},
			{`{"proto":"int id_int(int)","argv":[1]}`, at + `: "argv" is none of ["proto" "args"]`},
			{`[1]`, at + `: the line is no JSON object`},
		} {
			t.Run(c.line, func(t *testing.T) {
				assert.Equal(t, string(appendString([]byte(`{"error":`), c.err))+"}", answerOf(s, o, c.line))
			})
		}
		for _, line := range []string{`{"proto":"int id_int(int"}`, `{"proto":"int id_int(struct)"}`, `{`, `{"proto":"int id_int(struct nope)","args":[1]}`} {
			assert.Regexp(t, `^\{"error":"wasmffi: call .*"\}$`, answerOf(s, o, line))
		}
		assert.Equal(t, `{"result":7}`, answerOf(s, o, `{"proto":"int id_int(int)","args":[7]}`))
	})
}
