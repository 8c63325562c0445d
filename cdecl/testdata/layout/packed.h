/* Every place where packed and aligned may stand. */
#include <stdint.h>

struct __attribute__((packed)) before_tag { char c; int i; double d; };
struct after_brace { char c; int i; double d; } __attribute__((packed));
struct __attribute__((__packed__, __aligned__(4))) both { char c; short s; int64_t l; };
typedef struct { char c; long l; void *p; } __attribute__((packed)) packed_t;
typedef struct __attribute__((packed)) { char c; long l; } packed2_t;
struct [[gnu::packed]] bracketed { char c; int i; };

struct member { char c; int i __attribute__((packed)); short s; long l; };
struct members { char c; int i __attribute__((packed)), j; short s __attribute__((packed)), *p; };
struct leading { char c; __attribute__((packed)) int i, j; };
struct strict { char c; char d __attribute__((aligned(8))); int i; };
struct stricter { char c; __attribute__((aligned(16))) char d, e; };
struct alignas1 { char c; _Alignas(8) char d; _Alignas(double) char e; _Alignas(2 * sizeof(int)) char f; };
struct biggest { char c; int i __attribute__((aligned)); };
struct computed { char c; char d __attribute__((aligned(1 << 3))); } __attribute__((aligned(sizeof(long long) * 4)));
struct packed_strict { char c; int i __attribute__((aligned(2))); char d; long l; } __attribute__((packed));
struct nested { char c; struct before_tag t; struct strict s; packed_t p; };
struct packed_nested { char c; struct strict s; struct { char a; int b; } in; } __attribute__((packed));

typedef int loose_int __attribute__((aligned(1)));
typedef double strict_double __attribute__((aligned(16)));
struct typedefs { char c; loose_int i; strict_double d; };
typedef struct { int x; } small_t __attribute__((aligned(8)));
struct holder { char c; small_t s; };

union __attribute__((packed)) packed_union { char c; int i; double d; };
union strict_union { char c[5]; short s; } __attribute__((aligned(8)));
#define PACKED __attribute__((packed))
#define ALIGNED(n) __attribute__((aligned(n)))
struct PACKED ALIGNED(2) macros { char c; int i; };

#ifdef _WIN32
__declspec(align(16)) struct declspec_first { int a; };
typedef __declspec(align(16)) struct { int a; } declspec_t;
struct __declspec(align(8)) declspec_inside { char c; declspec_t t; __declspec(align(4)) char d; struct declspec_first *p; };
#endif

/* Attributes after the tag of a struct that is not defined here are the
 * declaration's; before the tag they are nothing. */
struct tagged { char c; };
typedef struct tagged __attribute__((aligned(16))) tagged_typedef;
struct tag_attributes {
	char a;
	struct tagged __attribute__((aligned(8))) m, n, *p;
	const struct tagged __attribute__((aligned(4))) q;
	struct __attribute__((aligned(16))) tagged r;
	tagged_typedef s;
};
