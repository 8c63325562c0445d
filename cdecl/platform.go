package cdecl

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/wasmffi/wasmffi/dtype"
)

// A platform is what C text can ask about the ABI it is read for: predefined
// macros, the C library's choices among integer types, its headers' places.
type platform struct {
	abi     *dtype.ABI
	macros  string          // #define lines
	names   map[string]bool // the macros' names
	types   string          // typedefs known without any #include
	headers []string        // directories
	scope   func() *scope   // of the types and of dtype's own
}

var platforms sync.Map // *dtype.ABI → *platform

func platformOf(abi *dtype.ABI) *platform {
	if p, ok := platforms.Load(abi); ok {
		return p.(*platform)
	}
	p, _ := platforms.LoadOrStore(abi, newPlatform(abi))
	return p.(*platform)
}

// An osRow is what all ABIs of one operating system share. The integer types
// behind int_fastN_t are the C library's choice, not the compiler's: glibc and
// musl bits/stdint.h, FreeBSD sys/_stdint.h, Apple _types, Microsoft stdint.h.
type osRow struct {
	prefix                string // of ABI names
	macros                string // NAME or NAME=value
	fast8, fast16, fast32 string
	headers               []string
}

var osRows = []osRow{
	{"linux-", "__linux__ __linux __gnu_linux__ __unix__ __unix __ELF__ " + gcc, "signed char", "long", "long", nil},
	{"freebsd-", "__FreeBSD__=14 __unix__ __unix __ELF__ " + gcc, "int", "int", "int", []string{"/usr/local/include", "/usr/include"}},
	{"darwin-", "__APPLE__ __MACH__ __APPLE_CC__=6000 __ENVIRONMENT_MAC_OS_X_VERSION_MIN_REQUIRED__=110000 " + gcc, "signed char", "short", "int",
		[]string{"/Library/Developer/CommandLineTools/SDKs/MacOSX.sdk/usr/include", "/Applications/Xcode.app/Contents/Developer/Platforms/MacOSX.platform/Developer/SDKs/MacOSX.sdk/usr/include"}},
	{"windows-", "_WIN32 _WIN64 _MSC_VER=1930 _MSC_FULL_VER=193000000 _MSC_EXTENSIONS _INTEGRAL_MAX_BITS=64", "signed char", "int", "int", nil},
	{"mingw-", "_WIN32 _WIN64 __WIN32__ __WIN64__ __MINGW32__ __MINGW64__ __MSVCRT__ " + gcc, "signed char", "short", "int",
		[]string{"/usr/x86_64-w64-mingw32/include", "/usr/share/mingw-w64/include"}},
	{"wasm32", "__wasm__ __wasm32__ __wasm __wasm32 __wasi__ __clang__ __clang_major__=14 " + gcc, "signed char", "short", "int",
		[]string{"/usr/include/wasm32-wasi", "/usr/local/share/wasi-sysroot/include/wasm32-wasi", "/opt/wasi-sdk/share/wasi-sysroot/include/wasm32-wasi"}},
	{"emscripten32", "__wasm__ __wasm32__ __wasm __wasm32 __EMSCRIPTEN__ __unix__ __clang__ __clang_major__=14 " + gcc, "signed char", "int", "int", nil},
}

// gcc's own macros, which the headers of C libraries ask for. Version 12 has
// every attribute read here and none of the keywords of C23.
const gcc = "__GNUC__=12 __GNUC_MINOR__=2 __GNUC_PATCHLEVEL__=0 __GNUC_STDC_INLINE__ __STRICT_ANSI__ _DEFAULT_SOURCE"

var cpuMacros = map[string]string{
	"amd64": "__x86_64__ __x86_64 __amd64__ __amd64 __SSE2__",
	"arm64": "__aarch64__ __ARM_64BIT_STATE __ARM_ARCH=8 __ARM_NEON",
}

var cpuMacrosMS = map[string]string{
	"amd64": "_M_X64=100 _M_AMD64=100",
	"arm64": "_M_ARM64",
}

