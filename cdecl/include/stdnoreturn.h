#ifndef _WASMFFI_STDNORETURN_H
#define _WASMFFI_STDNORETURN_H
#define noreturn _Noreturn
#endif
