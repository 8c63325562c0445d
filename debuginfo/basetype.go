package debuginfo

import (
	"fmt"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// Encodings of base types: DWARF 5 section 7.8.
const (
	encBoolean      = 0x02
	encComplexFloat = 0x03
	encFloat        = 0x04
	encSigned       = 0x05
	encSignedChar   = 0x06
	encUnsigned     = 0x07
	encUnsignedChar = 0x08
	encUTF          = 0x10
)

// baseType is the C type of a base type's name, encoding and size in bytes.
// The name tells long from long long, which are alike in all else; size and
// encoding decide whether it is believed.
func baseType(abi *dtype.ABI, name string, encoding, size uint64) (dtype.Type, error) {
	switch encoding {
	case encBoolean:
		if size == 1 {
			return dtype.CBool, nil
		}
	case encSigned, encSignedChar, encUnsigned, encUnsignedChar:
		t := integer(name)
		signed := encoding == encSigned || encoding == encSignedChar
		if name == "wchar_t" { // no typedef in C++
			t = dtype.WCharT
		}
		if t != nil && abi.IntSize(t) == size && abi.Signed(t) == signed {
			return t, nil
		}
		if t := exactInteger(size, signed); t != nil && !strings.HasPrefix(name, "_BitInt") {
			return t, nil
		}
	case encUTF:
		switch size {
		case 1:
			return dtype.CUChar, nil
		case 2:
			return dtype.Char16T, nil
		case 4:
			return dtype.Char32T, nil
		}
	case encFloat:
		if t := float(abi, name, size); t != nil {
			return t, nil
		}
	case encComplexFloat:
		part := strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(name, "_Complex"), "complex"))
		if t := float(abi, part, size/2); t != nil {
			return dtype.ComplexOf(t), nil
		}
	}
	return nil, fmt.Errorf("%w: base type %q of %d bytes with encoding %d", dtype.ErrNotSupported, name, size, encoding)
}

// integer reads the C spelling of an integer type, in whichever order the
// compiler puts the words: gcc has "long unsigned int", clang "unsigned long".
func integer(name string) *dtype.Int {
	var long, short, char, signed, unsigned, int128 int
	for _, w := range strings.Fields(name) {
		switch w {
		case "long":
			long++
		case "short":
			short++
		case "char":
			char++
		case "signed":
			signed++
		case "unsigned":
			unsigned++
		case "__int128":
			int128++
		case "int":
		default:
			return nil
		}
	}
	pick := func(s, u *dtype.Int) *dtype.Int {
		if unsigned > 0 {
			return u
		}
		return s
	}
	switch {
	case int128 > 0:
		return pick(dtype.CInt128, dtype.CUInt128)
	case char > 0 && signed > 0:
		return dtype.CSChar
	case char > 0:
		return pick(dtype.CChar, dtype.CUChar)
	case short > 0:
		return pick(dtype.CShort, dtype.CUShort)
	case long > 1:
		return pick(dtype.CLongLong, dtype.CULongLong)
	case long > 0:
		return pick(dtype.CLong, dtype.CULong)
	}
	return pick(dtype.CInt, dtype.CUInt)
}

// exactInteger is the integer type of exactly size bytes, for a base type with
// a name that is not C's.
func exactInteger(size uint64, signed bool) *dtype.Int {
	pick := func(s, u *dtype.Int) *dtype.Int {
		if signed {
			return s
		}
		return u
	}
	switch size {
	case 1:
		return pick(dtype.Int8, dtype.Uint8)
	case 2:
		return pick(dtype.Int16, dtype.Uint16)
	case 4:
		return pick(dtype.Int32, dtype.Uint32)
	case 8:
		return pick(dtype.Int64, dtype.Uint64)
	case 16:
		return pick(dtype.CInt128, dtype.CUInt128)
	}
	return nil
}

// float is the floating type of a name and size, nil if C has another format
// of that size there: _Float128 beside an x87 long double. clang names every
// complex type "complex", so an empty name goes by the size.
func float(abi *dtype.ABI, name string, size uint64) *dtype.Float {
	ld, err := abi.Size(dtype.CLongDouble)
	isLong := name == "long double" || name == "" || name == "_Float64x" ||
		abi.LongDouble() == dtype.LongDoubleQuad && (name == "_Float128" || name == "__float128")
	switch {
	case name == "long double" && err == nil && size == ld:
		return dtype.CLongDouble
	case size == 4:
		return dtype.CFloat
	case size == 8:
		return dtype.CDouble
	case size == 16 && isLong && err == nil && ld == 16:
		return dtype.CLongDouble
	}
	return nil
}

// standardNames are the typedef names that dtype has types of its own for.
var standardNames = func() map[string]*dtype.Int {
	m := map[string]*dtype.Int{}
	for _, t := range dtype.Scalars() {
		if t, ok := t.(*dtype.Int); ok && strings.HasSuffix(t.Name(), "_t") {
			m[t.Name()] = t
		}
	}
	return m
}()

// standardType is dtype's own type for a typedef name such as size_t, if the
// typedef stands for an integer of that size and sign on the ABI.
func standardType(abi *dtype.ABI, name string, under dtype.Type) (dtype.Type, bool) {
	t := standardNames[name]
	u, ok := dtype.Resolve(under).(*dtype.Int)
	if t == nil || !ok || abi.IntSize(t) != abi.IntSize(u) || abi.Signed(t) != abi.Signed(u) {
		return nil, false
	}
	return t, true
}
