/* The types of <stddef.h> are known without it. */
#ifndef _WASMFFI_STDDEF_H
#define _WASMFFI_STDDEF_H
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
/* Some C libraries ask for one name at a time: __need_NULL, __need_size_t. */
#undef NULL
#define NULL ((void *)0)
#undef __need_NULL
#undef __need_size_t
#undef __need_ptrdiff_t
#undef __need_wchar_t
#undef __need_wint_t
