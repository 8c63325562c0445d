package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

const valueDecls = `
enum color { RED, GREEN = 5, BLUE };
enum sign { MINUS = -1, PLUS = 1 };
struct point { int x, y; };
struct outer { char c; struct point pts[2]; char name[8]; };
union number { int i; float f; unsigned char bytes[4]; };
struct bits { int a : 3; unsigned b : 5; _Bool c : 1; unsigned : 0; long long d : 40; enum color e : 4; };
struct anon {
	int tag;
	union { int i; float f; struct { short lo, hi; }; };
	struct { int x, y; };
};
struct packet { int n; short data[]; };
struct tail { int n; char c; char d[]; };
struct text { char *s; const char *words[2]; wchar_t *w; };
struct __attribute__((scalar_storage_order("big-endian"))) big { int i; short s[2]; int a : 4; int b : 12; double d; };
struct cv { const char *c; int v; };
typedef int (*function)(int);
typedef unsigned char byte;
struct list { int value; struct list *next; };
`

// roundTrip puts a JSON value into a C object of type c and shows it again.
func roundTrip(t *testing.T, abi *dtype.ABI, c, in string) (string, error) {
	t.Helper()
	space, err := memory.NewBufferSpace(abi, 1<<16)
	require.NoError(t, err)
	var flags declFlags
	flags.add("test", valueDecls)
	decls, err := flags.parse(abi, nil)
	require.NoError(t, err)
	typ, err := decls.typeNamed(c)
	require.NoError(t, err)
	s := newScratch(space, decls.typeNamed)
	v, err := readValue([]byte(in))
	require.NoError(t, err)
	size, err := abi.Size(typ)
	require.NoError(t, err)
	data := make([]byte, size)
	if err := s.put(data, typ, v, false); err != nil {
		return "", rooted(typ, err)
	}
	out, err := s.show(nil, typ, data, false, 0)
	require.NoError(t, err)
	require.NoError(t, s.free())
	return string(out), nil
}

var valueABIs = []*dtype.ABI{dtype.WASM32, dtype.LinuxAMD64, dtype.LinuxARM64, dtype.WindowsAMD64}

