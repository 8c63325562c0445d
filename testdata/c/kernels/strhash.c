/* Debian clang 14.0.6: clang --target=wasm32 -O2 -nostdlib -ffreestanding \
 *   -Wl,--no-entry,--stack-first,--strip-debug,--export=run -o ../../wasm/kernels/strhash.wasm strhash.c */

/* FNV-1a hashes of n strings, each through a function that is not inlined. */
static const char *const words[] = {
	"void", "unsigned long", "struct point", "x", "a rather longer string than the others", "double", "",
};

static __attribute__((noinline)) unsigned hash(const char *s)
{
	unsigned h = 2166136261u;
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

int run(int n)
{
	unsigned sum = 0;
	for (int i = 0; i < n; i++)
		sum += hash(words[i % 7]);
	return (int)sum;
}
