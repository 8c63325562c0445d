/* The C side of the conformance suite (package wasmffitest): one function for
 * each thing that must mean the same in the sandbox and natively.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -ftls-model=local-exec -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer,--export-if-defined=errno,--strip-all -o ../wasm/conform.wasm conform.c
 * native: cc -O2 -shared -fPIC -o libconform.so conform.c
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* Scalars. */
int add(int a, int b) { return a + b; }
double dist2(double ax, double ay, double bx, double by) { return (bx - ax) * (bx - ax) + (by - ay) * (by - ay); }
float half(float x) { return x / 2; }
bool negate(bool b) { return !b; }
signed char neg_schar(signed char c) { return -c; }
unsigned char inc_uchar(unsigned char c) { return c + 1; }
short neg_short(short s) { return -s; }
unsigned short inc_ushort(unsigned short s) { return s + 1; }
unsigned int inc_uint(unsigned int u) { return u + 1; }
long neg_long(long l) { return -l; }
unsigned long inc_ulong(unsigned long u) { return u + 1; }
long long neg_longlong(long long l) { return -l; }
unsigned long long inc_ulonglong(unsigned long long u) { return u + 1; }
size_t twice(size_t n) { return 2 * n; }
wchar_t same_wchar(wchar_t c) { return c; }
char same_char(char c) { return c; }
void *same_pointer(void *p) { return p; }
enum color { RED, GREEN = 5, BLUE };
enum color next_color(enum color c) { return c == RED ? GREEN : BLUE; }
/* A callee may rely on the extension of narrow arguments: this indexes with them. */
int pick_bool(bool b) { static const int t[2] = {10, 20}; return t[b]; }
int pick_schar(signed char c) { static const int t[3] = {1, 2, 3}; return t[c + 1]; }
long long mix(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g, uint64_t h, float i, double j) {
	return a + b + c + d + e + (int64_t)f + g + (int64_t)h + (int64_t)i + (int64_t)j;
}
int sum12(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l) {
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k + 12 * l;
}
double fsum12(double a, float b, double c, float d, double e, float f, double g, float h, double i, float j, double k, float l) {
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k + 12 * l;
}
void nothing(void) {}

/* Strings. */
size_t length(const char *s) { return strlen(s); }
const char *greeting(void) { return "hello from C"; }
const char *no_string(void) { return NULL; }
int is_null(const void *p) { return p == NULL; }
void upper(char *s) { for (; *s; s++) if (*s >= 'a' && *s <= 'z') *s -= 32; }
size_t wide_length(const wchar_t *s) { size_t n = 0; while (s[n]) n++; return n; }

/* Memory of the caller. */
double sum(const double *x, int n) { double s = 0; for (int i = 0; i < n; i++) s += x[i]; return s; }
void scale(double *x, int n, double by) { for (int i = 0; i < n; i++) x[i] *= by; }
void iota(int *x, int n) { for (int i = 0; i < n; i++) x[i] = i; }
/* Sees through both pointers: 1 when a write to a[1] shows in b[0]. */
int overlaps(int *a, int *b) { a[1] = 77; return b[0] == 77; }
int count_true(const bool *b, int n) { int c = 0; for (int i = 0; i < n; i++) c += b[i]; return c; }
void invert(bool *b, int n) { for (int i = 0; i < n; i++) b[i] = !b[i]; }
float sum_rows(float **rows, int n, int m) { float s = 0; for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) { s += rows[i][j]; rows[i][j] = -rows[i][j]; } return s; }
void swap_ints(int *a, int *b) { int t = *a; *a = *b; *b = t; }

struct point { double x, y; };
double polygon_area(const struct point *p, int n) {
	double a = 0;
	for (int i = 0; i < n; i++) a += p[i].x * p[(i + 1) % n].y - p[(i + 1) % n].x * p[i].y;
	return a / 2;
}
void translate(struct point *p, double dx, double dy) { p->x += dx; p->y += dy; }
struct record { int id; char name[12]; bool ok; long serial; double weight; };
void touch(struct record *r) { r->id++; r->ok = !r->ok; r->serial = -r->serial; r->weight *= 2; strcpy(r->name, "touched"); }
struct label { const char *text; int times; };
int label_length(const struct label *l) { return (int)strlen(l->text) * l->times; }
struct point midpoint(struct point a, struct point b) { struct point m = {(a.x + b.x) / 2, (a.y + b.y) / 2}; return m; }

