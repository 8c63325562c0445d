/* Prints an array of doubles and returns one more than its length.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -ftls-model=local-exec -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer,--strip-all,--export-if-defined=fflush -o ../bar.wasm bar.c
 * native: cc -O2 -shared -fPIC -o ../libbar.so bar.c
 */
#include <stdio.h>

int bar(double *data, int len) {
	printf("data = %p\n", (void *)data);
	for (int i = 0; i < len; i++)
		printf("data[%d] = %f\n", i, data[i]);
	printf("len = %d\n", len);
	return len + 1;
}
