package dtype

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// numpyTypes are the codes and names of NumPy's types with a counterpart in C,
// whatever the size of long. int is that of NumPy 2.
var numpyTypes = map[string]Type{
	"?": CBool, "b1": CBool, "bool": CBool, "bool_": CBool,
	"i1": Int8, "i2": Int16, "i4": Int32, "i8": Int64, "u1": Uint8, "u2": Uint16, "u4": Uint32, "u8": Uint64,
	"int8": Int8, "int16": Int16, "int32": Int32, "int64": Int64, "uint8": Uint8, "uint16": Uint16, "uint32": Uint32, "uint64": Uint64,
	"b": CSChar, "B": CUChar, "h": CShort, "H": CUShort, "i": CInt, "I": CUInt, "l": CLong, "L": CULong, "q": CLongLong, "Q": CULongLong,
	"byte": CSChar, "ubyte": CUChar, "short": CShort, "ushort": CUShort, "intc": CInt, "uintc": CUInt, "long": CLong, "ulong": CULong, "longlong": CLongLong, "ulonglong": CULongLong,
	"p": IntPtrT, "P": UIntPtrT, "intp": IntPtrT, "uintp": UIntPtrT, "int": IntPtrT, "int_": IntPtrT, "uint": UIntPtrT,
	"f": CFloat, "d": CDouble, "g": CLongDouble, "f4": CFloat, "f8": CDouble, "float32": CFloat, "float64": CDouble,
	"single": CFloat, "double": CDouble, "float": CDouble, "longdouble": CLongDouble,
	"F": ComplexOf(CFloat), "D": ComplexOf(CDouble), "G": ComplexOf(CLongDouble),
	"c8": ComplexOf(CFloat), "c16": ComplexOf(CDouble), "complex64": ComplexOf(CFloat), "complex128": ComplexOf(CDouble),
	"csingle": ComplexOf(CFloat), "cdouble": ComplexOf(CDouble), "complex": ComplexOf(CDouble), "clongdouble": ComplexOf(CLongDouble),
	"c": CChar,
}

// numpyLong are the types that only an ABI with a long double of 16 bytes has.
var numpyLong = map[string]Type{
	"f16": CLongDouble, "float128": CLongDouble, "c32": ComplexOf(CLongDouble), "complex256": ComplexOf(CLongDouble),
}

// numpyOwn are types of NumPy that C has not.
var numpyOwn = []string{"f2", "e", "float16", "half", "O", "object", "object_", "M8", "m8", "M", "m", "datetime64", "timedelta64"}

// numpyScalar reads the code or name of a type without its byte order.
func (a *ABI) numpyScalar(code string) (Type, error) {
	if t, ok := numpyTypes[code]; ok {
		return t, nil
	}
	t, long := numpyLong[code]
	if long && a.floatSize(CLongDouble) == 16 {
		return t, nil
	}
	base, unit, _ := strings.Cut(code, "[")
	if long || slices.Contains(numpyOwn, base) && (unit == "" || strings.HasSuffix(unit, "]")) {
		return nil, fmt.Errorf("%w: %s has no C type on %s", ErrNotSupported, code, a.name)
	}
	if code != "" {
		n, err := strconv.ParseUint("0"+code[1:], 10, 63)
		elem := map[byte]Type{'S': CChar, 'a': CChar, 'U': Char32T, 'V': CUChar}[code[0]]
		if elem != nil && err == nil {
			return ArrayOf(elem, n)
		}
		if strings.IndexByte("fcSUV", code[0]) >= 0 && err == nil {
			return nil, fmt.Errorf("%w: %s has no C type on %s", ErrNotSupported, code, a.name)
		}
	}
	return nil, fmt.Errorf("%w: %q is no dtype", ErrInvalid, code)
}
