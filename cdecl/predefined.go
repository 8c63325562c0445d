package cdecl

import (
	"fmt"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// A definer collects predefined macros and types.
type definer struct {
	abi    *dtype.ABI
	row    osRow
	macros strings.Builder
	types  strings.Builder
	byName map[string]string
}

// predefine makes the macros that a compiler for the ABI predefines, in so far
// as headers ask for them, and the typedefs that need no #include.
func predefine(abi *dtype.ABI, row osRow, cpu string) (macros, types string, byName map[string]string) {
	d := &definer{abi: abi, row: row, byName: map[string]string{}}
	d.flags("__STDC__ __STDC_VERSION__=201710L __STDC_HOSTED__ __STDC_UTF_16__ __STDC_UTF_32__ __CHAR_BIT__=8")
	d.flags(row.macros)
	d.flags(cpuMacros[cpu])
	if row.prefix == "windows-" {
		d.flags(cpuMacrosMS[cpu])
	}
	switch {
	case abi.PointerSize() == 4:
		d.flags("__ILP32__ _ILP32")
	case abi.IntSize(dtype.CLong) == 8:
		d.flags("__LP64__ _LP64")
	}
	if !abi.Signed(dtype.CChar) {
		d.flags("__CHAR_UNSIGNED__")
	}
	d.flags("__ORDER_LITTLE_ENDIAN__=1234 __ORDER_BIG_ENDIAN__=4321 __ORDER_PDP_ENDIAN__=3412 __BYTE_ORDER__=1234 __FLOAT_WORD_ORDER__=1234 __LITTLE_ENDIAN__")
	d.flags(fmt.Sprintf("__BIGGEST_ALIGNMENT__=%d", biggestAlignment))
	d.flags("__LDBL_MANT_DIG__=" + map[dtype.LongDoubleFormat]string{
		dtype.LongDoubleIsDouble: "53", dtype.LongDoubleX87: "64", dtype.LongDoubleQuad: "113"}[abi.LongDouble()])
	d.sizes()
	d.integers()
	d.wide()
	d.builtins()
	d.types.WriteString("typedef " + maxAlign(row.prefix) + " max_align_t;\n")
	d.types.WriteString(vaList(abi, row.prefix))
	return d.macros.String(), d.types.String(), d.byName
}

// maxAlign is max_align_t as the compilers' stddef.h has it.
func maxAlign(system string) string {
	switch system {
	case "windows-":
		return "double"
	case "darwin-":
		return "long double"
	}
	return "struct { long long __max_align_ll; long double __max_align_ld; }"
}

func (d *definer) define(name, value string) {
	text := name + " " + value
	d.macros.WriteString("#define " + text + "\n")
	name, _, _ = strings.Cut(name, "(")
	d.byName[name] = text
}

// flags defines words of the form NAME or NAME=value.
func (d *definer) flags(words string) {
	for _, w := range strings.Fields(words) {
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			value = "1"
		}
		d.define(name, value)
	}
}

func (d *definer) sizes() {
	for _, t := range []struct {
		name string
		t    dtype.Type
	}{
		{"SHORT", dtype.CShort}, {"INT", dtype.CInt}, {"LONG", dtype.CLong}, {"LONG_LONG", dtype.CLongLong}, {"INT128", dtype.CInt128},
		{"FLOAT", dtype.CFloat}, {"DOUBLE", dtype.CDouble}, {"LONG_DOUBLE", dtype.CLongDouble},
		{"POINTER", dtype.PointerTo(nil)}, {"SIZE_T", dtype.SizeT}, {"PTRDIFF_T", dtype.PtrDiffT}, {"WCHAR_T", dtype.WCharT},
	} {
		if n, err := d.abi.Size(t.t); err == nil {
			d.define("__SIZEOF_"+t.name+"__", fmt.Sprint(n))
		}
	}
}

