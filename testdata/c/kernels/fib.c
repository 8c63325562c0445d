/* Debian clang 14.0.6: clang --target=wasm32 -O2 -nostdlib -ffreestanding \
 *   -Wl,--no-entry,--stack-first,--strip-debug,--export=run -o ../../wasm/kernels/fib.wasm fib.c */

/* Doubly recursive Fibonacci numbers: nothing but calls. */
int run(int n) { return n < 2 ? n : run(n - 1) + run(n - 2); }
