// Package cdecl reads C declarations into [dtype] types: text given at run
// time, headers, or both together.
//
//	decls, err := cdecl.Parse(`
//		typedef struct point { double x, y; } point_t;
//		double dist(const point_t *a, const point_t *b);`, cdecl.Options{})
//	sig, err := decls.Func("dist")       // *dtype.Func
//	pt, err := decls.Type("point_t")     // dtype.Type, a typedef of struct point
//	buf, err := decls.Type("char[64]")   // any type name
//	name, f, err := decls.Proto("int hypot3(point_t *p, double z)")
//
// No C compiler is needed: the preprocessor and the parser are those of
// modernc.org/cc/v4, the predefined macros of each ABI and the headers that
// belong to a compiler rather than to a C library (stddef.h, stdint.h,
// stdarg.h, limits.h …) are built in. Other headers are those of the machine.
//
// The types that C's standard headers define by name (int32_t, size_t, ssize_t,
// intptr_t, wchar_t, bool, va_list …) are known without any #include. The fixed
// ones are dtype's own ([dtype.Int32], [dtype.SizeT]) wherever they were
// declared; every other typedef name stays a [dtype.Named].
//
// # What is read
//
// Everything that says what a type is: bit-fields, flexible array members,
// anonymous members, const behind pointers, function pointers, incomplete and
// mutually recursive types, _Complex, __int128, long double,
// __attribute__((packed, aligned, vector_size, ms_struct, gcc_struct, mode,
// scalar_storage_order, transparent_union)), _Alignas, __declspec(align),
// #pragma pack, ms_struct and scalar_storage_order, and their _Pragma forms.
// Function bodies are skipped, and a text's last semicolon may be left out.
// volatile, restrict and _Atomic change neither a layout nor a call and are
// dropped (an _Atomic struct that compilers would align to its size is refused).
// _Static_assert is checked, so that a header
// made for another ABI is refused.
//
// # Directions
//
// Which way the data behind a pointer parameter goes ([dtype.Param].Dir) is said
// by annotations that C programmers know:
//
//	int read_all(_In_ FILE *f, _Out_writes_(n) char *buf, size_t n, _Inout_ int *flags);
//	int read_all([in] FILE *f, [out] char *buf, size_t n, [in, out] int *flags);
//	int read_all(FILE *f, char *buf __attribute__((annotate("out"))), size_t n, int *flags);
//
// They are those of Microsoft's headers, old (__out_opt) and new (_Out_opt_), of
// its documentation and MIDL, and of gcc's and clang's attribute. Macros of these
// names, IN and OUT that a header defines as nothing keep their meaning. What C
// writes only in part (_Out_writes_to_(n, len)) is InOut, so that the rest keeps
// its contents; for that reason gcc's access attribute says no direction.
//
// # Contracts
//
// What the text promises of the memory behind pointers becomes rules of the
// function type ([dtype.Func.WithImplied]), shown by [dtype.Func.Rules] and
// checked by calls:
//
//	double total(const double x[n], int n);             x[n]: NULL, or n elements at least
//	double total(int n, const double x[static n]);      x[n]; x != NULL
//	void fill(double m[r][c], int r, int c);            m[r*c]; the type is double *m
//	void add(double a[restrict n], const double b[restrict n], int n);   disjoint(a, b) as well
//	void *grow(size_t n) __attribute__((alloc_size(1), returns_nonnull));
//	int put(const char *, char *, int) __attribute__((nonnull(1), access(write_only, 2, 3)));
//	int put(_In_z_ const char *s, _Out_writes_opt_(n) char *buf, int n);
//
// A length is an expression of constants (macros, enums and sizeof among them)
// and integer parameters, before or after the array, with + - * / << and >>. A
// length that needs anything else, a call or a variable, is no rule; a name that
// is nothing at all is an [Error]. A plain x[16] counts as x[n] does. restrict
// says that two arrays whose lengths the parameters themselves state share no
// byte, unless both are const. Of attributes nonnull, returns_nonnull, access
// with a size, alloc_size, null_terminated_string_arg and _Nonnull on the
// outermost pointer are read, of Microsoft's annotations those with a length, z
// and opt. One length counts: an attribute's takes the place of an array's.
//
// A declaration that uses what no ABI here has (_Float16, decimal floats,
// vectors of three) does not spoil the rest: asking for its name, or for what is
// built on it, gives an [Error] that wraps [dtype.ErrNotSupported].
//
// # Untrusted text
//
// Parsing is bounded in time and memory: [ErrLimit] ends text that nests,
// includes or expands without end. Declarations are still a promise about
// memory; whoever writes them decides what a call will read and write.
package cdecl
