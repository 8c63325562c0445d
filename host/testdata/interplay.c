/*
 * Callbacks, files, directories and standard input in one module.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -fvisibility=default -Wl,--stack-first -Wl,--export-dynamic -Wl,--export-table -Wl,--growable-table -Wl,--export=malloc -Wl,--export=free -Wl,--strip-all -o interplay.wasm interplay.c
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef int unary(int);
typedef int print_fn(const char *format, ...);

EXPORT int apply(unary *f, int x) { return f(x); }
static int printed;
EXPORT int print_to(print_fn *print, int n) { return printed = print("%d of %g", n, n + 0.5); }
EXPORT int last_printed(void) { return printed; }

EXPORT int append(const char *name, const char *text) {
	int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, text, strlen(text));
	int e = errno;
	close(fd);
	return n < 0 ? -e : (int)n;
}

/* Calls back between two writes, and gives up if the second one fails. */
EXPORT int append_around(const char *name, const char *text, unary *f, int x) {
	int n = append(name, text);
	if (n < 0)
		return n;
	int r = f(x);
	if (append(name, text) < 0)
		abort();
	return r;
}

static DIR *dir;
EXPORT int open_dir(const char *name) { return (dir = opendir(name)) ? 0 : -errno; }
EXPORT int next_name(char *out, int max) {
	struct dirent *e = dir ? readdir(dir) : NULL;
	return e ? snprintf(out, max, "%s", e->d_name) : -1;
}

EXPORT int read_file(const char *name, char *out, int max) {
	int fd = open(name, O_RDONLY);
	if (fd < 0)
		return -errno;
	ssize_t n = read(fd, out, max);
	int e = errno;
	close(fd);
	return n < 0 ? -e : (int)n;
}

/* A line of standard input, of which stdio reads ahead. */
EXPORT int read_line(char *out, int max) { return fgets(out, max, stdin) ? (int)strlen(out) : -1; }

EXPORT int divide(int a, int b) { return a / b; }
EXPORT int work(int n) {
	volatile int sum = 0;
	for (int i = 0; i < n; i++)
		sum += i;
	return sum;
}
static void *volatile eaten;
EXPORT int eat(int mib) { return (eaten = malloc((size_t)mib << 20)) != NULL; }
EXPORT int recurse(int n) {
	volatile char pad[1024];
	pad[0] = (char)n;
	return n <= 0 ? 0 : recurse(n - 1) + pad[0];
}
EXPORT int say(const char *text) {
	if (puts(text) < 0 || fflush(stdout) != 0)
		abort();
	return 0;
}
EXPORT void give_up(void) { abort(); }
EXPORT int open_all(const char *name, int n) {
	for (int i = 0; i < n; i++)
		if (open(name, O_RDONLY) < 0)
			return i;
	return n;
}
EXPORT int open_all_or_abort(const char *name, int n) {
	if (open_all(name, n) < n)
		abort();
	return n;
}
EXPORT int eat_or_abort(int mib) {
	if (!eat(mib))
		abort();
	return 1;
}
