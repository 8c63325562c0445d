package dtype

import (
	"reflect"
	"structs"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type goList struct {
	Value int32 `c:"value"`
	Next  goRef `c:"next"`
	Other *goTree
}

// goRef is a pointer type of its own, as package memory has them.
type goRef struct{ _ Addr }

func (goRef) CPointerTo() reflect.Type { return reflect.TypeFor[goList]() }

type goTree struct {
	Kids [2]*goTree
	List *goList
}

type goHeader struct {
	_     structs.HostLayout `c:"hdr,pack=1,align=4,big"`
	Kind  uint8              `c:"kind,const"`
	Flags uint32             `c:"flags,bits=3"`
	_     uint32             `c:",bits=0"`
	On    bool               `c:",bits=1"`
	Body  float64            `c:",packed,align=2"`
	Go    chan int           `c:"-"`
	_     [3]byte
}

type goPair[T any] struct{ A, B T }

type goEmbeds struct {
	goPoint
	Z float64
}

type goColor uint8

func (goColor) CType() (Type, error) {
	return NewEnumBase("color", CUChar, EnumConst{Name: "red", Value: 0}, EnumConst{Name: "green", Value: 1})
}

func TestFromGo(t *testing.T) {
	tests := []struct {
		goT  reflect.Type
		want string // the definition
	}{
		{reflect.TypeFor[bool](), "_Bool"},
		{reflect.TypeFor[int8](), "int8_t"},
		{reflect.TypeFor[int16](), "int16_t"},
		{reflect.TypeFor[int32](), "int32_t"},
		{reflect.TypeFor[int64](), "int64_t"},
		{reflect.TypeFor[uint8](), "uint8_t"},
		{reflect.TypeFor[uint16](), "uint16_t"},
		{reflect.TypeFor[uint32](), "uint32_t"},
		{reflect.TypeFor[uint64](), "uint64_t"},
		{reflect.TypeFor[uintptr](), "uintptr_t"},
		{reflect.TypeFor[float32](), "float"},
		{reflect.TypeFor[float64](), "double"},
		{reflect.TypeFor[complex64](), "_Complex float"},
		{reflect.TypeFor[complex128](), "_Complex double"},
		{reflect.TypeFor[Long](), "long"},
		{reflect.TypeFor[ULong](), "unsigned long"},
		{reflect.TypeFor[Size](), "size_t"},
		{reflect.TypeFor[SSize](), "ssize_t"},
		{reflect.TypeFor[PtrDiff](), "ptrdiff_t"},
		{reflect.TypeFor[IntPtr](), "intptr_t"},
		{reflect.TypeFor[WChar](), "wchar_t"},
		{reflect.TypeFor[Char](), "char"},
		{reflect.TypeFor[LongDouble](), "long double"},
		{reflect.TypeFor[Addr](), "void *"},
		{reflect.TypeFor[*Addr](), "void **"},
		{reflect.TypeFor[string](), "const char *"},
		{reflect.TypeFor[unsafe.Pointer](), "void *"},
		{reflect.TypeFor[*int32](), "int32_t *"},
		{reflect.TypeFor[[]float64](), "double *"},
		{reflect.TypeFor[[3][2]int16](), "int16_t [3][2]"},
		{reflect.TypeFor[func(int32, *byte) float64](), "double (*)(int32_t, uint8_t *)"},
		{reflect.TypeFor[func()](), "void (*)(void)"},
		{reflect.TypeFor[goColor](), "enum color : unsigned char { red, green }"},
		{reflect.TypeFor[goList](), "struct goList { int32_t value; struct goList *next; struct goTree *Other; }"},
		{reflect.TypeFor[goTree](), "struct goTree { struct goTree *Kids[2]; struct goList *List; }"},
		{reflect.TypeFor[goRef](), "struct goList *"},
		{reflect.TypeFor[goPair[int32]](), "struct { int32_t A; int32_t B; }"},
		{reflect.TypeFor[goEmbeds](), "struct goEmbeds { struct { double X; double Y; }; double Z; }"},
		{reflect.TypeFor[goHeader](), `_Pragma("pack(push, 1)") struct __attribute__((aligned(4))) __attribute__((scalar_storage_order("big-endian"))) hdr { ` +
			"const uint8_t kind; uint32_t flags: 3; uint32_t : 0; _Bool On: 1; " +
			"double Body __attribute__((packed)) __attribute__((aligned(2))); uint8_t _pad7[3]; }; " + `_Pragma("pack(pop)")`},
	}
	for _, tt := range tests {
		t.Run(tt.goT.String(), func(t *testing.T) {
			got, err := FromGo(tt.goT)
			require.NoError(t, err)
			assert.Equal(t, tt.want, Define(got))
			again, err := FromGo(tt.goT)
			require.NoError(t, err)
			if _, ok := Resolve(got).(*Enum); !ok {
				assert.True(t, got == again, "one Go type has one C type")
			}
		})
	}
}

func TestFromGoErrors(t *testing.T) {
	tests := []struct {
		goT  reflect.Type
		want string
	}{
		{reflect.TypeFor[int](), "dtype: go type int: not supported: C has no type of Go's int; use int32 for int, dtype.Long for long, dtype.Size for size_t"},
		{reflect.TypeFor[map[int8]int8](), "dtype: go type map[int8]int8: not supported: no C type for it"},
		{reflect.TypeFor[error](), "dtype: go type error: not supported: no C type for it"},
		{reflect.TypeFor[func(...int32)](), "dtype: go type func(...int32): not supported: a C function pointer has no variadic Go form and one result at most"},
		{reflect.TypeFor[func() (int32, error)](), "dtype: go type func() (int32, error): not supported: a C function pointer has no variadic Go form and one result at most"},
		{reflect.TypeFor[struct{ A struct{ B chan int } }](), "dtype: go type struct { A struct { B chan int } }.A: go type struct { B chan int }.B: go type chan int: not supported: no C type for it"},
		{reflect.TypeFor[struct {
			A int32 `c:"a,bits=x"`
		}](), "dtype: go type struct { A int32 \"c:\\\"a,bits=x\\\"\" }.A: invalid type: tag \"a,bits=x\": strconv.ParseUint: parsing \"x\": invalid syntax"},
		{reflect.TypeFor[struct {
			A int32 `c:",wide"`
		}](), "dtype: go type struct { A int32 \"c:\\\",wide\\\"\" }.A: invalid type: tag \",wide\": unknown option \"wide\""},
		{reflect.TypeFor[struct {
			_ struct{} `c:",pack=3"`
			A int32
		}](), "dtype: go type struct { _ struct {} \"c:\\\",pack=3\\\"\"; A int32 }: define: struct: invalid type: #pragma pack(3), not 1, 2, 4, 8 or 16"},
		{reflect.TypeFor[struct {
			A float32 `c:",bits=3"`
		}](), "dtype: go type struct { A float32 \"c:\\\",bits=3\\\"\" }: define A: struct: invalid type: a bit-field of type float"},
	}
	for _, tt := range tests {
		t.Run(tt.goT.String(), func(t *testing.T) {
			_, err := FromGo(tt.goT)
			assert.EqualError(t, err, tt.want)
		})
	}
}

type goA struct{ B *goB }
type goB struct{ A *goA }

// Whoever converts first, both ways round, all get the same types.
func TestFromGoOnce(t *testing.T) {
	var wg sync.WaitGroup
	got := make([]Type, 32)
	for i := range got {
		goT := reflect.TypeFor[goA]()
		if i%2 == 1 {
			goT = reflect.TypeFor[goB]()
		}
		wg.Go(func() { got[i], _ = FromGo(goT) })
	}
	wg.Wait()
	for i, typ := range got {
		other := Members(typ)[0].Type.(*Pointer).Elem()
		assert.Same(t, got[i%2], typ)
		assert.Same(t, got[1-i%2], other)
	}
}

func TestFieldName(t *testing.T) {
	typ := reflect.TypeFor[struct {
		_       structs.HostLayout
		Plain   int32
		Tagged  int32 `c:"tagged,const"`
		Opts    int32 `c:",const"`
		Left    int32 `c:"-"`
		_       [4]byte
		goPoint `json:"p"`
		goRef
	}]()
	want := []struct {
		name string
		skip bool
	}{{"", true}, {"Plain", false}, {"tagged", false}, {"Opts", false}, {"", true}, {"_", false}, {"", false}, {"goRef", false}}
	for i, w := range want {
		name, skip := FieldName(typ.Field(i))
		assert.Equal(t, w.name, name, "field %d", i)
		assert.Equal(t, w.skip, skip, "field %d", i)
	}
}

func TestPairFields(t *testing.T) {
	c := mustStruct(t, "c", Attr{}, Field{Name: "a", Type: CInt}, bits("", CInt, 0), Field{Name: "reserved", Type: CInt}, Field{Name: "b", Type: CInt})
	pairs, err := PairFields(reflect.TypeFor[struct {
		_ struct{}
		A int32
		X string `c:"-"`
		_ int32
		B int32 `c:"b"`
	}](), c)
	require.NoError(t, err)
	assert.Equal(t, []FieldPair{{1, 0}, {3, 2}, {4, 3}}, pairs)

	pairs, err = PairFields(reflect.TypeFor[struct {
		A, R int32
		_    [8]byte
		B    int32
	}](), c)
	require.NoError(t, err)
	assert.Equal(t, []FieldPair{{0, 0}, {1, 2}, {3, 3}}, pairs)

	_, err = PairFields(reflect.TypeFor[int32](), c)
	assert.ErrorIs(t, err, ErrMismatch)
	_, err = PairFields(reflect.TypeFor[struct {
		A int32 `c:",huh"`
	}](), c)
	assert.ErrorIs(t, err, ErrInvalid)
}
