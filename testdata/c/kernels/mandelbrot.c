/* Debian clang 14.0.6: clang --target=wasm32 -O2 -nostdlib -ffreestanding \
 *   -Wl,--no-entry,--stack-first,--strip-debug,--export=run -o ../../wasm/kernels/mandelbrot.wasm mandelbrot.c */

/* Iterations spent on n by n points of the Mandelbrot set. */
int run(int n)
{
	int total = 0;
	for (int y = 0; y < n; y++)
		for (int x = 0; x < n; x++) {
			double cr = 3.0 * x / n - 2.0, ci = 2.0 * y / n - 1.0, zr = 0, zi = 0;
			int i = 0;
			while (i < 100 && zr * zr + zi * zi < 4) {
				double t = zr * zr - zi * zi + cr;
				zi = 2 * zr * zi + ci;
				zr = t;
				i++;
			}
			total += i;
		}
	return total;
}
