// A module without WASI, allocator, function table or initialisation.
//
// clang --target=wasm32-unknown-unknown -nostdlib -ffreestanding -O2
//   -Wl,--no-entry -Wl,--stack-first -Wl,--export-dynamic
//   -Wl,--strip-all -o bare.wasm bare.c

#define EXPORT __attribute__((visibility("default")))

EXPORT int add(int a, int b) { return a + b; }
EXPORT int sum(const int *p, int n) {
    int s = 0;
    for (int i = 0; i < n; i++) s += p[i];
    return s;
}
EXPORT void crash(void) { __builtin_trap(); }