// integers defines __INT32_TYPE__, __INT32_MAX__ and their like, and those of
// the types that dtype does not have.
func (d *definer) integers() {
	long, pointer := d.abi.IntSize(dtype.CLong), d.abi.PointerSize()
	// The C names of an integer as wide as a pointer, of int64_t and intmax_t.
	word, wide, most := "long", "long", "long"
	if long < pointer {
		word = "long long"
	}
	if long < 8 {
		wide, most = "long long", "long long"
	}
	if d.row.prefix == "darwin-" {
		wide = "long long"
	}
	for _, t := range []struct{ name, c string }{
		{"int8", "signed char"}, {"int16", "short"}, {"int32", "int"}, {"int64", wide},
		{"int_least8", "signed char"}, {"int_least16", "short"}, {"int_least32", "int"}, {"int_least64", wide},
		{"int_fast8", d.row.fast[0]}, {"int_fast16", d.row.fast[1]}, {"int_fast32", d.row.fast[2]}, {"int_fast64", wide},
		{"intptr", word}, {"intmax", most},
	} {
		d.integer("__"+strings.ToUpper(t.name), t.c)
		d.integer("__U"+strings.ToUpper(t.name), unsignedOf(t.c))
		fmt.Fprintf(&d.types, "typedef %s %s_t;\ntypedef %s u%s_t;\n", t.c, t.name, unsignedOf(t.c), t.name)
	}
	d.integer("__SIZE", unsignedOf(word))
	d.integer("__PTRDIFF", word)
	d.define("__SIG_ATOMIC_TYPE__", "int")
	d.define("__SCHAR_MAX__", d.limit("signed char"))
	d.define("__SHRT_MAX__", d.limit("short"))
	d.define("__INT_MAX__", d.limit("int"))
	d.define("__LONG_MAX__", d.limit("long"))
	d.define("__LONG_LONG_MAX__", d.limit("long long"))
}

// integer defines the type and the greatest value of an integer type.
func (d *definer) integer(prefix, c string) {
	d.define(prefix+"_TYPE__", c)
	d.define(prefix+"_MAX__", d.limit(c))
}

func unsignedOf(c string) string { return "unsigned " + strings.TrimPrefix(c, "signed ") }

// wide defines the types of wide characters. wint_t is unsigned in glibc, musl
// and Microsoft's library.
func (d *definer) wide() {
	wchar, wint := "int", "int"
	switch d.row.prefix {
	case "linux-", "wasm32", "emscripten32":
		wint = "unsigned int"
	case "windows-", "mingw-":
		wchar, wint = "unsigned short", "unsigned short"
	}
	if !d.abi.Signed(dtype.WCharT) {
		wchar = unsignedOf(strings.TrimPrefix(wchar, "unsigned "))
	}
	d.integer("__WCHAR", wchar)
	d.integer("__WINT", wint)
	for _, t := range [][2]string{{"__WCHAR", wchar}, {"__WINT", wint}} {
		least := "(-" + t[0] + "_MAX__ - 1)"
		if strings.HasPrefix(t[1], "unsigned ") {
			least = "0"
		}
		d.define(t[0]+"_MIN__", least)
	}
	d.define("__CHAR16_TYPE__", "unsigned short")
	d.define("__CHAR32_TYPE__", "unsigned int")
	fmt.Fprintf(&d.types, "typedef %s wint_t;\n", wint)
}

// builtins defines what headers use as if it were a function.
func (d *definer) builtins() {
	d.define("__builtin_offsetof(type, member)", "((__SIZE_TYPE__)&((type *)0)->member)")
	if d.row.prefix == "mingw-" {
		d.define("__declspec(a)", "__attribute__((a))") // gcc's own
	}
	d.define("__has_attribute(x)", "1")
	d.define("__has_declspec_attribute(x)", "1")
	d.define("__has_c_attribute(x)", "0")
	d.define("__has_cpp_attribute(x)", "0")
	d.define("__has_warning(x)", "0")
}

// limit is the greatest value of an integer type, as C writes it.
func (d *definer) limit(c string) string {
	name, unsigned := strings.CutPrefix(c, "unsigned ")
	t := map[string]*dtype.Int{"signed char": dtype.CSChar, "char": dtype.CSChar, "short": dtype.CShort,
		"int": dtype.CInt, "long": dtype.CLong, "long long": dtype.CLongLong}[name]
	bits := 8 * d.abi.IntSize(t)
	suffix := ""
	if !unsigned {
		bits--
	} else if bits >= 32 {
		suffix = "U"
	}
	switch name {
	case "long":
		suffix += "L"
	case "long long":
		suffix += "LL"
	}
	return fmt.Sprint(uint64(1)<<(bits-1)<<1-1) + suffix
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
