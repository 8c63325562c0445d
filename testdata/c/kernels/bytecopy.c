/* Debian clang 14.0.6: clang --target=wasm32 -O2 -nostdlib -ffreestanding \
 *   -Wl,--no-entry,--stack-first,--strip-debug,--export=run -o ../../wasm/kernels/bytecopy.wasm bytecopy.c */

/* A copy of n bytes one by one, n at most 64 KiB; volatile keeps the compiler
 * from calling memcpy. */
static volatile unsigned char from[65536], to[65536];

int run(int n)
{
	for (int i = 0; i < n; i++)
		to[i] = from[i];
	return to[n - 1];
}
