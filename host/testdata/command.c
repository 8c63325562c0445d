// A program with main.
//
// clang --target=wasm32-wasi --sysroot=/usr -O2
//   -Wl,--stack-first -Wl,--strip-all -o command.wasm command.c

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    puts(argv[0]);
    return argc > 1 ? atoi(argv[1]) : 0;
}
