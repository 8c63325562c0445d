package cdecl_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
)

// Directions are kept on the parameters, however they are written, and change
// nothing else.
func TestDirections(t *testing.T) {
	const (
		none  = dtype.Unstated
		in    = dtype.In
		out   = dtype.Out
		inout = dtype.InOut
	)
	type dirs []dtype.Direction
	for _, tt := range []struct {
		c    string
		want dirs
	}{
		{"int f(int *a, _In_ int *b, _Out_ int *c, _Inout_ int *d)", dirs{none, in, out, inout}},
		{"int f(_In_opt_ const char *a, _Out_opt_ int *b, _Inout_opt_z_ char *c, _Outptr_ char **d)", dirs{in, out, inout, out}},
		{"int f(_In_reads_bytes_(n * 2) const void *a, _Out_writes_(n) int *b, size_t n)", dirs{in, out, none}},
		{"int f(_Out_writes_bytes_to_(n, *m) void *a, _Inout_updates_(n) int *b, size_t n, size_t *m)", dirs{inout, inout, none, none}},
		{"_Success_(return != 0) _Check_return_ int f(_Reserved_ int *a, _Out_ int *b)", dirs{none, out}},
		{"int f(__in int *a, __out_opt int *b, __inout int *c, __out_ecount(4) int *d)", dirs{in, out, inout, out}},
		{"int f([in] int *a, [out] int *b, [in, out] int *c, [out, size_is(2)] int *d, [optional] int *e, [in, optional] int *g)", dirs{in, out, inout, out, none, in}},
		{"int f(__attribute__((annotate(\"in\"))) int *a, int *b __attribute__((annotate(\"out\"))), int *__attribute__((annotate(\"inout\"))) c)", dirs{in, out, inout}},
		{"int f(int *_Out_ a, const _In_ int *b)", dirs{out, in}},
		{"int f(_Out_ int (*(*a)(int))(char), int b, [in] int (*(*)(int))(char))", dirs{out, none, in}},
		{"int f(void (*g)(_Out_ int *a, _In_ int *b), _Out_ int *c)", dirs{none, out}},
		{"int f(_Out_ void (*g)(_In_ int *b))", dirs{out}},
		{"int f(_Out_ int a[static 3], _In_ int b[const restrict 2])", dirs{out, in}},
		{"#define IN\n#define OUT\n#define OPTIONAL\nint f(IN int *a, OUT int *b, IN OUT int *c, OUT OPTIONAL int *d)", dirs{in, out, inout, out}},
		{"#define _Out_ /* nothing */\n#define _In_reads_(n)\n#define __in // nothing\nint f(_Out_ int *a, _In_reads_(3) int *b, __in int *c)", dirs{out, in, in}},
		{"int f(int *__in, _Out_ int *__out, int __inout[3], int __out_fd)", dirs{none, out, none, none}},
		{"enum { IN, OUT }; int f(int a[OUT + 1])", dirs{none}},
		{"int f(int *a); int f(_Out_ int *a)", dirs{out}},
		{"int f(_Out_ int *a); int f(int *a)", dirs{out}},
	} {
		t.Run(tt.c, func(t *testing.T) {
			f, err := parse(t, tt.c).Func("f")
			require.NoError(t, err)
			var got dirs
			for _, p := range f.Params() {
				got = append(got, p.Dir)
			}
			assert.Equal(t, tt.want, got)
		})
	}

	d := parse(t, "typedef int (*callback)(_Out_ int *result, int *other);")
	typ, err := d.Type("callback")
	require.NoError(t, err)
	f := dtype.Resolve(typ).(*dtype.Pointer).Elem().(*dtype.Func)
	assert.Equal(t, out, f.Params()[0].Dir)
	assert.Equal(t, none, f.Params()[1].Dir)
	assert.Equal(t, "callback", typ.String())

	_, f, err = d.Proto("int g(_Out_ int *a, [in] int *b)")
	require.NoError(t, err)
	assert.Equal(t, "int g(int *a, int *b)", dtype.Declare(f, "g"))
	assert.Equal(t, out, f.Params()[0].Dir)

	opts := linux
	opts.Defines = map[string]string{"OUT": ""}
	d, err = cdecl.Parse("int f(OUT int *a);", opts)
	require.NoError(t, err)
	f, err = d.Func("f")
	require.NoError(t, err)
	assert.Equal(t, out, f.Params()[0].Dir)
}

// gcc there, and Microsoft's compiler, take a struct with a tag, or its
// typedef's name, for an anonymous member.
func TestMicrosoftAnonymousMembers(t *testing.T) {
	const c = `
		struct in { int a; long long b; };
		typedef struct in in_t;
		struct tag { struct inner { int x; union { int y; double z; }; }; void *p; };
		struct name { in_t; int c; };
		struct other { struct in; struct unknown; int c; };`
	for abi, want := range map[*dtype.ABI][3]uint64{
		dtype.MinGWAMD64: {24, 24, 24}, dtype.WindowsAMD64: {24, 24, 24}, dtype.LinuxAMD64: {8, 4, 4},
	} {
		d, err := cdecl.Parse(c, cdecl.Options{ABI: abi, SystemIncludeDirs: []string{}})
		require.NoError(t, err)
		for i, name := range []string{"struct tag", "struct name", "struct other"} {
			typ, err := d.Type(name)
			require.NoError(t, err)
			size, err := abi.Size(typ)
			require.NoError(t, err)
			assert.Equal(t, want[i], size, "%s on %v", name, abi)
		}
	}
}

// gcc ignores a #pragma pack with a macro in it, other compilers replace the
// macro.
func TestMacroInPragmaPack(t *testing.T) {
	const c = "#define N 1\n#pragma pack(push, N)\nstruct s { char c; int i; };\n#pragma pack(pop)\n#pragma pack(push, name, 2)\nstruct u { char c; int i; };\n#pragma pack(pop, name)\n"
	for abi, want := range map[*dtype.ABI]uint64{dtype.WASM32: 5, dtype.WindowsAMD64: 5, dtype.DarwinARM64: 5, dtype.MinGWAMD64: 8} {
		d, err := cdecl.Parse(c, cdecl.Options{ABI: abi, SystemIncludeDirs: []string{}})
		require.NoError(t, err)
		for name, want := range map[string]uint64{"struct s": want, "struct u": 6} {
			typ, err := d.Type(name)
			require.NoError(t, err)
			size, err := abi.Size(typ)
			require.NoError(t, err)
			assert.Equal(t, want, size, "%s on %v", name, abi)
		}
	}
	_, err := cdecl.Parse(c, linux)
	assert.EqualError(t, err, "cdecl: <decl>:2:9: #pragma pack with a macro: clang replaces it, gcc ignores the pragma\n\t#pragma pack(push, N)")
}
