/* Asks its caller for an array and fills it.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -ftls-model=local-exec -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer,--strip-all,--export-if-defined=fflush -o ../allocator.wasm allocator.c
 * native: cc -O2 -shared -fPIC -o ../liballocator.so allocator.c
 */
#include <stdio.h>

/* Gives memory for a float array of dim dimensions. */
typedef float *(*allocator_t)(int dim, int *shape);
/* The same, through a pointer to C's pointer. */
typedef void (*placer_t)(int dim, int *shape, float **data);

static void fill(float *data, const int *shape) {
	for (int i = 0; i < shape[0]; i++)
		for (int j = 0; j < shape[1]; j++)
			data[i * shape[1] + j] = (i + 1) * (j + 1);
}

void foo(allocator_t allocate) {
	int shape[] = {2, 3};
	printf("foo: calling the allocator\n");
	float *data = allocate(2, shape);
	printf("foo: the allocator returned %p\n", (void *)data);
	if (data)
		fill(data, shape);
}

void bar(placer_t place) {
	int shape[] = {3, 2};
	float *data = NULL;
	place(2, shape, &data);
	if (data)
		fill(data, shape);
}
