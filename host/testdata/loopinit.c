// A reactor whose initialisation does not end.
//
// clang --target=wasm32-unknown-unknown -nostdlib -ffreestanding -O2
//   -Wl,--no-entry -Wl,--export=_initialize -Wl,--strip-all -o loopinit.wasm loopinit.c

void _initialize(void) {
    for (;;) __asm__ volatile("");
}
