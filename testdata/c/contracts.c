/* Functions that touch as much of their arguments' memory as they are told, to
 * test contracts: whether a call got this far, and what it read and wrote.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -ffile-prefix-map=$PWD=. -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer -o ../wasm/contracts.wasm contracts.c
 * native: cc -O2 -shared -fPIC -o libcontracts.so contracts.c
 */
#define EXPORT __attribute__((visibility("default")))

EXPORT int entered;    /* calls so far */
EXPORT int touches[3]; /* bytes to read at each pointer */
EXPORT int writes[3];  /* whether each byte read is then made one more */

static long long touch(unsigned char *p[3]) {
	long long sum = 0;
	entered++;
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < touches[i]; k++)
			sum = sum * 31 + p[i][k];
	for (int i = 0; i < 3; i++)
		for (int k = 0; writes[i] && k < touches[i]; k++)
			p[i][k]++;
	return sum;
}

EXPORT long long lengths_last(void *a, void *b, void *c, int n, unsigned m) {
	(void)n, (void)m;
	return touch((unsigned char *[3]){a, b, c});
}

EXPORT long long lengths_first(int n, unsigned m, void *a, void *b, void *c) {
	(void)n, (void)m;
	return touch((unsigned char *[3]){a, b, c});
}

/* sum_matrix adds up r rows of c. */
EXPORT double sum_matrix(const double *m, int r, int c) {
	double sum = 0;
	entered++;
	for (int i = 0; i < r * c; i++)
		sum += m[i];
	return sum;
}

/* somewhere is what it is told to be. */
EXPORT void *somewhere(void *p) { return p; }
