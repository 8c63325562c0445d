// Functions imported from Go, in a module without WASI.
//
// clang --target=wasm32-unknown-unknown -nostdlib -ffreestanding -O2 -fvisibility=default
//   -Wl,--no-entry -Wl,--stack-first -Wl,--export-dynamic -Wl,--allow-undefined
//   -Wl,--strip-debug -o imports.wasm imports.c

extern int f(int x);
extern double g(double x, const char *text);
extern void h(void);

int repeat_import(int n) {
    int s = 0;
    for (int i = 0; i < n; i++) s += f(i);
    return s;
}
double call_g(double x) { return g(x, "hello"); }
void call_h(void) { h(); }
