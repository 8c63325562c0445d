package native

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
)

const structTypes = `
	struct c1 { char a; };
	struct c3 { char a[3]; };
	struct c16 { char a[16]; };
	struct c17 { char a[17]; };
	struct id { int i; double d; };
	struct di { double d; int i; };
	struct ff { float a, b; };
	struct fff { float a, b, c; };
	struct fi { float a; int b; };
	struct dd { double a, b; };
	struct dddd { double a, b, c, d; };
	struct d5 { double a[5]; };
	struct nest { struct ff p; float c; };
	struct ld { long double a; };
	struct ldi { long double a; int b; };
	struct over { _Alignas(16) long a; };
	struct packed { char a; double d; } __attribute__((packed));
	struct bits { unsigned a : 3; unsigned b : 29; float f; };
	struct none {};
	union fd { float f; double d; };
	union fl { float f; long l; };
	union ldl { long double a; long b; };
	union nested { union ldl a; struct id b; };
	struct lds { long double a[2]; } __attribute__((packed));
	struct before { double a; char b[0]; };
	struct unaligned { char a; double b[0]; } __attribute__((packed));
	typedef float v2 __attribute__((vector_size(8)));
	typedef float v4 __attribute__((vector_size(16)));
	typedef int v8 __attribute__((vector_size(32)));
	typedef char vbig __attribute__((vector_size(128)));
	typedef long v1l __attribute__((vector_size(8)));
	typedef double v1d __attribute__((vector_size(8)));
	struct v { v4 a; };
	struct vv { v4 a, b; };
	struct vi { v4 a; int b; };
	struct v2f { v2 a; float b; };
	struct v2v2 { v2 a; v1d b; };
	union vint { v4 a; int b; };
	union vdouble { v4 a; double b[2]; };
	union vone { v4 a; double b; };
	struct pv { char a; v4 b; } __attribute__((packed));
	struct nothing { double a; struct { char a[0]; } b[3]; };
`

