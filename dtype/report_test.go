package dtype

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reported has holes, free bits, a nested and an anonymous member and two
// cache lines.
func reported(t testing.TB) *Struct {
	inner := mustStruct(t, "in", Attr{}, Field{Name: "s", Type: CShort}, Field{Name: "b", Type: CUInt, BitField: true, Bits: 3})
	anon := mustUnion(t, "", Attr{}, Field{Name: "d", Type: CDouble}, Field{Name: "p", Type: PointerTo(CVoid)})
	fn, err := NewFunc(CVoid, nil, false)
	require.NoError(t, err)
	return mustStruct(t, "p", Attr{},
		Field{Name: "c", Type: CChar, Const: true},
		Field{Name: "f", Type: CUInt, BitField: true, Bits: 5},
		Field{Type: CUInt, BitField: true, Bits: 12},
		Field{Type: CInt, BitField: true},
		Field{Name: "g", Type: CInt, BitField: true, Bits: 30},
		Field{Type: anon},
		Field{Name: "i", Type: inner},
		Field{Name: "a", Type: mustArray(t, CInt, 10)},
		Field{Name: "fn", Type: PointerTo(fn)},
		Field{Name: "e", Type: CChar})
}

func describe(t testing.TB, abi *ABI, typ Type) *Description {
	t.Helper()
	d, err := abi.Describe(typ)
	require.NoError(t, err)
	return d
}

func golden(s string) string { return strings.TrimPrefix(s, "\n") }

func TestDescriptionText(t *testing.T) {
	assert.Equal(t, golden(`
struct p {                   // linux-amd64: size 80, align 8, padding 11, 2 cache lines
    const char c;            //    0            1
    unsigned int f : 5;      //    0 [8-12]     4
    unsigned int : 12;       //    0 [13-24]    4
                             //                 7 bits free
    int : 0;                 //    4            0
    int g : 30;              //    4 [0-29]     4
                             //                 2 bits free
    union {                  //    8            8
        double d;            //    8            8
        void *p;             //    8            8
    };
    struct in {              //   16            4
        short s;             //   16            2
        unsigned int b : 3;  //   16 [16-18]    4
                             //                 5 bits free
                             //   19            1 padding
    } i;
    int a[10];               //   20           40
                             //   60            4 hole
                             // ---- cache line 1, from byte 64
    void (*fn)(void);        //   64            8
    char e;                  //   72            1
                             //   73            7 padding
};`), describe(t, LinuxAMD64, reported(t)).String())
	assert.Equal(t, "int [3]  // wasm32: size 12, align 4", describe(t, WASM32, mustArray(t, CInt, 3)).String())
}

func TestSideBySide(t *testing.T) {
	p := reported(t)
	assert.Equal(t, golden(`
  struct p                wasm32       linux-amd64
  const char c            0 1          0 1
  unsigned int f : 5      0[8-12] 4    0[8-12] 4
  unsigned int : 12       0[13-24] 4   0[13-24] 4
  int : 0                 4 0          4 0
  int g : 30              4[0-29] 4    4[0-29] 4
  union                   8 8          8 8
      double d            8 8          8 8
*     void *p             8 4          8 8
  struct in i             16 4         16 4
      short s             16 2         16 2
      unsigned int b : 3  16[16-18] 4  16[16-18] 4
  int a[10]               20 40        20 40
* void (*fn)(void)        60 4         64 8
* char e                  64 1         72 1
* size                    72           80
  align                   8            8
* padding                 7            11`), SideBySide(describe(t, WASM32, p), describe(t, LinuxAMD64, p)))
	assert.Empty(t, SideBySide())
}