/* Callbacks and function pointers. */
typedef int (*int_fn)(int);
int apply(int_fn f, int x) { return f(x); }
double integrate(double (*f)(double), double a, double b, int n) {
	double s = 0, h = (b - a) / n;
	for (int i = 0; i < n; i++) s += f(a + (i + 0.5) * h);
	return s * h;
}
void each(const int *x, int n, void (*f)(int, void *), void *user) { for (int i = 0; i < n; i++) f(x[i], user); }
int many(int (*f)(int8_t, uint16_t, int64_t, float, double, bool, void *, int, int, int)) { return f(-1, 65535, -5000000000, 1.5f, 2.25, true, NULL, 8, 9, 10); }
const char *describe(const char *(*f)(void)) { return f(); }
static int_fn saved;
void save(int_fn f) { saved = f; }
int call_saved(int x) { return saved(x); }
int triple(int x) { return 3 * x; }
int square(int x) { return x * x; }
int_fn pick(int i) { return i == 0 ? triple : i == 1 ? square : NULL; }
struct ops { int_fn first, second; };
int run_ops(const struct ops *o, int x) { return o->second(o->first(x)); }
void sort(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *)) { qsort(base, n, size, cmp); }
/* Calls f and carries on, whatever became of it. */
int survive(int_fn f, int x) { int r = f(x); return r == 0 ? 1000 : r; }

/* Callbacks that take and return what does not fit one register. */
struct mixed { int i; float f; };
struct bytes3 { unsigned char b[3]; };
struct large { double v[5]; };
union number { int i; double d; };
struct point map_point(struct point (*f)(struct point, int), struct point p) { return f(p, 7); }
struct mixed map_mixed(struct mixed (*f)(struct mixed), struct mixed m) { return f(m); }
struct bytes3 map_bytes3(struct bytes3 (*f)(struct bytes3), struct bytes3 b) { return f(b); }
struct large map_large(struct large (*f)(struct large, double), struct large l) { return f(l, 0.5); }
union number map_number(union number (*f)(union number), union number n) { return f(n); }
float map_float(float (*f)(float, double, float), float x) { return f(x, 2.5, 3.5f); }
long double map_longdouble(long double (*f)(long double, int), long double x) { return f(x, 3); }
double _Complex map_complex(double _Complex (*f)(double _Complex, float _Complex), double _Complex z) { return f(z, (float _Complex)1.5f); }
float _Complex map_complexf(float _Complex (*f)(float _Complex), float _Complex z) { return f(z); }
__int128 map_int128(__int128 (*f)(__int128, unsigned __int128), __int128 x) { return f(x, (unsigned __int128)1 << 100); }
/* One of everything, more than the registers hold. */
struct point map_all(struct point (*f)(int, struct large, long double, struct mixed, double, __int128, struct point, float, double _Complex, long long, union number, struct bytes3), struct large l) {
	struct mixed m = {1, 2.5f};
	struct point p = {3.5, 4.5};
	union number n = {.d = 5.5};
	struct bytes3 b = {{6, 7, 8}};
	return f(9, l, 10.5L, m, 11.5, -12, p, 13.5f, 14.5, -15, n, b);
}

/* Variadic functions that hand their arguments to a callback. */
typedef int (*list_fn)(const char *format, va_list ap);
int forward(list_fn f, const char *format, ...) { va_list ap; va_start(ap, format); int r = f(format, ap); va_end(ap); return r; }
int forward_literals(list_fn f) {
	struct point p = {1.5, 2.5};
	struct mixed m = {3, 4.5f};
	struct large l = {{1, 2, 3, 4, 5}};
	return forward(f, "literals", -1, 2u, -3L, 4ull, 5.5, "six", (void *)0, 7.5L, p, m, l, (char)'8', (float)9.5f, (short)-10, (__int128)-11, 12.5, 13.5, 14.5, 15.5, 16.5, 17.5, 18, 19, p, 20.5L, m, 21);
}
int vformat(char *buf, size_t n, const char *format, va_list ap) { return vsnprintf(buf, n, format, ap); }
/* What C finds in ap after f has read from it and handed it on. */
int next_int(va_list ap) { return va_arg(ap, int); }

/* Function pointers in C's memory, and from callbacks. */
static struct ops table[4];
struct ops *ops_at(int i) { return &table[i]; }
int run_table(int i, int x) { return run_ops(&table[i], x); }
int chain(const int_fn *fs, int n, int x) { for (int i = 0; i < n; i++) x = fs[i](x); return x; }
int call_chosen(int_fn (*choose)(int), int i, int x) { int_fn f = choose(i); return f ? f(x) : -1; }
int call_made(struct ops (*make)(int), int i, int x) { struct ops o = make(i); return run_ops(&o, x); }
int set_ops(void (*f)(struct ops *), int x) { struct ops o = {triple, triple}; f(&o); return run_ops(&o, x); }