// Where the conventions' own documents say that arguments and results are.
func TestLowering(t *testing.T) {
	for _, c := range []struct {
		conv      *convention
		prototype string
		want      string
	}{
		// System V, AMD64: section 3.2.3 and its figure 3.5.
		{sysV, "void f(void)", "-> -"},
		{sysV, "int f(int, long, void *, char)", "rdi rsi rdx rcx -> rax"},
		{sysV, "double f(double, int, float)", "xmm0 rdi xmm1 -> xmm0"},
		{sysV, "void f(long, long, long, long, long, long, char, long)", "rdi rsi rdx rcx r8 r9 [sp+0]:1 [sp+8]:8 -> -"},
		{sysV, "void f(double, double, double, double, double, double, double, double, float, int)", "xmm0 xmm1 xmm2 xmm3 xmm4 xmm5 xmm6 xmm7 [sp+0]:4 rdi -> -"},
		{sysV, "struct id f(struct id, struct di)", "rdi,xmm0 xmm1,rsi -> rax,xmm0"},
		{sysV, "struct ff f(struct ff, struct fff, struct fi)", "xmm0 xmm1,xmm2 rdi -> xmm0"},
		{sysV, "struct dd f(struct c3, struct c16)", "rdi rsi,rdx -> xmm0,xmm1"},
		{sysV, "struct c17 f(struct c17, int)", "[sp+0]:17 rsi -> &rdi"},
		{sysV, "void f(long, long, long, long, long, struct c16, long)", "rdi rsi rdx rcx r8 [sp+0]:16 r9 -> -"},
		{sysV, "long double f(int, long double, long double)", "rdi [sp+0]:16 [sp+16]:16 -> st0"},
		{sysV, "_Complex long double f(_Complex long double)", "[sp+0]:32 -> st0,st1"},
		{sysV, "_Complex float f(_Complex float, _Complex double)", "xmm0 xmm1,xmm2 -> xmm0"},
		{sysV, "struct ld f(struct ld, struct ldi)", "[sp+0]:16 [sp+16]:32 -> st0"},
		{sysV, "__int128 f(__int128, int)", "rdi,rsi rdx -> rax,rdx"},
		{sysV, "void f(long, long, long, long, long, __int128, int, __int128)", "rdi rsi rdx rcx r8 [sp+0]:16 r9 [sp+16]:16 -> -"},
		{sysV, "void f(long, long, long, long, long, long, int, __int128)", "rdi rsi rdx rcx r8 r9 [sp+0]:4 [sp+16]:16 -> -"},
		{sysV, "union fd f(union fd, union fl)", "xmm0 rdi -> xmm0"},
		{sysV, "union ldl f(union ldl)", "[sp+0]:16 -> &rdi"},
		{sysV, "void f(union nested)", "[sp+0]:16 -> -"}, // the union inside is MEMORY by itself
		{sysV, "struct packed f(struct packed)", "[sp+0]:9 -> &rdi"},
		{sysV, "void f(struct bits, struct over)", "rdi rsi -> -"},
		{sysV, "void f(struct none, int)", "- rdi -> -"},
		{sysV, "struct before f(struct before)", "xmm0 -> xmm0"},
		{sysV, "void f(struct unaligned)", "[sp+0]:1 -> -"}, // an unaligned field, though it has no element
		{sysV, "int f(const char *, ...)", "rdi -> rax"},

		// Vectors, as gcc and clang have them without AVX.
		{sysV, "v4 f(int, v4, v2, double)", "rdi xmm0 xmm1 xmm2 -> xmm0"},
		{sysV, "struct v f(struct v, v1l)", "xmm0 xmm1 -> xmm0"},
		{sysV, "struct vv f(struct vi, v1d)", "[sp+0]:32 [sp+32]:8 -> &rdi"},
		{sysV, "struct v2f f(struct v2v2)", "[sp+0]:16 -> xmm0,xmm1"},
		{sysV, "union vint f(union vdouble, union vone)", "xmm0,xmm1 xmm2 -> rax,xmm0"},
		{sysV, "void f(v4, v4, v4, v4, v4, v4, v4, v4, double, v4, v2)", "xmm0 xmm1 xmm2 xmm3 xmm4 xmm5 xmm6 xmm7 [sp+0]:8 [sp+16]:16 [sp+32]:8 -> -"},
		{sysV, "void f(struct pv)", "[sp+0]:17 -> -"},
		{sysV, "void f(int, vbig)", "rdi [sp+0]:128 -> -"},
		{darwinAMD64, "v1l f(v1l, v2)", "rdi xmm0 -> rax"},

		// AAPCS64, section 6.8.2.
		{aapcs64, "v4 f(int, v4, v2, double)", "x0 v0 v1 v2 -> v0"},
		{aapcs64, "struct vv f(struct v, struct vv, struct vi, struct v2f)", "v0 v1,v2 &x0 x1,x2 -> v0,v1"},
		{aapcs64, "struct v2v2 f(union vdouble, v8, v1d)", "x0,x1 &x2 v0 -> v0,v1"},
		{aapcs64, "v8 f(union vint)", "x0,x1 -> &x8"},
		{aapcs64, "void f(struct vv, struct vv, struct vv, v4, v4, float, v4)", "v0,v1 v2,v3 v4,v5 v6 v7 [sp+0]:4 [sp+16]:16 -> -"},
		{aapcs64, "int f(int, long, void *, char)", "x0 x1 x2 x3 -> x0"},
		{aapcs64, "double f(double, int, float)", "v0 x0 v1 -> v0"},
		{aapcs64, "void f(long, long, long, long, long, long, long, long, char, short)", "x0 x1 x2 x3 x4 x5 x6 x7 [sp+0]:1 [sp+8]:2 -> -"},
		{aapcs64, "struct ff f(struct ff, struct fff, struct fi)", "v0,v1 v2,v3,v4 x0 -> v0,v1"},
		{aapcs64, "struct dddd f(struct dddd, struct dddd, struct dd, int)", "v0,v1,v2,v3 v4,v5,v6,v7 [sp+0]:16 x0 -> v0,v1,v2,v3"},
		{aapcs64, "void f(struct dddd, struct fff, struct dd, double)", "v0,v1,v2,v3 v4,v5,v6 [sp+0]:16 [sp+16]:8 -> -"},
		{aapcs64, "struct d5 f(struct d5, struct nest)", "&x0 v0,v1,v2 -> &x8"},
		{aapcs64, "struct c17 f(struct c17, struct c16, struct c3)", "&x0 x1,x2 x3 -> &x8"},
		{aapcs64, "void f(long, long, long, long, long, long, long, struct c16, int)", "x0 x1 x2 x3 x4 x5 x6 [sp+0]:16 [sp+16]:4 -> -"},
		{aapcs64, "long double f(int, long double)", "x0 v0 -> v0"},
		{aapcs64, "struct ld f(struct ld, struct ldi)", "v0 &x0 -> v0"},
		{aapcs64, "_Complex float f(_Complex float, _Complex long double)", "v0,v1 v2,v3 -> v0,v1"},
		{aapcs64, "__int128 f(int, __int128, int)", "x0 x2,x3 x4 -> x0,x1"},
		{aapcs64, "void f(long, long, long, long, long, long, long, __int128, int)", "x0 x1 x2 x3 x4 x5 x6 [sp+0]:16 [sp+16]:4 -> -"},
		{aapcs64, "void f(int, struct over)", "x0 x2,x3 -> -"},
		{aapcs64, "union fd f(union fd, union fl)", "x0 x1 -> x0"},
		{aapcs64, "void f(struct none, int)", "- x0 -> -"},
		{aapcs64, "struct before f(struct before, struct nothing)", "x0 x1 -> x0"}, // not homogeneous
		{aapcs64, "void f(struct dddd, struct dddd, float, struct lds, long double)", "v0,v1,v2,v3 v4,v5,v6,v7 [sp+0]:4 [sp+8]:32 [sp+48]:16 -> -"},

		// Apple's variant: small stack arguments, and "..." all on the stack.
		{appleARM64, "void f(long, long, long, long, long, long, long, long, char, short, int, char)", "x0 x1 x2 x3 x4 x5 x6 x7 [sp+0]:1 [sp+2]:2 [sp+4]:4 [sp+8]:1 -> -"},
		{appleARM64, "long double f(long double)", "v0 -> v0"},
		{appleARM64, "void f(long, long, long, long, long, long, long, long, char, struct c3, char, struct over, char)", "x0 x1 x2 x3 x4 x5 x6 x7 [sp+0]:1 [sp+8]:3 [sp+16]:1 [sp+32]:16 [sp+48]:1 -> -"},
		{appleARM64, "__int128 f(int, __int128, struct over, int)", "x0 x1,x2 x3,x4 x5 -> x0,x1"},
		{appleARM64, "void f(long, long, long, long, long, long, long, __int128, int)", "x0 x1 x2 x3 x4 x5 x6 [sp+0]:16 [sp+16]:4 -> -"},
		{appleARM64, "int f(const char *, ...)", "x0 -> x0"},

		// Windows, amd64.
		{win64, "int f(int, double, void *, float, char, double)", "rcx xmm1 r8 xmm3 [sp+32]:1 [sp+40]:8 -> rax"},
		{win64, "struct ff f(struct ff, struct c3, struct c1)", "rcx &rdx r8 -> rax"},
		{win64, "struct dd f(struct dd)", "&rdx -> &rcx"},
		{win64, "double f(void)", "-> xmm0"},
		{win64, "v4 f(v4, v2, struct v)", "&rcx rdx &r8 -> xmm0"},
		{win64, "struct v f(int)", "rdx -> &rcx"},
		{win64, "__int128 f(int, __int128, double)", "rcx &rdx xmm2 -> xmm0"},
		{win64, "_Complex double f(_Complex float)", "rdx -> &rcx"},
		{mingw, "long double f(long double, double, struct ld)", "&rdx xmm2 &r9 -> &rcx"},
		{mingw, "__int128 f(__int128, long, long, long, __int128)", "&rcx rdx r8 r9 &[sp+32]:8 -> xmm0"},
	} {
		t.Run(c.conv.name+" "+c.prototype, func(t *testing.T) {
			require.Equal(t, c.want, lowered(t, c.conv, c.prototype))
		})
	}
}

