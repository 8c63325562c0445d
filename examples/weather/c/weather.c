/* Prints an array of records.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -ftls-model=local-exec -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -Wl,--stack-first,--export-dynamic,--export-table,--growable-table,--export=malloc,--export=free,--export=__stack_pointer,--strip-all,--export-if-defined=fflush -o ../weather.wasm weather.c
 * native: cc -O2 -shared -fPIC -o ../libweather.so weather.c
 */
#include <stdio.h>

typedef struct {
	int timestamp;
	char desc[12];
} Weather;

void print_weather(const Weather *w, int n) {
	for (int i = 0; i < n; i++)
		printf("timestamp: %d\ndescription: %s\n\n", w[i].timestamp, w[i].desc);
}
