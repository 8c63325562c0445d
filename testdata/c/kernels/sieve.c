/* Debian clang 14.0.6: clang --target=wasm32 -O2 -nostdlib -ffreestanding \
 *   -Wl,--no-entry,--stack-first,--strip-debug,--export=run -o ../../wasm/kernels/sieve.wasm sieve.c */

/* The number of primes below n, n at most a million. */
static unsigned char composite[1000000];

int run(int n)
{
	int count = 0;
	for (int i = 0; i < n; i++)
		composite[i] = 0;
	for (int i = 2; i < n; i++) {
		if (composite[i])
			continue;
		count++;
		for (int j = 2 * i; j < n; j += i)
			composite[j] = 1;
	}
	return count;
}