func TestValues(t *testing.T) {
	same := func(c string, values ...string) (cases [][3]string) {
		for _, v := range values {
			cases = append(cases, [3]string{c, v, v})
		}
		return cases
	}
	to := func(c, in, out string) [][3]string { return [][3]string{{c, in, out}} }
	var cases [][3]string
	for _, cs := range [][][3]string{
		same("signed char", "-128", "127", "0"),
		same("unsigned char", "0", "255"),
		to("unsigned char", `"0xfF"`, "255"),
		same("short", "-32768", "32767"),
		same("unsigned short", "65535"),
		same("int", "-2147483648", "2147483647"),
		to("int", `"-0x80000000"`, "-2147483648"),
		same("unsigned", "4294967295"),
		same("long long", "-9223372036854775808", "9223372036854775807", "9007199254740993"),
		same("unsigned long long", "18446744073709551615", "9007199254740993"),
		same("size_t", "4294967295"),
		same("__int128", `"-170141183460469231731687303715884105728"`, `"170141183460469231731687303715884105727"`, `"-1"`),
		same("unsigned __int128", `"340282366920938463463374607431768211455"`),
		to("__int128", "12345678901234567890123", `"12345678901234567890123"`),
		to("__int128", `"0x10"`, `"16"`),
		same("_Bool", "true", "false"),
		to("_Bool", "1", "true"), to("_Bool", "0", "false"),
		same("enum color", "0", "6"),
		to("enum color", `"BLUE"`, "6"),
		same("enum sign", "-1", "1"),

		same("float", "0.1", "3.4028235e+38", "1e-45", "16777216", `"nan"`, `"inf"`, `"-inf"`, "-0.0"),
		to("float", "0.10000000149011612", "0.1"),
		same("double", "0.1", "1.7976931348623157e+308", "5e-324", "123456789012345680000", "1e+21", `"nan"`, `"inf"`, `"-inf"`, "-0.0"),
		to("double", "-0", "-0.0"), to("double", "1E2", "100"), to("double", "9007199254740993", "9007199254740992"),
		same("long double", "0.1", `"nan"`, `"inf"`, `"-inf"`, "-0.0", "0", "1e-300"),
		same("float _Complex", "[0.1,-2.5]", `["nan","-inf"]`),
		same("double _Complex", "[0.1,-0.0]"),
		same("long double _Complex", "[0.1,3]"),

		same("struct point", `{"x":1,"y":-2}`),
		to("struct point", `{"y":7}`, `{"x":0,"y":7}`),
		to("struct point", `[1,2]`, `{"x":1,"y":2}`),
		to("struct point", `[]`, `{"x":0,"y":0}`),
		same("struct outer", `{"c":1,"pts":[{"x":1,"y":2},{"x":3,"y":4}],"name":"abcdefgh"}`),
		to("struct outer", `[65,[[1],{"y":2}],"hi"]`, `{"c":65,"pts":[{"x":1,"y":0},{"x":0,"y":2}],"name":"hi"}`),
		to("union number", `{"f":1}`, `{"i":1065353216,"f":1,"bytes":[0,0,128,63]}`),
		to("union number", `{"bytes":[1,2]}`, `{"i":513,"f":7.19e-43,"bytes":[1,2,0,0]}`),
		same("struct bits", `{"a":-4,"b":31,"c":true,"d":-549755813888,"e":6}`, `{"a":3,"b":0,"c":false,"d":549755813887,"e":7}`),
		to("struct anon", `{"tag":1,"lo":1,"hi":-1,"y":9}`, `{"tag":1,"i":-65535,"f":"nan","lo":1,"hi":-1,"x":0,"y":9}`),
		to("struct anon", `[1,2,3,4]`, `{"tag":1,"i":2,"f":3e-45,"lo":2,"hi":0,"x":3,"y":4}`),
		same("struct big", `{"i":-2,"s":[1,-2],"a":-8,"b":2047,"d":0.1}`),

		same("int[3]", "[1,2,3]"),
		to("int[3]", "[1]", "[1,0,0]"),
		same("int[2][2]", "[[1,2],[3,4]]"),
		same("char[4]", `"abcd"`, `"a"`, `""`, `"a\u0000b"`, `"\udcff"`, `"é"`),
		to("char[4]", "[104,105]", `"hi"`),
		same("char[2][4]", `["ab","cd"]`),
		same("unsigned char[2]", "[1,255]"),
		to("unsigned char[3]", `"ab"`, "[97,98,0]"),
		same("byte[2]", "[0,7]"),

		same("char *", `"hello"`, `""`, `"grün"`, `"\udcff\udc80"`, "null"),
		same("const char *", `"hello"`, "null"),
		same("wchar_t *", `"grün"`, `"😀"`, `"\udcff"`, `"\udced\udca0\udc80"`, "null"),
		same("int *", "null", "4096", "[1,2,3]", "[]"),
		to("int *", `"0x1000"`, "4096"),
		same("void *", "null", "4096"),
		same("function", "null", "5"),
		same("struct point *", `{"x":1,"y":2}`, `[{"x":1,"y":2},{"x":3,"y":4}]`),
		same("float **", "[[1,2],[3],null]"),
		same("char **", `["a","",null]`),
		same("struct text", `{"s":"a","words":["b",null],"w":"c"}`),
		same("struct list *", `{"value":1,"next":{"value":2,"next":null}}`),
		same("struct packet *", `{"n":2,"data":[1,2]}`, `{"n":0,"data":[]}`),
		to("void *", `{"c":"struct packet","v":[1,[5]]}`, `{"n":1,"data":[5]}`),
		to("char *", `{"c":"char[8]","v":"abc"}`, `"abc"`),
		to("char *", `{"c":"char[8]","v":[97,0,98]}`, `"a"`),
		to("void *", `{"c":"int[2]","v":[1,2]}`, "[1,2]"),
		to("void *", `{"c":"int[]","v":[1,2,3]}`, "[1,2,3]"),
		to("void *", `{"c":"struct point","v":[1,2]}`, `{"x":1,"y":2}`),
		to("void *", `{"c":"char[4]","v":"a\u0000b"}`, `"a\u0000b"`),
		to("void *", `{"c":"int *","v":[1]}`, "[1]"),
		to("char **", `{"c":"char *","v":"abc"}`, `"abc"`),
		to("int *", `{"c":"int","v":5}`, "5"),
		to("char *", `{"c":"void *","v":2147483647}`, "2147483647"),
		same("struct cv *", `{"c":"int","v":5}`),
		same("void *", `"text"`),
		same("struct tail *", `{"n":1,"c":2,"d":"ab"}`, `{"n":1,"c":2,"d":""}`),
		same("struct packet", `{"n":1,"data":[]}`),
	} {
		cases = append(cases, cs...)
	}
	for _, c := range cases {
		t.Run(c[0]+" "+c[1], func(t *testing.T) {
			for _, abi := range valueABIs {
				out, err := roundTrip(t, abi, c[0], c[1])
				if assert.NoError(t, err, abi) {
					assert.Equal(t, c[2], out, abi)
				}
			}
		})
	}
}

