/* Every scalar type. */
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdarg.h>

struct integers {
	char c; signed char sc; unsigned char uc; short s; unsigned short us; int i; unsigned u; long l; unsigned long ul;
	long long ll; unsigned long long ull; long int unsigned odd_order; short signed int most_words; long unsigned long all;
};
struct fixed { char c1; int8_t i8; int16_t i16; char c2; int32_t i32; char c3; int64_t i64; uint8_t u8; uint16_t u16; uint32_t u32; uint64_t u64; };
struct sized { char c1; size_t z; char c2; ptrdiff_t d; char c3; intptr_t p; char c4; uintptr_t up; char c5; wchar_t w; };
struct least { char a; int_least16_t b; char c; uint_least32_t d; char e; int_least64_t f; char g; intmax_t h; char i; uintmax_t j; };
struct floats { char c1; float f; char c2; double d; char c3; long double ld; };
struct complexes { char c1; float _Complex f; char c2; _Complex double d; char c3; long double _Complex ld; };
struct bools { bool a; _Bool b; int c; };
struct pointers { char c1; void *p; char c2; int (*f)(void); char c3; const char *const *s; };
typedef int hword __attribute__((mode(HI)));
typedef unsigned int dword __attribute__((__mode__(__DI__)));
struct modes { char a; hword b; char c; dword d; };

enum small { A, B, C };
enum negative { MINUS = -1, PLUS = 1 };
enum large { LARGE = 0x100000000LL };
enum unsigned_large { UNSIGNED_LARGE = 0xffffffffffffffffULL };
enum __attribute__((packed)) tiny { TINY = 200 };
enum tiny2 { TINY2 = -1, BIG2 = 300 } __attribute__((packed));
struct enums { char a; enum small b; char c; enum negative d; char e; enum large f; char g; enum unsigned_large h; char i; enum tiny j; enum tiny2 k; };

_Static_assert(sizeof(struct bools) == 8, "bools");
_Static_assert(A == 0 && C == 2 && MINUS < 0, "enumerators");
_Static_assert(INT32_MAX == 2147483647 && UINT64_MAX == ~0ULL && INT64_MIN < 0, "limits");
_Static_assert(SIZE_MAX == (size_t)-1 && PTRDIFF_MAX == (ptrdiff_t)(SIZE_MAX / 2), "sizes");
_Static_assert((sizeof(char[7]) << 2) % 5 == 3 && (-7 / 2 == -3) && (-7 % 2 == -1) && 7u / 2 == 3, "arithmetic");
_Static_assert((1 ? 2 : 3) == 2 && (0x10 | 0b11) == 19 && 017 == 15 && 'A' == 65 && '\n' == 10 && '\x41' == 65, "literals");
_Static_assert((-1 < 0u) == 0 && (unsigned char)300 == 44 && (signed char)200 == -56 && (int)3.99 == 3, "conversions");
_Static_assert(sizeof(((struct integers *)0)->ll) == 8 && sizeof "abc" == 4 && _Alignof(double) == sizeof(double), "sizeof");
