/* va_list is known without <stdarg.h>. */
#ifndef _WASMFFI_STDARG_H
#define _WASMFFI_STDARG_H
typedef __builtin_va_list __gnuc_va_list;
#define va_start(list, last) __builtin_va_start(list, last)
#define va_end(list) __builtin_va_end(list)
#define va_arg(list, type) __builtin_va_arg(list, type)
#define va_copy(to, from) __builtin_va_copy(to, from)
#define __va_copy(to, from) __builtin_va_copy(to, from)
#define __GNUC_VA_LIST
#endif
#undef __need___va_list
