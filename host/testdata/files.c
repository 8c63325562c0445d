/*
 * A file system as C sees it: one operation a call, whose result or -errno it
 * returns.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -fvisibility=default -Wl,--stack-first -Wl,--export-dynamic -Wl,--strip-all -o files.wasm files.c
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static long long result(long long r) { return r < 0 ? -(long long)errno : r; }

/* flags are those of open: 1 write, 2 create, 4 exclusive, 8 truncate, 16 append,
 * 32 directory, 64 no links. */
static int flags_of(int flags) {
	static const int of[] = {0, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW};
	int f = flags & 1 ? O_RDWR : O_RDONLY;
	for (int i = 1; i < 7; i++)
		if (flags >> i & 1)
			f |= of[i];
	return f;
}

/* Opens a file; closes it unless keep is set. */
EXPORT long long open_file(const char *name, int flags, int keep) {
	int fd = open(name, flags_of(flags), 0666);
	if (fd < 0)
		return result(fd);
	if (keep)
		return fd;
	return result(close(fd));
}

EXPORT long long write_file(const char *name, int flags, const char *text, long long at) {
	int fd = open(name, flags_of(flags), 0666);
	if (fd < 0)
		return result(fd);
	long long n = at < 0 ? write(fd, text, strlen(text)) : pwrite(fd, text, strlen(text), at);
	n = result(n);
	close(fd);
	return n;
}

EXPORT long long read_file(const char *name, char *out, int max) {
	int fd = open(name, O_RDONLY);
	if (fd < 0)
		return result(fd);
	long long n = result(read(fd, out, max - 1));
	if (n >= 0)
		out[n] = 0;
	close(fd);
	return n;
}

EXPORT long long resize_file(const char *name, long long size) {
	int fd = open(name, O_WRONLY);
	if (fd < 0)
		return result(fd);
	long long n = result(ftruncate(fd, size));
	close(fd);
	return n;
}

EXPORT long long make_dir(const char *name) { return result(mkdir(name, 0777)); }
EXPORT long long remove_dir(const char *name) { return result(rmdir(name)); }
EXPORT long long remove_file(const char *name) { return result(unlink(name)); }
EXPORT long long rename_file(const char *from, const char *to) { return result(rename(from, to)); }
EXPORT long long link_file(const char *from, const char *to) { return result(link(from, to)); }
EXPORT long long make_link(const char *target, const char *name) { return result(symlink(target, name)); }

EXPORT long long read_link(const char *name, char *out, int max) {
	long long n = result(readlink(name, out, max - 1));
	if (n >= 0)
		out[n] = 0;
	return n;
}

/* What a name stands for: a letter for its type, and the size of files. */
EXPORT long long look(const char *name, int follow, char *out, int max) {
	struct stat st;
	int r = follow ? stat(name, &st) : lstat(name, &st);
	if (r < 0)
		return result(r);
	if (S_ISREG(st.st_mode))
		return snprintf(out, max, "f %lld %d", (long long)st.st_size, (int)st.st_nlink);
	return snprintf(out, max, S_ISDIR(st.st_mode) ? "d" : S_ISLNK(st.st_mode) ? "l" : "?");
}

/* The names in a directory, one a line, as they come. */
EXPORT long long list(const char *name, char *out, int max) {
	DIR *d = opendir(name);
	if (!d)
		return -errno;
	int n = 0, len = 0;
	for (struct dirent *e; (e = readdir(d)); n++)
		len += snprintf(out + len, max - len, "%s\n", e->d_name);
	closedir(d);
	return n;
}

EXPORT long long set_time(const char *name, long long seconds) {
	struct timespec t[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = seconds, .tv_nsec = 123456789}};
	return result(utimensat(AT_FDCWD, name, t, 0));
}

EXPORT long long set_open_time(const char *name, long long seconds) {
	struct timespec t[2] = {{.tv_sec = 1}, {.tv_sec = seconds}};
	int fd = open(name, O_RDONLY);
	if (fd < 0)
		return result(fd);
	long long r = result(futimens(fd, t));
	close(fd);
	return r;
}

/* The time, in nanoseconds. */
EXPORT long long now(void) {
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Writes until it is refused. */
EXPORT long long fill(const char *name) {
	static char block[4096];
	int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0666);
	if (fd < 0)
		return result(fd);
	for (;;) {
		ssize_t n = write(fd, block, sizeof block);
		if (n < 0) {
			n = errno;
			close(fd);
			if (n == ENOSPC)
				abort();
			return -n;
		}
	}
}

EXPORT long long read_input(char *out, int max) {
	long long n = result(read(0, out, max - 1));
	if (n >= 0)
		out[n] = 0;
	return n;
}
