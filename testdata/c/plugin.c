/* A plug-in: it calls its host by name, and its debug info says the rest.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O1 -g -mexec-model=reactor -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -ffile-prefix-map=$PWD=. -I../../guestabi/include -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer -o ../wasm/plugin.wasm plugin.c
 * native: cc -O1 -g -shared -fPIC -I../../guestabi/include -o libplugin.so plugin.c
 */
#include "wasmffi.h"

struct event {
	int level;
	double at;
	const char *text;
};

WASMFFI_IMPORT(int, host_log, (int level, const char *text));
WASMFFI_IMPORT(double, host_clock, (void));

WASMFFI_EXPORT int run(int n) {
	int accepted = 0;
	for (int i = 0; i < n; i++)
		accepted += host_log(i, i % 2 ? "odd" : "even");
	return accepted;
}

WASMFFI_EXPORT double now(void) { return host_clock(); }

WASMFFI_EXPORT int report(const struct event *e) { return host_log(e->level, e->text) + (int)e->at; }

WASMFFI_EXPORT struct event last = {7, 1.5, "nothing yet"};
