/* Debian clang 14.0.6: clang --target=wasm32 -O2 -nostdlib -ffreestanding \
 *   -Wl,--no-entry,--stack-first,--strip-debug,--export=run -o ../../wasm/kernels/sort.wasm sort.c */

/* Heap sort of n integers with a comparator behind a pointer, n at most 4096. */
typedef int compare(const int *a, const int *b);

static int up(const int *a, const int *b) { return *a < *b ? -1 : *a > *b; }
static int down(const int *a, const int *b) { return up(b, a); }
static compare *volatile order[] = { up, down };

static void sift(int *a, int root, int n, compare *cmp)
{
	for (int child; (child = 2 * root + 1) < n; root = child) {
		if (child + 1 < n && cmp(&a[child], &a[child + 1]) < 0)
			child++;
		if (cmp(&a[root], &a[child]) >= 0)
			return;
		int t = a[root];
		a[root] = a[child];
		a[child] = t;
	}
}

int run(int n)
{
	static int a[4096];
	unsigned x = 1;
	for (int i = 0; i < n; i++)
		a[i] = (int)((x = x * 1664525u + 1013904223u) >> 8);
	compare *cmp = order[n & 1];
	for (int i = n / 2; i-- > 0;)
		sift(a, i, n, cmp);
	for (int i = n; i-- > 1;) {
		int t = a[0];
		a[0] = a[i];
		a[i] = t;
		sift(a, 0, i, cmp);
	}
	return a[n / 2];
}