func TestLoweringVariadic(t *testing.T) {
	for _, c := range []struct {
		conv *convention
		args string
		want string
	}{
		{sysV, "int, double, struct id", "rdi rsi xmm0 rdx,xmm1 -> rax"},
		{aapcs64, "int, double, struct dd", "x0 x1 v0 v1,v2 -> x0"},
		{appleARM64, "int, double, struct dd, struct c3, struct c17", "x0 [sp+0]:4 [sp+8]:8 [sp+16]:16 [sp+32]:3 &[sp+40]:8 -> x0"},
		{win64, "int, double, struct dd", "rcx rdx xmm2,r8 &r9 -> rax"},
		{win64, "float, float, double, v4", "rcx xmm1,rdx xmm2,r8 xmm3,r9 &[sp+32]:8 -> rax"},
		{sysV, "v4, int", "rdi xmm0 rsi -> rax"},
		{appleARM64, "int, v4, v8", "x0 [sp+0]:4 [sp+16]:16 &[sp+32]:8 -> x0"},
	} {
		t.Run(c.conv.name+" "+c.args, func(t *testing.T) {
			// The shape of a call is that of a function with all its arguments
			// declared, of which one is.
			decls := parse(t, c.conv, "int g(const char *, "+c.args+");")
			f, err := decls.Func("g")
			require.NoError(t, err)
			sig, err := signatureOf(c.conv.abi, f)
			require.NoError(t, err)
			sig.fixed, sig.variadic = 1, true
			require.Equal(t, c.want, show(t, c.conv, sig))
		})
	}
}

