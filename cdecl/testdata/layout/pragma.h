/* #pragma pack in its spellings. */
#include <stdint.h>

#pragma pack(push, 1)
struct push1 { char c; int i; double d; };
#pragma pack(push, 2)
struct push2 { char c; int i; double d; };
#pragma pack(pop)
struct again1 { char c; int i; double d; };
#pragma pack(pop)
struct none { char c; int i; double d; };
#pragma pack(4)
struct four { char c; double d; int64_t l; };
#pragma pack()
struct reset { char c; double d; int64_t l; };
#pragma pack(push)
#pragma pack(2)
struct two { char c; int i; };
#pragma pack(pop)
#pragma pack(push, mark, 1)
#pragma pack(push, 8)
#pragma pack(pop, mark)
struct named { char c; int i; };

#define STR(x) #x
#define PACK(n) _Pragma(STR(pack(push, n)))
#define UNPACK _Pragma("pack(pop)")
PACK(1) struct operator1 { char c; int i; }; UNPACK
struct operator0 { char c; int i; };
struct outer {
	char c;
	_Pragma("pack(push, 1)") struct { char a; int b; } in; _Pragma("pack(pop)")
	int d;
};
#pragma pack(push, 2)
struct mixed { char c; int i __attribute__((aligned(4))); struct none n; } ;
typedef union { char c; int i; double d; } union2;
struct bits2 { unsigned a : 3; unsigned long long b : 40; char c; };
#pragma pack(pop)
#pragma
# pragma /* that says
nothing */ // at all
struct after_nothing { char c; int i; };
