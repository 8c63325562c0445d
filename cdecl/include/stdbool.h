/* bool is known without <stdbool.h>. */
#ifndef _WASMFFI_STDBOOL_H
#define _WASMFFI_STDBOOL_H
#define true 1
#define false 0
#define __bool_true_false_are_defined 1
#endif
