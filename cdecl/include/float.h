#ifndef _WASMFFI_FLOAT_H
#define _WASMFFI_FLOAT_H
#define FLT_RADIX 2
#define FLT_EVAL_METHOD 0
#define FLT_MANT_DIG 24
#define FLT_DIG 6
#define FLT_DECIMAL_DIG 9
#define FLT_MIN_EXP (-125)
#define FLT_MIN_10_EXP (-37)
#define FLT_MAX_EXP 128
#define FLT_MAX_10_EXP 38
#define FLT_MAX 0x1.fffffep127F
#define FLT_MIN 0x1p-126F
#define FLT_EPSILON 0x1p-23F
#define FLT_TRUE_MIN 0x1p-149F
#define FLT_HAS_SUBNORM 1
#define DBL_MANT_DIG 53
#define DBL_DIG 15
#define DBL_DECIMAL_DIG 17
#define DBL_MIN_EXP (-1021)
#define DBL_MIN_10_EXP (-307)
#define DBL_MAX_EXP 1024
#define DBL_MAX_10_EXP 308
#define DBL_MAX 0x1.fffffffffffffp1023
#define DBL_MIN 0x1p-1022
#define DBL_EPSILON 0x1p-52
#define DBL_TRUE_MIN 0x1p-1074
#define DBL_HAS_SUBNORM 1
#define LDBL_MANT_DIG __LDBL_MANT_DIG__
#define LDBL_HAS_SUBNORM 1
#if __LDBL_MANT_DIG__ == 53
#define LDBL_DIG DBL_DIG
#define LDBL_MIN_EXP DBL_MIN_EXP
#define LDBL_MIN_10_EXP DBL_MIN_10_EXP
#define LDBL_MAX_EXP DBL_MAX_EXP
#define LDBL_MAX_10_EXP DBL_MAX_10_EXP
#define DECIMAL_DIG 17
#define LDBL_MAX 0x1.fffffffffffffp1023L
#define LDBL_MIN 0x1p-1022L
#define LDBL_EPSILON 0x1p-52L
#define LDBL_TRUE_MIN 0x1p-1074L
#else
#define LDBL_MIN_EXP (-16381)
#define LDBL_MIN_10_EXP (-4931)
#define LDBL_MAX_EXP 16384
#define LDBL_MAX_10_EXP 4932
#if __LDBL_MANT_DIG__ == 64
#define LDBL_DIG 18
#define DECIMAL_DIG 21
#define LDBL_MAX 0x1.fffffffffffffffep16383L
#define LDBL_EPSILON 0x1p-63L
#define LDBL_TRUE_MIN 0x1p-16445L
#else
#define LDBL_DIG 33
#define DECIMAL_DIG 36
#define LDBL_MAX 0x1.ffffffffffffffffffffffffffffp16383L
#define LDBL_EPSILON 0x1p-112L
#define LDBL_TRUE_MIN 0x1p-16494L
#endif
#define LDBL_MIN 0x1p-16382L
#endif
#define LDBL_DECIMAL_DIG DECIMAL_DIG
#endif
