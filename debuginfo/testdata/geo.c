// A small library with debug info in DWARF 4, so that tests need no compiler:
//
//	clang --target=wasm32-unknown-unknown -g -gdwarf-4 -O1 -ffreestanding -ffile-prefix-map="$PWD"=. -c geo.c -o geo.o
//	wasm-ld --no-entry --stack-first --allow-undefined --export-dynamic geo.o -o geo.wasm
//
// geo5.wasm is the same with -gdwarf-5. Linking goes by itself since clang
// runs wasm-opt after linking where it is installed, and that drops addresses
// from the debug info. Compiled in this directory with clang 14.

#define EXPORT __attribute__((visibility("default")))

struct point { double x, y; };
typedef struct point point_t;
enum unit { MM, CM = 10, M = 1000 };
union word { unsigned u; float f; unsigned char b[4]; };

struct shape {
	struct shape *next;
	const char *name;
	enum unit unit;
	unsigned closed : 1, filled : 1;
	int color : 24;
	int n;
	struct { int id; union { int tag; float weight; }; };
	point_t pts[];
};

typedef int (*visitor)(const struct shape *s, void *data);

void log_line(const char *text);

EXPORT int verbose = 1;
EXPORT const int primes[2][3] = {{2, 3, 5}, {7, 11, 13}};
static unsigned calls;

static inline double cross(point_t a, point_t b)
{
	return a.x * b.y - b.x * a.y;
}

EXPORT double area(const point_t *pts, int n)
{
	double sum = 0;
	for (int i = 0; i < n; i++)
		sum += cross(pts[i], pts[(i + 1) % n]);
	calls++;
	return sum / 2;
}

EXPORT int visit(const struct shape *first, visitor f, void *data)
{
	int n = 0;
	for (; first; first = first->next)
		n += f(first, data);
	if (verbose)
		log_line("visited");
	return n;
}

EXPORT unsigned bits(union word w, ...)
{
	return w.u + calls;
}

EXPORT double area_alias(const point_t *, int) __attribute__((alias("area")));
