/* Works on rows given by an array of pointers to them.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -ftls-model=local-exec -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer,--strip-all -o ../rows.wasm rows.c
 * native: cc -O2 -shared -fPIC -o ../librows.so rows.c
 */
/* Doubles every element of len rows of three and returns their sum before. */
float foo(float **data, int len) {
	float sum = 0;
	for (int i = 0; i < len; i++)
		for (int j = 0; j < 3; j++) {
			sum += data[i][j];
			data[i][j] *= 2;
		}
	return sum;
}