func newPlatform(abi *dtype.ABI) *platform {
	p := &platform{abi: abi, names: map[string]bool{}}
	row := osRows[slices.IndexFunc(osRows, func(r osRow) bool { return strings.HasPrefix(abi.Name(), r.prefix) })]
	var b strings.Builder
	define := func(name, value string) {
		fmt.Fprintf(&b, "#define %s %s\n", name, value)
		p.names[name] = true
	}
	words := func(list string) {
		for _, w := range strings.Fields(list) {
			name, value, ok := strings.Cut(w, "=")
			if !ok {
				value = "1"
			}
			define(name, value)
		}
	}
	words("__STDC__ __STDC_VERSION__=201710L __STDC_HOSTED__ __STDC_UTF_16__ __STDC_UTF_32__ __CHAR_BIT__=8")
	words(row.macros)
	_, cpu, _ := strings.Cut(abi.Name(), "-")
	words(cpuMacros[cpu])
	if row.prefix == "windows-" {
		words(cpuMacrosMS[cpu])
	}

	long := abi.IntSize(dtype.CLong)
	pointer := abi.PointerSize()
	switch {
	case pointer == 4:
		words("__ILP32__ _ILP32")
	case long == 8:
		words("__LP64__ _LP64")
	}
	if !abi.Signed(dtype.CChar) {
		words("__CHAR_UNSIGNED__")
	}
	words("__ORDER_LITTLE_ENDIAN__=1234 __ORDER_BIG_ENDIAN__=4321 __ORDER_PDP_ENDIAN__=3412 __BYTE_ORDER__=1234 __FLOAT_WORD_ORDER__=1234 __LITTLE_ENDIAN__")
	words("__BIGGEST_ALIGNMENT__=16")
	define("__LDBL_MANT_DIG__", map[dtype.LongDoubleFormat]string{dtype.LongDoubleIsDouble: "53", dtype.LongDoubleX87: "64", dtype.LongDoubleQuad: "113"}[abi.LongDouble()])

	for name, t := range map[string]dtype.Type{"SHORT": dtype.CShort, "INT": dtype.CInt, "LONG": dtype.CLong, "LONG_LONG": dtype.CLongLong,
		"FLOAT": dtype.CFloat, "DOUBLE": dtype.CDouble, "LONG_DOUBLE": dtype.CLongDouble, "POINTER": dtype.PointerTo(nil),
		"SIZE_T": dtype.SizeT, "PTRDIFF_T": dtype.PtrDiffT, "WCHAR_T": dtype.WCharT} {
		if n, err := abi.Size(t); err == nil {
			define("__SIZEOF_"+name+"__", fmt.Sprint(n))
		}
	}
	if _, err := abi.Size(dtype.CInt128); err == nil {
		define("__SIZEOF_INT128__", "16")
	}

	word, wide, max := "long", "long", "long"
	if long < pointer {
		word = "long long"
	}
	if long < 8 {
		wide, max = "long long", "long long"
	}
	if row.prefix == "darwin-" {
		wide = "long long"
	}
	wchar, wint := "int", "unsigned int"
	switch {
	case abi.IntSize(dtype.WCharT) == 2:
		wchar, wint = "unsigned short", "unsigned short"
	case !abi.Signed(dtype.WCharT):
		wchar = "unsigned int"
	case row.prefix != "linux-" && row.prefix != "wasm32" && row.prefix != "emscripten32":
		wint = "int"
	}
	var types strings.Builder
	typedef := func(name, c string, signed bool) {
		if !signed {
			c = "unsigned " + strings.TrimPrefix(c, "signed ")
		}
		define("__"+strings.ToUpper(name)+"_TYPE__", c)
	}
	// Each integer type with the size that its limits follow from.
	for _, t := range []struct {
		name, c string
		size    uint64
	}{
		{"int8", "signed char", 1}, {"int16", "short", 2}, {"int32", "int", 4}, {"int64", wide, 8},
		{"int_least8", "signed char", 1}, {"int_least16", "short", 2}, {"int_least32", "int", 4}, {"int_least64", wide, 8},
		{"int_fast8", row.fast8, sizeNamed(abi, row.fast8)}, {"int_fast16", row.fast16, sizeNamed(abi, row.fast16)},
		{"int_fast32", row.fast32, sizeNamed(abi, row.fast32)}, {"int_fast64", wide, 8},
		{"intptr", word, pointer}, {"intmax", max, 8},
	} {
		typedef(t.name, t.c, true)
		typedef("u"+t.name, t.c, false)
		define("__"+strings.ToUpper(t.name)+"_MAX__", limit(t.size, true, t.c))
		define("__U"+strings.ToUpper(t.name)+"_MAX__", limit(t.size, false, t.c))
		fmt.Fprintf(&types, "typedef %s %s_t;\ntypedef unsigned %s u%s_t;\n", t.c, t.name, strings.TrimPrefix(t.c, "signed "), t.name)
	}
	define("__SIZE_TYPE__", "unsigned "+word)
	define("__SIZE_MAX__", limit(pointer, false, word))
	define("__PTRDIFF_TYPE__", word)
	define("__PTRDIFF_MAX__", limit(pointer, true, word))
	define("__WCHAR_TYPE__", wchar)
	define("__WINT_TYPE__", wint)
	define("__CHAR16_TYPE__", "unsigned short")
	define("__CHAR32_TYPE__", "unsigned int")
	define("__SIG_ATOMIC_TYPE__", "int")
	unsigned, _ := strings.CutPrefix(wchar, "unsigned ")
	size := abi.IntSize(dtype.WCharT)
	define("__WCHAR_MAX__", limit(size, abi.Signed(dtype.WCharT), unsigned))
	define("__WCHAR_MIN__", map[bool]string{true: "(-__WCHAR_MAX__ - 1)", false: "0"}[abi.Signed(dtype.WCharT)])
	unsigned, isUnsigned := strings.CutPrefix(wint, "unsigned ")
	define("__WINT_MAX__", limit(size, !isUnsigned, unsigned))
	define("__WINT_MIN__", map[bool]string{true: "0", false: "(-__WINT_MAX__ - 1)"}[isUnsigned])
	define("__SCHAR_MAX__", "127")
	define("__SHRT_MAX__", "32767")
	define("__INT_MAX__", "2147483647")
	define("__LONG_MAX__", limit(long, true, "long"))
	define("__LONG_LONG_MAX__", limit(8, true, "long long"))
	// Builtins that headers use in declarations and constants.
	define("__builtin_offsetof(type, member)", "((__SIZE_TYPE__)&((type *)0)->member)")
	define("__has_attribute(x)", "1")
	define("__has_c_attribute(x)", "0")
	define("__has_cpp_attribute(x)", "0")
	define("__has_warning(x)", "0")
	define("__has_declspec_attribute(x)", "1")
	p.names["__builtin_offsetof"] = true

	fmt.Fprintf(&types, "typedef %s wint_t;\n", wint)
	types.WriteString("typedef union { long long a; long double b; } max_align_t;\n")
	types.WriteString(vaList(abi, row.prefix))
	p.macros, p.types = b.String(), types.String()
	p.headers = row.headers
	p.scope = sync.OnceValue(func() *scope { return builtinScope(p) })
	if row.prefix == "linux-" {
		cpu := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[cpu]
		p.headers = []string{"/usr/local/include", "/usr/include/" + cpu + "-linux-gnu", "/usr/include"}
		if dtype.Host() != abi {
			p.headers = []string{"/usr/" + cpu + "-linux-gnu/include"}
		}
	}
	return p
}

