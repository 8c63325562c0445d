/* C that calls back variadic functions.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O1 -g -mexec-model=reactor -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -ffile-prefix-map=$PWD=. -I../../guestabi/include -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer -o ../wasm/varargs.wasm varargs.c
 * native: cc -O1 -g -shared -fPIC -I../../guestabi/include -o libvarargs.so varargs.c
 */
#include <stdarg.h>
#include <stddef.h>
#include "wasmffi.h"

struct point { double x, y; };
struct mixed { int i; float f; };
struct large { double v[5]; };

typedef int (*print_fn)(const char *format, ...);
typedef struct large (*large_fn)(struct large l, long double scale, ...);
typedef int (*crowd_fn)(int, int, int, int, int, int, int, int, int, double, double, double, double, double, double, double, double, double, char, ...);

WASMFFI_IMPORT(int, host_print, (const char *format, ...));

WASMFFI_EXPORT int report(print_fn print) {
	struct point p = {1.5, 2.5};
	struct mixed m = {3, 4.5f};
	struct large l = {{1, 2, 3, 4, 5}};
	return print("all kinds", -1, 2u, -3L, 4ull, 5.5, "six", 7.5L, p, m, l, (char)'8', 9.5f, (short)-10, 12.5, 13.5, 14.5, 15.5, 16.5, 17.5, 18, p, 20.5L, m, 21);
}

/* Calls it with n doubles and n ints in turn, n of each. */
WASMFFI_EXPORT int pairs(print_fn print, int n) {
	switch (n) {
	case 0: return print("0");
	case 1: return print("1", 1.5, 1);
	case 2: return print("2", 1.5, 1, 2.5, 2);
	}
	return print("9", 1.5, 1, 2.5, 2, 3.5, 3, 4.5, 4, 5.5, 5, 6.5, 6, 7.5, 7, 8.5, 8, 9.5, 9);
}

WASMFFI_EXPORT double scaled(large_fn f) {
	struct large l = {{1, 2, 3, 4, 5}};
	l = f(l, 2.5L, 3, 0.5);
	return l.v[0] + 10 * l.v[4];
}

/* The declared parameters leave no register to the others. */
WASMFFI_EXPORT int crowd(crowd_fn f) {
	return f(1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 'c', 10, 10.5, "eleven");
}

WASMFFI_EXPORT int print_through_import(int n) { return host_print("%d of %.1f", n, 4.5); }

/* The sum of n doubles, each times the int after it. */
WASMFFI_EXPORT double weighed(int n, va_list ap) {
	double sum = 0;
	while (n-- > 0) {
		double x = va_arg(ap, double);
		sum += x * va_arg(ap, int);
	}
	return sum;
}

static print_fn kept;
WASMFFI_EXPORT void keep(print_fn print) { kept = print; }
WASMFFI_EXPORT int print_kept(int x) { return kept("kept", x, x + 0.5); }
