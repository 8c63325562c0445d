/* Asks its caller for an array and fills it.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -ftls-model=local-exec -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer,--strip-all,--export-if-defined=fflush -o ../allocator.wasm allocator.c
 * native: cc -O2 -shared -fPIC -o ../liballocator.so allocator.c
 */
#include <stdio.h>

/* Gives memory for a float array of dim dimensions. */
typedef void *(*allocator_t)(int dim, int *shape);

void foo(allocator_t allocate) {
	int shape[] = {2, 3};
	printf("foo: calling the allocator\n");
	float *data = allocate(2, shape);
	printf("foo: the allocator returned %p\n", (void *)data);
	if (!data)
		return;
	for (int i = 0; i < shape[0]; i++)
		for (int j = 0; j < shape[1]; j++)
			data[i * shape[1] + j] = (i + 1) * (j + 1);
}