// vaList is the type behind va_list: System V's array of one struct on amd64
// (ABI 3.5.7), AAPCS64's struct on arm64 but for Apple, else a pointer.
func vaList(abi *dtype.ABI, system string) string {
	list := "typedef void *__builtin_va_list;\n"
	switch {
	case system == "windows-" || system == "mingw-":
		list = "typedef char *__builtin_va_list;\n"
	case strings.HasSuffix(abi.Name(), "-amd64"):
		list = "typedef struct __va_list_tag { unsigned int gp_offset, fp_offset; void *overflow_arg_area, *reg_save_area; } __builtin_va_list[1];\n"
	case abi.Name() == "darwin-arm64":
		list = "typedef char *__builtin_va_list;\n"
	case strings.HasSuffix(abi.Name(), "-arm64"):
		list = "typedef struct __va_list { void *__stack, *__gr_top, *__vr_top; int __gr_offs, __vr_offs; } __builtin_va_list;\n"
	}
	return list + "typedef __builtin_va_list va_list;\n"
}

// sizeNamed is the size of an integer type by the name used in osRows.
func sizeNamed(abi *dtype.ABI, c string) uint64 {
	switch c {
	case "signed char":
		return 1
	case "short":
		return 2
	case "long":
		return abi.IntSize(dtype.CLong)
	}
	return 4
}

// limit is the greatest value of an integer type of size bytes, as C writes it.
func limit(size uint64, signed bool, c string) string {
	bits := 8 * size
	if signed {
		bits--
	}
	s := fmt.Sprint(uint64(1)<<(bits-1)<<1 - 1)
	if !signed && size >= 4 {
		s += "U"
	}
	switch c {
	case "long":
		s += "L"
	case "long long":
		s += "LL"
	}
	return s
}

// systemDirs are the directories of the C library's headers that exist.
func (p *platform) systemDirs() []string {
	var dirs []string
	if root := os.Getenv("WASI_SDK_PATH"); root != "" && p.abi == dtype.WASM32 {
		dirs = append(dirs, filepath.Join(root, "share/wasi-sysroot/include/wasm32-wasi"))
	}
	for _, d := range p.headers {
		if info, err := os.Stat(d); err == nil && info.IsDir() {
			dirs = append(dirs, d)
		}
	}
	return dirs
}
