// What WASI shows of the outside world.
//
// clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -fvisibility=default
//   -Wl,--stack-first -Wl,--export-dynamic
//   -Wl,--strip-all -o wasi.wasm wasi.c

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

__attribute__((visibility("default"))) long long ask(int what) {
    switch (what) {
    case 0: {
        __wasi_size_t argc, size;
        return __wasi_args_sizes_get(&argc, &size) == 0 ? (long long)argc : -1;
    }
    case 1: {
        const char *v = getenv("WASMFFI_TEST");
        return v ? (long long)strlen(v) : -1;
    }
    case 2: {
        char c;
        int fd = open("/file.txt", O_RDONLY);
        return fd >= 0 && read(fd, &c, 1) == 1 ? c : -1;
    }
    case 3: return time(NULL);
    case 4: {
        long long r;
        return __wasi_random_get((uint8_t *)&r, sizeof r) == 0 ? r : -1;
    }
    case 5: return sleep(3600);
    case 6: {
        char c;
        return read(0, &c, 1) == 1 ? c : -1;
    }
    }
    return -2;
}
