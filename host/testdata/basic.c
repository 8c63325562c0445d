// Scalars, memory, traps and loops for host's tests.
//
// clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -fvisibility=hidden
//   -Wl,--stack-first -Wl,-z,stack-size=65536 -Wl,--export=malloc -Wl,--export=free -Wl,--export-dynamic
//   -Wl,--export-if-defined=errno -Wl,--strip-debug -o basic.wasm basic.c

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default"), used))
#define NOINLINE __attribute__((noinline))

EXPORT double addd(double a, double b) { return a + b; }
EXPORT int addi(int a, int b) { return a + b; }
EXPORT int8_t neg8(int8_t x) { return (int8_t)-x; }
EXPORT uint16_t inc16(uint16_t x) { return (uint16_t)(x + 1); }
EXPORT long long add64(long long a, long long b) { return a + b; }
EXPORT float half(float x) { return x / 2; }
EXPORT bool not_(bool b) { return !b; }
EXPORT unsigned umax(void) { return 0xffffffffu; }
EXPORT void nothing(void) {}

static volatile int zero;
EXPORT NOINLINE int divide(int a, int b) { return a / b; }
EXPORT NOINLINE void crash(int kind) {
    switch (kind) {
    case 0: __builtin_trap();
    case 1: *(volatile int *)0xfffffff0u = 1; break;
    case 2: zero = divide(7, zero); break;
    case 3: zero = divide(-2147483647 - 1, zero - 1); break;
    case 4: ((void (*)(void))1000000)(); break;
    case 5: {
        void (*volatile f)(double) = (void (*)(double))nothing;
        f(1.0);
    }
    }
}
EXPORT NOINLINE int deep(int n) {
    volatile char page[256];
    page[n & 255] = (char)n;
    return n == 0 ? 0 : deep(n - 1) + page[n & 255];
}

EXPORT void spin(void) {
    for (;;) __asm__ volatile("");
}
EXPORT unsigned long long count(unsigned long long n) {
    volatile unsigned long long x = 0;
    for (unsigned long long i = 0; i < n; i++) x += i;
    return x;
}

EXPORT int counter = 40;
EXPORT int next(void) { return ++counter; }

EXPORT int sum(const int *p, int n) {
    int s = 0;
    for (int i = 0; i < n; i++) s += p[i];
    return s;
}
EXPORT void scale(double *p, int n, double by) {
    for (int i = 0; i < n; i++) p[i] *= by;
}
EXPORT int sum_rows(int **rows, int n, int m) {
    int s = 0;
    for (int i = 0; i < n; i++) s += sum(rows[i], m);
    return s;
}
EXPORT int overlap(int *a, int *b) { a[1] = 7; return b[0]; }
EXPORT void *stack_address(void) { return __builtin_frame_address(0); }
EXPORT int set_errno(int e) { int old = errno; errno = e; return old; }

EXPORT int say(const char *s) { fputs(s, stdout); fflush(stdout); return fputs("err\n", stderr); }
EXPORT void leave(int code) { exit(code); }
EXPORT void *grab(size_t n) { return malloc(n); }

typedef int (*unary)(int);
EXPORT int apply(unary f, int x) { return f(x) + 1; }
EXPORT int repeat(unary f, int n) {
    int s = 0;
    for (int i = 0; i < n; i++) s += f(i);
    return s;
}
static int twice(int x) { return 2 * x; }
EXPORT unary get_twice(void) { return twice; }
EXPORT unary stored;
EXPORT int call_stored(int x) { return stored(x); }

struct point { int x, y; };
struct one { double d; };
EXPORT int dot(struct point a, struct point b) { return a.x * b.x + a.y * b.y; }
EXPORT struct point swap(struct point p) { return (struct point){p.y, p.x}; }
EXPORT struct one wrap(double d) { return (struct one){d + 1}; }
typedef struct point (*mover)(struct point, double);
EXPORT int move(mover f, int x, int y) {
    struct point p = f((struct point){x, y}, 0.5);
    return p.x * 1000 + p.y;
}
EXPORT long double addl(long double a, long double b) { return a + b; }
EXPORT int sumv(int n, ...) {
    __builtin_va_list ap;
    __builtin_va_start(ap, n);
    double s = 0;
    for (int i = 0; i < n; i++) s += __builtin_va_arg(ap, double);
    __builtin_va_end(ap);
    return (int)s;
}
EXPORT int format(char *buf, size_t n, const char *f, int a, double b) { return snprintf(buf, n, f, a, b); }
EXPORT int sort_ints(int *p, int n, int (*cmp)(const void *, const void *)) {
    qsort(p, (size_t)n, sizeof *p, cmp);
    return p[0];
}
