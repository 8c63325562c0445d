/* Nothing of its own: the module exports qsort and bsearch of wasi-libc. Natively the example uses the system's libc.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -ftls-model=local-exec -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer,--strip-all,--export=qsort,--export=bsearch -o ../qsort.wasm qsort.c
 * native: cc -O2 -shared -fPIC -o ../libqsort.so qsort.c
 */
#include <stdlib.h>
