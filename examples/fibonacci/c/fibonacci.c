/* Fibonacci numbers: of one index, of a series of indexes, of a matrix.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -ftls-model=local-exec -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer,--strip-all -o ../fibonacci.wasm fibonacci.c
 * native: cc -O2 -shared -fPIC -o ../libfibonacci.so fibonacci.c
 */
static int next(int before, int last, int steps) {
	return steps == 0 ? last : next(last, before + last, steps - 1);
}

/* The n'th Fibonacci number, counted from 1: 0, 1, 1, 2 … ; -1 below that. */
int fib(int n) {
	if (n < 1)
		return -1;
	return n == 1 ? 0 : next(0, 1, n - 2);
}

void fibseries(const int *n, int count, int *series) {
	for (int i = 0; i < count; i++)
		series[i] = fib(n[i]);
}

void fibmatrix(const int *n, int rows, int columns, int *matrix) {
	for (int r = 0; r < rows; r++)
		fibseries(n + r * columns, columns, matrix + r * columns);
}
