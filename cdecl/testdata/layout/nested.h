/* Anonymous members, flexible arrays, recursion, pointers. */
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

struct node;
typedef struct node node;
struct tree { node *root; size_t count; };
struct node { node *left, *right; struct tree *owner; union { int64_t i; double f; char s[12]; }; bool leaf; };
struct flexible { uint16_t n; struct { char c; int v; } items[]; };
struct tail { int n; char data[0]; };
struct arrays { char a[3][5]; short b[2]; int *p[4]; int (*q)[4]; void (*f[3])(int); double m[sizeof(struct tree)]; };
struct anonymous { int a; struct { char b; struct { short c; union { int d; char e[7]; }; }; }; char f; };
struct inner_tag { struct made_inside { char c; int i; } x; struct made_inside *p; };
struct other_user { struct made_inside y; char z; };
typedef struct vtable { int (*open)(struct vtable *, const char *path); void (*close)(struct vtable *); } vtable_t;
struct qualified { const char *name; char *const fixed; const int id; volatile int v; _Atomic int a; };
typedef int matrix_t[4][4];
struct matrices { matrix_t a, b[2]; char c; };
struct empty {};
struct with_offset { char c[offsetof(struct node, owner)]; char d[offsetof(struct anonymous, d) + 1]; };
union punned { struct { uint32_t lo, hi; }; uint64_t all; uint8_t bytes[8]; };
