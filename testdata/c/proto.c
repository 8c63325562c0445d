/* What the prototype cases of the conformance suite call: parameters by name,
 * by reference and out, variadics, errno, function pointers and tables of them,
 * thread-local storage, structs by value.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -ftls-model=local-exec -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer,--export-if-defined=errno,--strip-all -o ../wasm/proto.wasm proto.c
 * native: cc -O2 -shared -fPIC -o libproto.so proto.c
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Windows' calls of the ctypes documentation, by what they are given. */
static char box[256];
int message_box(void *hwnd, const char *text, const char *caption, unsigned flags) {
	snprintf(box, sizeof box, "%s|%s|%s|%u", hwnd ? "window" : "NULL", text ? text : "NULL", caption ? caption : "NULL", flags);
	return (int)strlen(box);
}
const char *last_box(void) { return box; }

struct rect { int left, top, right, bottom; };
int get_window_rect(void *hwnd, struct rect *r) {
	if (hwnd == NULL) {
		errno = ENOENT;
		return 0;
	}
	struct rect got = {1, 2, 30, 40};
	*r = got;
	return 1;
}

/* Out and inout parameters. */
int div_mod(int a, int b, int *quot, int *rem) {
	if (b == 0)
		return -1;
	*quot = a / b;
	*rem = a % b;
	return 0;
}
double split(double x, int *exp) { *exp = 0; while (x >= 1) { x /= 2; ++*exp; } return x; }
int bump_by(int *x, int by) { int old = *x; *x += by; return old; }
void swap_rects(struct rect *a, struct rect *b) { struct rect t = *a; *a = *b; *b = t; }
int get_name(int which, const char **name) { *name = which == 0 ? "zero" : which == 1 ? "one" : NULL; return *name != NULL; }
void fill4(int (*out)[4]) { for (int i = 0; i < 4; i++) (*out)[i] += i * i; }
struct person { const char *name; bool adult; long id; };
void get_person(struct person *p) { p->name = "ada"; p->adult = true; p->id = -36; }

/* What each parameter was, for prototypes of every kind. */
int six(int a, int *x, int b, int *y, int c, int *z) {
	*x = 3 * *x + a;
	*y = 5 * *y + b;
	*z = 7 * *z + c;
	return a * 10000 + b * 100 + c;
}

/* By reference. */
struct mixed { int a; double b; int c[4]; bool d; };
int read_int(const int *p) { return p ? *p : -1; }
double read_double(const double *p) { return *p; }
int write_int(int *p, int v) { if (p) *p = v; return p != NULL; }
char read_char(const char *p) { return *p; }
int rect_width(const struct rect *r) { return r ? r->right - r->left : -1; }
double mixed_sum(const struct mixed *m) { return m->a + m->b + m->c[0] + m->c[1] + m->c[2] + m->c[3] + m->d; }
int is_null(const void *p) { return p == NULL; }
size_t ptr_diff(const char *a, const char *b) { return (size_t)(b - a); }

/* Without a prototype. */
int plus(int a, int b) { return a + b; }
double fplus(double a, double b) { return a + b; }
long long wide(long long a, unsigned b) { return a + b; }
size_t length(const char *s) { return s ? strlen(s) : 0; }
int describe(int a, double b, const char *s, const void *p) { return a == 7 && b == 2.5 && strcmp(s, "text") == 0 && p == NULL; }
const char *find_char(const char *s, int c) { return strchr(s, c); }
int sum_ints(const int *x, int n) { int s = 0; while (n--) s += *x++; return s; }
void nothing(void) {}

