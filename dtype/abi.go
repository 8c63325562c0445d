package dtype

import "runtime"

// An ABI is a row of the table below: the sizes and rules by which one
// platform's C compilers lay out types. ABIs are compared with ==.
type ABI struct {
	name  string
	index int

	pointer  uint8 // size of a pointer, size_t, ptrdiff_t
	long     uint8 // size of long
	wchar    uint8 // size of wchar_t
	ucharCh  bool  // plain char is unsigned
	uwchar   bool  // wchar_t is unsigned
	ldouble  uint8 // size and alignment of long double
	ldFormat LongDoubleFormat
	int128   bool    // __int128 exists
	dialect  Dialect // how bit-fields and packed structs are laid out
	msvc     bool    // MSDialect means Microsoft's own compiler, not ms_struct

	anonAlign bool   // unnamed bit-fields align their struct
	vector    uint64 // greatest alignment of a vector type; 0 if any
}

// A LongDoubleFormat is what long double is on an ABI.
type LongDoubleFormat uint8

const (
	LongDoubleIsDouble LongDoubleFormat = iota // IEEE binary64
	LongDoubleX87                              // 80-bit extended in 16 bytes
	LongDoubleQuad                             // IEEE binary128
)

const maxABIs = 16

// The ABI table. TestScalarsAgainstCompiler checks every row with clang's
// _Static_assert for the target named (clang --target=T -c), linux-* and
// mingw-amd64 also with gcc; TestLayoutsAgainstClang the layouts of structs.
//
//   - wasm32: wasm32-wasi. Also WebAssembly/tool-conventions, BasicCABI.md.
//   - emscripten32: wasm32-unknown-emscripten, whose long double aligns to 8.
//   - linux-amd64: x86_64-linux-gnu. System V ABI, AMD64 supplement, 3.1.
//   - linux-arm64: aarch64-linux-gnu. AAPCS64: char and wchar_t are
//     unsigned, unnamed bit-fields align their struct.
//   - darwin-*: arm64-apple-macos, x86_64-apple-macos. Apple's arm64 char is
//     signed and its long double is double.
//   - windows-*: *-pc-windows-msvc. long is 4 bytes, wchar_t 2; enums are int;
//     an empty struct has 4 bytes.
//   - mingw-amd64: x86_64-w64-windows-gnu: long double is x87's, structs are laid
//     out as ms_struct. The rules are clang's. gcc's are the same but where it
//     packs the bit-fields of packed structs, lets bit-fields align unions, and
//     a typedef lower the alignment of a number; TestLayoutsAgainstGCC leaves
//     that out.
//   - freebsd-*: x86_64-unknown-freebsd, aarch64-unknown-freebsd.
//
// Vector types are aligned to their size, but to 16 bytes at most on arm64 and,
// without AVX, on Apple's amd64, to 8192 in Windows' object files. gcc's _Alignof
// gives no more than 16 for them; its structs have the alignment here, which is
// what its __alignof__ gives.
var (
	WASM32       = &ABI{name: "wasm32", index: 0, pointer: 4, long: 4, wchar: 4, ldouble: 16, ldFormat: LongDoubleQuad, int128: true, dialect: SysVDialect}
	LinuxAMD64   = &ABI{name: "linux-amd64", index: 1, pointer: 8, long: 8, wchar: 4, ldouble: 16, ldFormat: LongDoubleX87, int128: true, dialect: SysVDialect}
	LinuxARM64   = &ABI{name: "linux-arm64", index: 2, pointer: 8, long: 8, wchar: 4, ucharCh: true, uwchar: true, ldouble: 16, ldFormat: LongDoubleQuad, int128: true, dialect: SysVDialect, anonAlign: true, vector: 16}
	DarwinAMD64  = &ABI{name: "darwin-amd64", index: 3, pointer: 8, long: 8, wchar: 4, ldouble: 16, ldFormat: LongDoubleX87, int128: true, dialect: SysVDialect, vector: 16}
	DarwinARM64  = &ABI{name: "darwin-arm64", index: 4, pointer: 8, long: 8, wchar: 4, ldouble: 8, ldFormat: LongDoubleIsDouble, int128: true, dialect: SysVDialect, vector: 16}
	WindowsAMD64 = &ABI{name: "windows-amd64", index: 5, pointer: 8, long: 4, wchar: 2, uwchar: true, ldouble: 8, ldFormat: LongDoubleIsDouble, int128: true, dialect: MSDialect, msvc: true, vector: 8192}
	WindowsARM64 = &ABI{name: "windows-arm64", index: 6, pointer: 8, long: 4, wchar: 2, uwchar: true, ldouble: 8, ldFormat: LongDoubleIsDouble, int128: true, dialect: MSDialect, msvc: true, vector: 16}
	MinGWAMD64   = &ABI{name: "mingw-amd64", index: 7, pointer: 8, long: 4, wchar: 2, uwchar: true, ldouble: 16, ldFormat: LongDoubleX87, int128: true, dialect: MSDialect, vector: 8192}
	Emscripten32 = &ABI{name: "emscripten32", index: 8, pointer: 4, long: 4, wchar: 4, ldouble: 8, ldFormat: LongDoubleQuad, int128: true, dialect: SysVDialect}
	FreeBSDAMD64 = &ABI{name: "freebsd-amd64", index: 9, pointer: 8, long: 8, wchar: 4, ldouble: 16, ldFormat: LongDoubleX87, int128: true, dialect: SysVDialect}
	FreeBSDARM64 = &ABI{name: "freebsd-arm64", index: 10, pointer: 8, long: 8, wchar: 4, ucharCh: true, uwchar: true, ldouble: 16, ldFormat: LongDoubleQuad, int128: true, dialect: SysVDialect, anonAlign: true, vector: 16}
)

