// A shared library for wasm: position-independent, with its memory, its table,
// its stack pointer and its place in them imported.
//
// clang --target=wasm32-unknown-emscripten -nostdlib -ffreestanding -O1 -fPIC -fvisibility=default
//   -c -o side.o side.c
// wasm-ld -m wasm32 --experimental-pic -shared --no-entry --export-dynamic --allow-undefined
//   --strip-all -o side.wasm side.o

int counter = 5;
static int table[4] = {10, 20, 30, 40};
int *cursor = &table[2];

int add(int a, int b) { return a + b; }
static int mul(int a, int b) { return a * b; }

int (*op)(int, int) = add;
int (*ops[2])(int, int) = {add, mul};

extern int host_log(int);
int (*logger)(int) = host_log;

// Some stack, some data, pointers to data and to functions.
int run(int x) {
    volatile int buf[64];
    for (int i = 0; i < 64; i++) buf[i] = x + i;
    counter += *cursor;
    return op(buf[3], logger(counter)) + ops[1](buf[1], 2);
}

int direct(int x) { return host_log(x); }

int apply(int (*f)(int), int x) { return f(x); }

int overflow(int n) {
    volatile char deep[4096];
    deep[n & 4095] = (char)n;
    return n == 0 ? deep[0] : overflow(n - 1) + deep[n & 4095];
}