func TestLongDoubleDigits(t *testing.T) {
	for in, want := range map[string]map[*dtype.ABI]string{
		"0.123456789012345678901234567890123456789": {
			dtype.WindowsAMD64: "0.12345678901234568",
			dtype.LinuxAMD64:   "0.12345678901234567890",
			dtype.WASM32:       "0.12345678901234567890123456789012346",
		},
		"1.5e4000": {dtype.LinuxAMD64: "1.5e+4000", dtype.WASM32: "1.5e+4000"},
	} {
		for abi, out := range want {
			got, err := roundTrip(t, abi, "long double", in)
			require.NoError(t, err)
			assert.Equal(t, strings.TrimRight(out, "0"), strings.TrimRight(got, "0"), abi)
			again, err := roundTrip(t, abi, "long double", got)
			require.NoError(t, err)
			assert.Equal(t, got, again)
		}
	}
}

func TestBadValues(t *testing.T) {
	for _, c := range []struct{ c, in, err string }{
		{"signed char", "128", "value out of range: 128 does not fit signed char (-128…127)"},
		{"unsigned char", "-1", "value out of range: -1 does not fit unsigned char (0…255)"},
		{"unsigned char", `"0x100"`, "value out of range: 256 does not fit unsigned char (0…255)"},
		{"unsigned long long", "18446744073709551616", "value out of range: 18446744073709551616 does not fit unsigned long long (0…18446744073709551615)"},
		{"unsigned __int128", `"-1"`, "value out of range: -1 does not fit unsigned __int128 (0…340282366920938463463374607431768211455)"},
		{"int", "1.0", "wrong type: 1.0 for int"},
		{"int", "1e3", "wrong type: 1e3 for int"},
		{"int", `"12"`, `wrong type: "12" for int`},
		{"int", "true", "wrong type: true for int"},
		{"int", "null", "wrong type: null for int"},
		{"int", "[1]", "wrong type: an array for int"},
		{"char", `"a"`, `wrong type: "a" for char`},
		{"_Bool", "2", "value out of range: 2 does not fit _Bool (0…1)"},
		{"enum color", `"PINK"`, `wrong type: "PINK" for enum color`},
		{"enum color", "-1", "value out of range: -1 does not fit enum color (0…4294967295)"},
		{"float", "1e39", "value out of range: 1e39 does not fit float"},
		{"double", "1e999", "value out of range: 1e999 does not fit double"},
		{"double", `"0x10"`, `wrong type: "0x10" for double`},
		{"double", "true", "wrong type: true for double"},
		{"long double", "1e5000", "value out of range: 1e5000 does not fit long double"},
		{"double _Complex", "1", "wrong type: 1 for _Complex double, which is [re, im]"},
		{"double _Complex", "[1,2,3]", "wrong type: an array for _Complex double, which is [re, im]"},
		{"struct point", `{"z":1}`, `no such member: no member "z" in struct point; did you mean x, y?`},
		{"struct point", `{"x":1,"x":2}`, "wrong type: struct point.x is given twice"},
		{"struct point", "[1,2,3]", "value out of range: 3 values for the 2 members of struct point"},
		{"struct point", "1", "wrong type: 1 for struct point"},
		{"struct outer", `{"pts":[{},{"y":"x"}]}`, `struct outer.pts[1].y: wrong type: "x" for int`},
		{"struct bits", `{"a":4}`, "struct bits.a: value out of range: 4 does not fit int (-4…3)"},
		{"struct anon", `{"i":1,"f":2}`, "wrong type: i and f are members of one union, which holds one of them"},
		{"struct anon", `{"lo":1,"i":2}`, "wrong type: lo and i are members of one union, which holds one of them"},
		{"union number", `{}`, "wrong type: no member given for union number"},
		{"union number", `{"i":1,"f":2}`, "wrong type: i and f are members of one union, which holds one of them"},
		{"union number", `[1]`, "wrong type: an array for union number"},
		{"int[2]", "[1,2,3]", "value out of range: 3 elements for int [2]"},
		{"int[2]", `"ab"`, "wrong type: a string for an array of int"},
		{"char[2]", `"abc"`, "value out of range: a string of 3 for char [2]"},
		{"char *", "5", `wrong type: 5 for char *; write a string, or {"c":"void *","v":5} for an address`},
		{"char *", `"a\u0000b"`, `wrong type: the string has a NUL at byte 1; write {"c":"char[4]","v":"a\u0000b"}`},
		{"int *", `"abc"`, `wrong type: "abc" for int *`},
		{"int *", "0.5", "wrong type: 0.5 is no integer"},
		{"int *", "true", "wrong type: true for int *; write [true] for a pointer to one"},
		{"int *", `[1,"x"]`, `[1]: wrong type: "x" for int`},
		{"struct packet", `{"n":1,"data":[5]}`, "struct packet.data: value out of range: 1 elements for short []"},
		{"struct packet *", `[{"n":1,"data":[5]}]`, "[0].data: value out of range: 1 elements for short []"},
		{"char *", `{"c":"char[2000000000]","v":""}`, "value out of range: 2000000000 bytes for char [2000000000], more than 1073741824"},
		{"void *", "[1]", `wrong type: a value for void *; state its type, as in {"c":"int[4]","v":[1,2]}`},
		{"function", "[1]", "wrong type: an array for the function pointer int (*)(int), which is an address or null"},
		{"struct list *", `{"next":{"value":1.5}}`, "struct list.next->value: wrong type: 1.5 for int"},
	} {
		t.Run(fmt.Sprint(c.c, " ", c.in), func(t *testing.T) {
			for _, abi := range []*dtype.ABI{dtype.WASM32, dtype.LinuxAMD64} {
				_, err := roundTrip(t, abi, c.c, c.in)
				assert.EqualError(t, err, c.err, abi)
			}
		})
	}
	_, err := roundTrip(t, dtype.WASM32, "size_t", "4294967296")
	assert.EqualError(t, err, "value out of range: 4294967296 does not fit size_t (0…4294967295)")
	_, err = roundTrip(t, dtype.WASM32, "void *", "4294967296")
	assert.EqualError(t, err, "value out of range: 4294967296 does not fit void * (0…4294967295)")
}
