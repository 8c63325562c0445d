/* What the benchmarks call, the same on every backend and baseline.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer,--allow-undefined,--strip-all -o ../wasm/bench.wasm bench.c
 * native: cc -O2 -shared -fPIC -o libbench.so bench.c
 */
int add(int a, int b) { return a + b; }
double fadd(double a, double b) { return a + b; }

/* Calls back n times. */
double loop(double (*f)(double), int n) {
	double x = 0;
	for (int i = 0; i < n; i++)
		x = f(x);
	return x;
}

struct pair { double x, y; };
struct pair swap(struct pair p) { struct pair r = {p.y, p.x}; return r; }

/* Calls back n times, with a struct by value. */
double loop_pair(struct pair (*f)(struct pair), int n) {
	struct pair p = {1, 2};
	for (int i = 0; i < n; i++)
		p = f(p);
	return p.x;
}

double sum(const double *x, int n) {
	double s = 0;
	for (int i = 0; i < n; i++)
		s += x[i];
	return s;
}

#ifdef __wasm__
/* The baseline of a callback: a host function the module imports. */
__attribute__((import_module("env"), import_name("host_f"))) double host_f(double);
double loop_import(int n) {
	double x = 0;
	for (int i = 0; i < n; i++)
		x = host_f(x);
	return x;
}
#endif