func TestDescriptionJSON(t *testing.T) {
	anon := mustUnion(t, "", Attr{}, Field{Name: "x", Type: CULongLong}, Field{Name: "b", Type: CInt, BitField: true, Bits: 4})
	p := mustStruct(t, "p", Attr{},
		Field{Name: "c", Type: CChar},
		Field{Name: "e", Type: CUInt, BitField: true, Bits: 29},
		Field{Name: "f", Type: CUInt, BitField: true, Bits: 3},
		Field{Type: anon})
	tests := []struct {
		typ  Type
		want string
	}{
		{p, `{"type":"struct p","abi":"wasm32","size":16,"align":8,"padding":3,"fields":[` +
			`{"name":"c","type":"char","offset":0,"size":1},` +
			`{"name":"e","type":"unsigned int","offset":4,"size":4,"bit_start":32,"bit_width":29},` +
			`{"name":"f","type":"unsigned int","offset":4,"size":4,"bit_start":61,"bit_width":3},` +
			`{"name":"","type":"union","offset":8,"size":8,"fields":[` +
			`{"name":"x","type":"unsigned long long","offset":8,"size":8},` +
			`{"name":"b","type":"int","offset":8,"size":4,"bit_start":64,"bit_width":4}]}]}`},
		{mustStruct(t, "", Attr{}), `{"type":"struct","abi":"wasm32","size":0,"align":1,"padding":0,"fields":[]}`},
		{CLong, `{"type":"long","abi":"wasm32","size":4,"align":4,"padding":0}`},
	}
	for _, tt := range tests {
		got, err := json.Marshal(describe(t, WASM32, tt.typ))
		require.NoError(t, err)
		assert.Equal(t, tt.want, string(got))
	}
}

// Padding counts whole bytes that hold no bit of a member.
func TestDescriptionPadding(t *testing.T) {
	b := func(name string, typ Type, bits uint8) Field {
		return Field{Name: name, Type: typ, BitField: true, Bits: bits}
	}
	tests := []struct {
		typ  Type
		want uint64
	}{
		{mustStruct(t, "s", Attr{}, b("a", CInt, 3)), 3},
		{mustStruct(t, "s", Attr{}, b("a", CInt, 9)), 2},
		{mustStruct(t, "s", Attr{}, b("a", CInt, 3), b("", CInt, 0), b("c", CInt, 1)), 6},
		{mustStruct(t, "s", Attr{}, b("", CInt, 25), Field{Name: "c", Type: CDouble}), 4},
		{mustUnion(t, "u", Attr{}, Field{Name: "c", Type: mustArray(t, CChar, 5)}, Field{Name: "i", Type: CInt}), 3},
		{mustUnion(t, "u", Attr{}, b("a", CInt, 3)), 3},
		{mustStruct(t, "s", Attr{Packed: true}, Field{Name: "c", Type: CChar}, Field{Name: "d", Type: CDouble}), 0},
	}
	for _, tt := range tests {
		t.Run(Define(tt.typ), func(t *testing.T) {
			assert.Equal(t, tt.want, describe(t, WASM32, tt.typ).Padding)
		})
	}
}

func TestDescribeErrors(t *testing.T) {
	_, err := WASM32.Describe(DeclareStruct("s"))
	assert.ErrorIs(t, err, ErrIncomplete)

	// Types that nest to more members than memory holds are refused.
	deep := mustStruct(t, "s0", Attr{}, Field{Name: "c", Type: CChar})
	for i := range 40 {
		deep = mustStruct(t, fmt.Sprintf("s%d", i+1), Attr{}, Field{Name: "a", Type: deep}, Field{Name: "b", Type: deep})
	}
	_, err = LinuxAMD64.Describe(deep)
	assert.ErrorIs(t, err, ErrOverflow)
}

func TestFormatPlusV(t *testing.T) {
	p := mustStruct(t, "p", Attr{}, Field{Name: "x", Type: CInt})
	u := mustUnion(t, "u", Attr{}, Field{Name: "x", Type: CInt})
	assert.Equal(t, "struct p union u", fmt.Sprintf("%v %s", p, u))
	assert.Equal(t, `"struct p"`, fmt.Sprintf("%q", p))
	assert.Contains(t, fmt.Sprintf("%+v", p), "int x;  //    0            4\n};")
	assert.Contains(t, fmt.Sprintf("%+v", u), "union u {")
	assert.Contains(t, fmt.Sprintf("%+v", DeclareStruct("q")), "struct q // dtype: layout")
}
