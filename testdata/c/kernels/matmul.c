/* Debian clang 14.0.6: clang --target=wasm32 -O2 -nostdlib -ffreestanding \
 *   -Wl,--no-entry,--stack-first,--strip-debug,--export=run -o ../../wasm/kernels/matmul.wasm matmul.c */

/* A product of two n by n matrices of doubles, n at most 200. */
static double a[200][200], b[200][200], c[200][200];

int run(int n)
{
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			a[i][j] = i + j;
			b[i][j] = i - j;
		}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++) {
			double sum = 0;
			for (int k = 0; k < n; k++)
				sum += a[i][k] * b[k][j];
			c[i][j] = sum;
		}
	return (int)c[n - 1][n / 2];
}
