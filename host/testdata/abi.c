// Every way of passing a value, in both directions: for each type T
//
//   T id_T(int, T, double)                  gives T back
//   T call_T(T (*)(int, T, double), T)      calls it with 1, T, 2.0
//   T va_T(int n, ...)                      gives back the argument after n ints
//
// clang --target=wasm32-unknown-unknown -nostdlib -ffreestanding -O1 -fvisibility=default
//   -Wl,--no-entry -Wl,--stack-first -Wl,--export-dynamic
//   -Wl,--strip-all -o abi.wasm abi.c

#include <stdarg.h>
#include <stdbool.h>

#define SHAPE(name, T)                                                  \
    T id_##name(int before, T x, double after) {                        \
        if (before != 1 || after != 2.0) __builtin_trap();              \
        return x;                                                       \
    }                                                                   \
    T call_##name(T (*f)(int, T, double), T x) { return f(1, x, 2.0); } \
    T va_##name(int n, ...) {                                           \
        va_list ap;                                                     \
        va_start(ap, n);                                                \
        for (int i = 0; i < n; i++)                                     \
            if (va_arg(ap, int) != i) __builtin_trap();                 \
        T x = va_arg(ap, T);                                            \
        if (va_arg(ap, double) != 2.5) __builtin_trap();                \
        va_end(ap);                                                     \
        return x;                                                       \
    }
#define STRUCT(name, ...)      \
    struct name { __VA_ARGS__; }; \
    SHAPE(name, struct name)

SHAPE(int, int)
SHAPE(uint, unsigned int)
SHAPE(longlong, long long)
SHAPE(double, double)
SHAPE(longdouble, long double)
SHAPE(int128, __int128)
SHAPE(pointer, void *)
SHAPE(cfloat, _Complex float)
SHAPE(cdouble, _Complex double)
STRUCT(s_char, signed char a)
STRUCT(s_short, unsigned short a)
STRUCT(s_int, int a)
STRUCT(s_longlong, long long a)
STRUCT(s_float, float a)
STRUCT(s_double, double a)
STRUCT(s_quad, long double a)
STRUCT(s_two, int a; int b)
STRUCT(s_mixed, char a; double b; short c)
STRUCT(s_big, long long a[5])
STRUCT(s_one, struct s_double a)
STRUCT(s_array1, float a[1])
STRUCT(s_bit, int a : 5)
union u_one { float a; };
SHAPE(u_one, union u_one)
union u_two { float a; long long b; };
SHAPE(u_two, union u_two)

#define SMALL(name, T)                                \
    T id_##name(int before, T x, double after) {      \
        return before == 1 && after == 2.0 ? x : (T)0; \
    }                                                 \
    T call_##name(T (*f)(int, T, double), T x) { return f(1, x, 2.0); }
SMALL(bool, bool)
SMALL(schar, signed char)
SMALL(uchar, unsigned char)
SMALL(short, short)
SMALL(ushort, unsigned short)
SMALL(float, float)