var abis = []*ABI{WASM32, LinuxAMD64, LinuxARM64, DarwinAMD64, DarwinARM64, WindowsAMD64, WindowsARM64, MinGWAMD64, Emscripten32, FreeBSDAMD64, FreeBSDARM64}

// ABIs are all rows of the table.
func ABIs() []*ABI { return append([]*ABI(nil), abis...) }

// ABIByName finds a row by its name; "host" is this machine's own.
func ABIByName(name string) (*ABI, bool) {
	if name == "host" {
		a := Host()
		return a, a != nil
	}
	for _, a := range abis {
		if a.name == name {
			return a, true
		}
	}
	return nil, false
}

// Host is the ABI of shared libraries on this machine, nil where there is no
// row for it.
func Host() *ABI {
	for _, a := range abis {
		if a.name == runtime.GOOS+"-"+runtime.GOARCH {
			return a
		}
	}
	return nil
}

// Name is the row's name, as in "linux-amd64".
func (a *ABI) Name() string { return a.name }

func (a *ABI) String() string { return a.name }

// PointerSize is the size of a data or function pointer in bytes.
func (a *ABI) PointerSize() uint64 { return uint64(a.pointer) }

// MaxAddress is the greatest address a pointer can hold.
func (a *ABI) MaxAddress() uint64 { return 1<<(8*a.pointer-1)<<1 - 1 }

// LongDouble is the format of long double.
func (a *ABI) LongDouble() LongDoubleFormat { return a.ldFormat }

// EnumBase is the integer type of an enum: Microsoft's compiler uses int for
// every enum that does not state its type.
func (a *ABI) EnumBase(t *Enum) *Int {
	if a.msvc && !t.fixed {
		return CInt
	}
	return t.base
}

// IntSize is the size of an integer type in bytes.
func (a *ABI) IntSize(t *Int) uint64 {
	switch t.size {
	case sizeLong:
		return uint64(a.long)
	case sizePtr:
		return uint64(a.pointer)
	case sizeWChar:
		return uint64(a.wchar)
	}
	return uint64(t.size)
}

// Signed reports whether an integer type is signed.
func (a *ABI) Signed(t *Int) bool {
	switch t.sign {
	case signChar:
		return !a.ucharCh
	case signWChar:
		return !a.uwchar
	}
	return t.sign == signed
}