/* Variadics. */
int format(char *buf, size_t n, const char *fmt, ...) { va_list ap; va_start(ap, fmt); int r = vsnprintf(buf, n, fmt, ap); va_end(ap); return r; }
int scan(const char *s, const char *fmt, ...) { va_list ap; va_start(ap, fmt); int r = vsscanf(s, fmt, ap); va_end(ap); return r; }
struct point { double x, y; };
struct tiny { short v; };
struct odd { char c; int i; };
/* For each letter of kinds one argument: its value, added up. */
double add_up(const char *kinds, ...) {
	va_list ap;
	va_start(ap, kinds);
	double s = 0;
	for (; *kinds; kinds++)
		switch (*kinds) {
		case 'i': s += va_arg(ap, int); break;
		case 'u': s += va_arg(ap, unsigned); break;
		case 'l': s += va_arg(ap, long); break;
		case 'q': s += (double)va_arg(ap, long long); break;
		case 'z': s += (double)va_arg(ap, size_t); break;
		case 'd': s += va_arg(ap, double); break;
		case 'L': s += (double)va_arg(ap, long double); break;
		case 's': s += (double)strlen(va_arg(ap, const char *)); break;
		case 'p': s += va_arg(ap, void *) != NULL; break;
		case 'P': { struct point p = va_arg(ap, struct point); s += p.x * p.y; break; }
		case 't': s += va_arg(ap, struct tiny).v; break;
		case 'o': { struct odd o = va_arg(ap, struct odd); s += o.c * o.i; break; }
		case 'r': { struct rect r = va_arg(ap, struct rect); s += r.left + r.top + r.right + r.bottom; break; }
		case 'f': s += va_arg(ap, int (*)(int))(20); break;
		default: s = -1e9;
		}
	va_end(ap);
	return s;
}

/* errno. */
int errno_plus(int by) { int was = errno; errno = was + by; return was; }
/* Changes errno, calls back, and says whether errno is still its own. */
int errno_around(int mine, void (*f)(void)) { errno = mine; f(); return errno; }

/* Function pointers. */
typedef int (*binop)(int, int);
static int op_add(int a, int b) { return a + b; }
static int op_sub(int a, int b) { return a - b; }
static int op_mul(int a, int b) { return a * b; }
binop op_table[4] = {op_add, op_sub, op_mul, NULL};
binop pick_op(int op) { return op >= 0 && op < 4 ? op_table[op] : NULL; }
void *pick_untyped(int op) { return (void *)pick_op(op); }
int run_op(binop f, int a, int b) { return f(a, b); }
typedef binop (*picker)(int);
picker get_picker(void) { return pick_op; }
int log_calls(int n, ...) { return n; }

struct shape;
struct shape_ops {
	int (*area)(const struct shape *);
	void (*grow)(struct shape *, int by);
	const char *(*name)(void);
	int version;
	void (*destroy)(struct shape *);
};
struct shape { const struct shape_ops *ops; int w, h; };
static int rect_area(const struct shape *s) { return s->w * s->h; }
static void rect_grow(struct shape *s, int by) { s->w += by; s->h += by; }
static const char *rect_name(void) { return "rect"; }
static const struct shape_ops rect_ops = {rect_area, rect_grow, rect_name, 3, NULL};
struct shape *new_shape(int w, int h) { struct shape *s = malloc(sizeof *s); s->ops = &rect_ops; s->w = w; s->h = h; return s; }
void free_shape(struct shape *s) { free(s); }

/* What belongs to a thread; wasm has but one. */
#ifdef __wasm__
static int mine;
#else
static _Thread_local int mine;
#endif
void tls_set(int v) { mine = v; }
int tls_get(void) { return mine; }

/* Structs by value. */
struct wide_struct { double v[6]; int n; };
struct flt3 { float x, y, z; };
struct bytes3 { unsigned char r, g, b; };
struct point midpoint(struct point a, struct point b) { struct point m = {(a.x + b.x) / 2, (a.y + b.y) / 2}; return m; }
struct rect widen(struct rect r, int by) { r.left -= by; r.right += by; return r; }
struct wide_struct scale_wide(struct wide_struct w, float by) { for (int i = 0; i < 6; i++) w.v[i] *= by; w.n++; return w; }
struct flt3 cross(struct flt3 a, struct flt3 b) { struct flt3 c = {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; return c; }
struct bytes3 rotate(struct bytes3 c) { struct bytes3 r = {c.g, c.b, c.r}; return r; }
struct tiny negate_tiny(struct tiny t) { t.v = -t.v; return t; }
int mix_all(signed char a, struct odd o, unsigned short u, struct point p, bool b, long l) { return a + o.c * o.i + u + (int)(p.x + p.y) + b + (int)l; }
long long count_rects(struct rect a, struct rect b, struct rect c, struct rect d, struct rect e) { return (long long)a.left + b.top + c.right + d.bottom + e.left; }
