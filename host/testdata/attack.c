/* C that dies, or will not, in the ways that C has.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -fvisibility=hidden -Wl,--stack-first,-z,stack-size=65536,--export=malloc,--export=free,--export-dynamic,--export-if-defined=errno,--strip-all -o attack.wasm attack.c
 */
#include <alloca.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define NOINLINE __attribute__((noinline))

typedef int unary(int);

static int state = 42;
static char *volatile sink;

/* What is left when a call has ended badly. */
EXPORT int alive(void) { return state; }
EXPORT void spoil(int to) {
	state = to;
	errno = to;
}
EXPORT int told(void) { return errno; }

EXPORT int exits(int status) { exit(status); }
EXPORT void aborts(void) { abort(); }

/* Takes memory until there is none, and does without, or gives up. */
EXPORT int eat(int give_up) {
	int n = 0;
	while ((sink = malloc(1 << 20))) {
		memset(sink, n, 1 << 20);
		n++;
	}
	if (give_up)
		abort();
	return n;
}

/* Prints until it cannot, and does without, or exits. */
EXPORT int flood(int give_up) {
	static char page[4096];
	memset(page, '.', sizeof page);
	int n = 0;
	while (write(1, page, sizeof page) == sizeof page)
		n++;
	if (give_up)
		exit(errno);
	return n;
}
EXPORT void flood_for_ever(void) {
	static char page[4096] = "\x1b[2J";
	for (;;)
		write(2, page, sizeof page);
}
/* Leaves something that stdio has not printed yet. */
EXPORT void whisper(int c) { putchar(c); }

static NOINLINE int deep(int n) {
	char frame[256];
	memset(frame, n, sizeof frame);
	sink = frame;
	return n == 0 ? 0 : deep(n - 1) + frame[n & 255];
}
EXPORT int recurse(int n) { return deep(n); }
EXPORT int big_frame(int n) {
	char *p = alloca(n);
	memset(p, 1, n);
	sink = p;
	return p[n / 2];
}

EXPORT void sleep_for_ever(void) {
	for (;;)
		sleep(1000000);
}

/* Go in the middle. */
EXPORT int apply(unary *f, int x) { return f(x); }
EXPORT int apply_and_trap(unary *f, int x) {
	x = f(x);
	__builtin_trap();
	return x;
}
EXPORT int apply_and_exit(unary *f, int x) {
	exit(f(x));
	return x;
}
EXPORT int apply_and_loop(unary *f, int x) {
	for (;;)
		x = f(x);
}
EXPORT int apply_deep(unary *f, int x) {
	char frame[512];
	memset(frame, x, sizeof frame);
	sink = frame;
	return f(x) + frame[0];
}

/* Strings that are none. */
EXPORT const char *unterminated(void) {
	size_t end = __builtin_wasm_memory_size(0) << 16;
	char *p = (char *)(end - 16);
	memset(p, 'x', 16);
	return p;
}
EXPORT const char *no_utf8(void) { return "a\xff\xfe\xc0\x80z"; }
EXPORT const char *nowhere(unsigned at) { return (const char *)at; }
EXPORT int give_string(int (*f)(const char *), const char *s) { return f(s); }
EXPORT int give_unterminated(int (*f)(const char *)) { return f(unterminated()); }
EXPORT int give_nowhere(int (*f)(const char *), unsigned at) { return f((const char *)at); }
struct wide {
	double a, b, c;
};
EXPORT int give_struct(int (*f)(struct wide), double a) {
	struct wide w = {a, a, a};
	return f(w);
}