/* Memory from callbacks. */
float fill(float *(*allocate)(int dim, const int *shape), int rows, int columns) {
	const int shape[] = {rows, columns};
	float *p = allocate(2, shape), s = 0;
	if (!p)
		return -1;
	for (int i = 0; i < rows * columns; i++)
		s += p[i] = i + 0.5f;
	return s;
}
float fill_into(int (*allocate)(int n, float **out), int n) {
	float *p = NULL, s = 0;
	int r = allocate(n, &p);
	if (r != n || !p)
		return -1;
	for (int i = 0; i < n; i++)
		s += p[i] = i + 0.5f;
	return s;
}
float total(float *(*values)(int), int n) { const float *p = values(n); float s = 0; for (int i = 0; p && i < n; i++) s += p[i]; return s; }

/* Calls f with something on the stack that must still be there afterwards. */
__attribute__((noinline)) int within(int_fn f, int x) {
	volatile char pad[200];
	for (int i = 0; i < 200; i++) pad[i] = (char)(x + i);
	int r = f(x);
	for (int i = 0; i < 200; i++) if (pad[i] != (char)(x + i)) return -1000000;
	return r;
}
/* Where the stack pointer is. */
__attribute__((noinline)) size_t stack_mark(void) { volatile char here = 0; volatile size_t at = (size_t)&here; return at; }
/* Calls f first and then fails in one of several ways, or not. */
int fail_after(int_fn f, int x, int how) {
	int r = within(f, x);
	volatile int zero = 0;
	switch (how) {
	case 1: __builtin_trap();
	case 2: return r / zero;
	case 3: for (volatile int i = 0;; i++) {}
	case 4: return *(volatile int *)(intptr_t)-8;
	case 5: exit(3);
	}
	return r;
}

#ifndef __wasm__
#include <pthread.h>
struct job { int_fn f; int x, n, sum; };
static void *work(void *arg) {
	struct job *j = arg;
	for (int i = 0; i < j->n; i++) j->sum += j->f(j->x + i);
	return NULL;
}
/* Calls f n times on each of some threads of its own; the sum of the results. */
int on_threads(int_fn f, int x, int n, int threads) {
	pthread_t id[64];
	struct job job[64];
	int sum = 0;
	for (int i = 0; i < threads; i++) {
		job[i] = (struct job){f, x, n, 0};
		pthread_create(&id[i], NULL, work, &job[i]);
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(id[i], NULL);
		sum += job[i].sum;
	}
	return sum;
}
static pthread_t later;
static struct job later_job;
void start_thread(int_fn f, int x, int n) { later_job = (struct job){f, x, n, 0}; pthread_create(&later, NULL, work, &later_job); }
int join_thread(void) { pthread_join(later, NULL); return later_job.sum; }
#endif

/* Variables. */
int counter = 41;
int bump(void) { return ++counter; }
const char version[] = "1.2.3";
struct point origin = {1.5, -2.5};
const char *names[] = {"ada", "grace", "edsger", NULL};

/* errno, variadics. */
int fail_with(int e) { errno = e; return -1; }
int sum_ints(int n, ...) { va_list ap; va_start(ap, n); int s = 0; while (n--) s += va_arg(ap, int); va_end(ap); return s; }
double sum_doubles(int n, ...) { va_list ap; va_start(ap, n); double s = 0; while (n--) s += va_arg(ap, double); va_end(ap); return s; }
int format(char *buf, size_t n, const char *fmt, ...) { va_list ap; va_start(ap, fmt); int r = vsnprintf(buf, n, fmt, ap); va_end(ap); return r; }

/* Memory of the library. */
void *obtain(size_t n) { return malloc(n); }
void release(void *p) { free(p); }
int *make_ints(int n) { int *p = malloc(n * sizeof *p); for (int i = 0; i < n; i++) p[i] = i * i; return p; }

/* Output. */
void say(const char *s) { printf("%s\n", s); }

/* What goes wrong. */
int load_int(const int *p) { return *(const volatile int *)p; }
int divide(int a, int b) { return a / b; }
void spin(void) { for (volatile int i = 0;; i++) {} }
int recurse(int n) { volatile char pad[64]; pad[0] = (char)n; return n < 0 ? 0 : recurse(n + 1) + pad[0]; }
void crash(void) { __builtin_trap(); }
void stop(int status) { exit(status); }
