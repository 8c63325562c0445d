/* A small geometry library: what the README calls. Its author trusts nobody's
 * indexes, but forgot one check and one loop's end.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -g -mexec-model=reactor -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -ffile-prefix-map=$PWD=. -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer -o ../geo.wasm geo.c
 * native: cc -O2 -g -shared -fPIC -o ../libgeo.so geo.c -lm
 */
#include <math.h>

struct point {
	double x, y;
};

double dist(double ax, double ay, double bx, double by) { return sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay)); }

/* The area of a polygon of n corners. */
double area(const struct point *p, int n) {
	double twice = 0;
	for (int i = 0; i < n; i++) {
		const struct point *a = &p[i], *b = &p[(i + 1) % n];
		twice += a->x * b->y - b->x * a->y;
	}
	return twice / 2;
}

/* Moves every corner to where move says. */
void each(struct point *p, int n, double (*move)(double)) {
	for (int i = 0; i < n; i++) {
		p[i].x = move(p[i].x);
		p[i].y = move(p[i].y);
	}
}

/* Believes every index. */
double corner(const struct point *p, unsigned i) { return p[i].x; }

/* Halves x until it is 0.1, which no double is. */
double shrink(double x) {
	for (;;) {
		if (x == 0.1)
			return x;
		x /= 2;
	}
}