// What compilers pass in more than one way, depending on their flags or make, is
// refused.
func TestLoweringRefused(t *testing.T) {
	for _, c := range []struct {
		conv      *convention
		prototype string
		want      string
	}{
		{sysV, "void f(int, v8)", "parameter 2: not supported: a vector of 32 bytes by value, which is passed otherwise with AVX than without"},
		{sysV, "struct { v8 a; } f(void)", "result: not supported: a vector of 32 bytes by value, which is passed otherwise with AVX than without"},
		{sysV, "v1d f(void)", "not supported: result: a vector of one double, which gcc returns in memory and clang in XMM0"},
		{win64, "void f(v8)", "not supported: a vector of 32 bytes by value, on which compilers disagree"},
	} {
		t.Run(c.conv.name+" "+c.prototype, func(t *testing.T) {
			f, err := parse(t, c.conv, c.prototype+";").Func("f")
			require.NoError(t, err)
			sig, err := signatureOf(c.conv.abi, f)
			require.NoError(t, err)
			_, err = c.conv.lower(sig)
			require.ErrorIs(t, err, dtype.ErrNotSupported)
			require.EqualError(t, err, c.want)
		})
	}
	f, err := parse(t, sysV, "void f(char __attribute__((vector_size(4))));").Func("f")
	require.NoError(t, err)
	_, err = signatureOf(sysV.abi, f)
	require.ErrorIs(t, err, dtype.ErrNotSupported)
}

// Other platforms of the same conventions.
var (
	darwinAMD64 = &convention{name: "sysv", abi: dtype.DarwinAMD64, lower: lowerSysV}
	mingw       = &convention{name: "win64", abi: dtype.MinGWAMD64, lower: lowerWin64}
)

// The vector registers counted are what System V wants in AL.
func TestVectorCount(t *testing.T) {
	for prototype, want := range map[string]int{
		"void f(int)":                        0,
		"void f(double, float, struct fff)":  4,
		"void f(struct id, struct di, long)": 2,
	} {
		f, err := parse(t, sysV, prototype+";").Func("f")
		require.NoError(t, err)
		sig, err := signatureOf(sysV.abi, f)
		require.NoError(t, err)
		low, err := sysV.lower(sig)
		require.NoError(t, err)
		require.Equal(t, want, low.vectors, prototype)
	}
}

func parse(t *testing.T, conv *convention, src string) *cdecl.Decls {
	t.Helper()
	types := structTypes
	decls, err := cdecl.Parse(types+src, cdecl.Options{ABI: conv.abi})
	require.NoError(t, err)
	return decls
}

func lowered(t *testing.T, conv *convention, prototype string) string {
	t.Helper()
	f, err := parse(t, conv, prototype+";").Func("f")
	require.NoError(t, err)
	sig, err := signatureOf(conv.abi, f)
	require.NoError(t, err)
	return show(t, conv, sig)
}

func show(t *testing.T, conv *convention, sig *signature) string {
	t.Helper()
	low, err := conv.lower(sig)
	require.NoError(t, err)
	return describe(conv, low)
}

// Registers for integer arguments, for vectors, and for integer results.
var registers = map[string]struct{ ints, floats, results []string }{
	"sysv":        {[]string{"rdi", "rsi", "rdx", "rcx", "r8", "r9"}, xmm, []string{"rax", "rdx"}},
	"win64":       {[]string{"rcx", "rdx", "r8", "r9"}, xmm, []string{"rax"}},
	"aapcs64":     {xs, vs, xs},
	"apple-arm64": {xs, vs, xs},
}

var (
	xmm = []string{"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7"}
	xs  = []string{"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"}
	vs  = []string{"v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7"}
)

// describe prints where everything is: "rdi xmm0,rsi [sp+8]:24 &rdx -> rax", for
// each parameter and the result the registers in order of the value's bytes,
// stack pieces with offset and size, & before what holds the address of a copy,
// - for nowhere.
func describe(c *convention, l *lowering) string {
	var b strings.Builder
	for _, p := range l.params {
		b.WriteString(place(c, p, registers[c.name].ints) + " ")
	}
	ints := registers[c.name].results
	if l.result.indirect {
		ints = registers[c.name].ints
	}
	return b.String() + "-> " + place(c, l.result, ints)
}

func place(c *convention, p placement, ints []string) string {
	var parts []string
	for _, q := range p.pieces {
		switch q.file {
		case intFile:
			parts = append(parts, ints[q.at])
		case floatFile:
			parts = append(parts, registers[c.name].floats[q.at])
		case resultFile:
			parts = append(parts, "x8")
		case x87File:
			parts = append(parts, fmt.Sprintf("st%d", q.at))
		case stackFile:
			parts = append(parts, fmt.Sprintf("[sp+%d]:%d", q.at, q.size))
		}
	}
	s := strings.Join(parts, ",")
	if p.indirect {
		s = "&" + s
	}
	if s == "" {
		s = "-"
	}
	return s
}
