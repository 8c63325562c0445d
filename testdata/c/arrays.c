/* Functions over arrays, that keep or break the contracts their callers declare,
 * and functions of scalars to be mapped over arrays.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -ffile-prefix-map=$PWD=. -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer -o ../wasm/arrays.wasm arrays.c
 * native: cc -O2 -shared -fPIC -o libarrays.so arrays.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

double total(const double *x, int n) {
	double s = 0;
	for (int i = 0; i < n; i++) s += x[i];
	return s;
}

void add_to(double *out, const double *x, int rows, int cols) {
	for (int i = 0; i < rows * cols; i++) out[i] += x[i];
}

int entered; /* how often the functions below were */

size_t length_of(const char *s) {
	entered++;
	return strlen(s);
}

/* Writes n bytes and no NUL. */
void unterminated(char *out, int n) { memset(out, 'x', (size_t)n); }

const char *find(const char *s, int c) { return strchr(s, c); }
const char *beyond(const char *s, int by) { return s + by; }

int32_t *squares(int n) {
	static int32_t v[64];
	if (n > 64) return NULL;
	for (int i = 0; i < n; i++) v[i] = i * i;
	return v;
}

/* The squares below limit, and in *n how many, plus what it lies. */
int32_t *squares_below(int limit, int lie, int16_t *n) {
	*n = 0;
	while (*n < 64 && *n * *n < limit) ++*n;
	int32_t *v = squares(*n);
	*n = (int16_t)(*n + lie);
	return v;
}

/* Stores up to *n numbers and in *n how many. */
void take(double *x, size_t *n, size_t have) {
	if (have < *n) *n = have;
	for (size_t i = 0; i < *n; i++) x[i] = (double)i;
}

/* An address that is nobody's. */
int32_t *nowhere(int n) { return (int32_t *)(uintptr_t)0xfffffff0u + 0 * n; }

double norm2(double x, double y) { return x * x + y * y; }
double add(double x, double y) { return x + y; }
float mix(float x, double y, int8_t w) { return (float)(x * w + y); }
int8_t narrow(int x) { return (int8_t)x; }
uint16_t rotate(uint16_t x, uint8_t by) { return (uint16_t)(x << (by & 15) | x >> (-by & 15)); }
bool even(long long x) { return x % 2 == 0; }
int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
long double widen(float x) { return x; }
void count(int x) { entered += x; }
int divide(int a, int b) { return a / b; }
int twice(int (*f)(int), int x) { return f(f(x)); }

/* Calls back with arrays of its own. */
int visit(int (*f)(const double *x, int n), int null, int n) {
	static const double x[4] = {1, 2, 3, 4};
	return f(null ? NULL : x, n);
}
int32_t third(const int32_t *(*f)(int n)) {
	const int32_t *v = f(3);
	return v ? v[2] : -1;
}
int filled(void (*f)(char *s, int16_t *n)) {
	char s[4] = "abc";
	int16_t n = -1;
	f(s, &n);
	return n;
}
int named(int (*f)(const char *name)) { return f("arrays"); }

/* A strided sum: x[i * step / 8] for i below n. */
double strided_total(const double *x, int n, ptrdiff_t step) {
	double s = 0;
	for (int i = 0; i < n; i++) s += *(const double *)((const char *)x + i * step);
	return s;
}

void double_all(double *x, int n) {
	for (int i = 0; i < n; i++) x[i] *= 2;
}
