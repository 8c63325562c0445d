package dtype

// An Int is an integer type. Some have one size everywhere (int32_t), others
// take it from the ABI (long, size_t, wchar_t).
type Int struct {
	name string
	size intSize
	sign signedness
}

// intSize is a size in bytes, or how an ABI chooses it.
type intSize uint8

const (
	sizeLong  intSize = 0x80 + iota // long
	sizePtr                         // size_t, ptrdiff_t, intptr_t
	sizeWChar                       // wchar_t
)

type signedness uint8

const (
	signed signedness = iota
	unsigned
	signChar  // plain char: the ABI decides
	signWChar // wchar_t: the ABI decides
)

// Name is the C spelling.
func (t *Int) Name() string { return t.name }

// SameEverywhere reports whether size and signedness do not depend on the ABI.
func (t *Int) SameEverywhere() bool { return t.size < sizeLong && t.sign <= unsigned }

// A Float is a floating type: float, double or long double.
type Float struct {
	name string
	size uint8 // 0: long double, the ABI decides
}

// Name is the C spelling.
func (t *Float) Name() string { return t.name }

// The scalar types of C. They are compared with ==, since there is one of each.
var (
	CVoid = &Void{}
	CBool = &Bool{}

	CChar      = &Int{"char", 1, signChar}
	CSChar     = &Int{"signed char", 1, signed}
	CUChar     = &Int{"unsigned char", 1, unsigned}
	CShort     = &Int{"short", 2, signed}
	CUShort    = &Int{"unsigned short", 2, unsigned}
	CInt       = &Int{"int", 4, signed}
	CUInt      = &Int{"unsigned int", 4, unsigned}
	CLong      = &Int{"long", sizeLong, signed}
	CULong     = &Int{"unsigned long", sizeLong, unsigned}
	CLongLong  = &Int{"long long", 8, signed}
	CULongLong = &Int{"unsigned long long", 8, unsigned}
	CInt128    = &Int{"__int128", 16, signed}
	CUInt128   = &Int{"unsigned __int128", 16, unsigned}

	Int8   = &Int{"int8_t", 1, signed}
	Int16  = &Int{"int16_t", 2, signed}
	Int32  = &Int{"int32_t", 4, signed}
	Int64  = &Int{"int64_t", 8, signed}
	Uint8  = &Int{"uint8_t", 1, unsigned}
	Uint16 = &Int{"uint16_t", 2, unsigned}
	Uint32 = &Int{"uint32_t", 4, unsigned}
	Uint64 = &Int{"uint64_t", 8, unsigned}

	SizeT    = &Int{"size_t", sizePtr, unsigned}
	SSizeT   = &Int{"ssize_t", sizePtr, signed}
	PtrDiffT = &Int{"ptrdiff_t", sizePtr, signed}
	IntPtrT  = &Int{"intptr_t", sizePtr, signed}
	UIntPtrT = &Int{"uintptr_t", sizePtr, unsigned}
	WCharT   = &Int{"wchar_t", sizeWChar, signWChar}
	Char16T  = &Int{"char16_t", 2, unsigned}
	Char32T  = &Int{"char32_t", 4, unsigned}

	CFloat      = &Float{"float", 4}
	CDouble     = &Float{"double", 8}
	CLongDouble = &Float{"long double", 0}
)

// Scalars lists every scalar type of this package, for tables and tests.
func Scalars() []Type {
	return []Type{
		CBool, CChar, CSChar, CUChar, CShort, CUShort, CInt, CUInt, CLong, CULong,
		CLongLong, CULongLong, CInt128, CUInt128,
		Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64,
		SizeT, SSizeT, PtrDiffT, IntPtrT, UIntPtrT, WCharT, Char16T, Char32T,
		CFloat, CDouble, CLongDouble,
	}
}
