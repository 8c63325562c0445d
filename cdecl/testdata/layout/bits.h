/* Bit-fields. */
#include <stdint.h>

struct plain { unsigned a : 3, b : 5, c : 10; };
struct zero { unsigned a : 3; unsigned : 0; unsigned b : 4; };
struct mixed { char c; unsigned a : 3; short s; unsigned long long b : 33; _Bool f : 1; };
struct types { unsigned char a : 4; unsigned short b : 9; unsigned c : 17; uint64_t d : 50; };
struct unnamed { int a : 7; int : 12; int b : 9; char c; };
struct packed_bits { unsigned a : 3; unsigned b : 30; unsigned c : 31; char d; } __attribute__((packed));
enum colour { RED, GREEN, BLUE };
struct enums { enum colour c : 2; int n : 6; signed char s : 5; };
union bits { unsigned a : 3; unsigned long long b : 37; char c; };
struct width { unsigned a : sizeof(int) * 2; unsigned b : BLUE + 1; };
struct attributed { unsigned a : 3 __attribute__((packed)), b : 30; unsigned c : 5 __attribute__((aligned(8))); };
struct char_bits { char c : 3; signed char s : 3; long l : 20; };

/* Unnamed bit-fields of an enum, which are no enums with a type. */
enum hue { CYAN, HUE_BITS = 3 };
struct unnamed_enum_bits {
	char a;
	enum hue : 3;
	const enum hue : HUE_BITS, b : 2;
	enum hue:0;
	enum hue c : HUE_BITS;
	enum hue : sizeof(char);
};
