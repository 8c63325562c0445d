/*
 * What C can do with files, a function each: the result, or minus errno.
 *
 * wasm (clang 14): clang --target=wasm32-wasi --sysroot=/usr -O2 -mexec-model=reactor -ftls-model=local-exec -fvisibility=default -mmutable-globals -msign-ext -mbulk-memory -mnontrapping-fptoint -Wl,--stack-first,--export-dynamic,--export=malloc,--export=free,--strip-all -o jail.wasm jail.c
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

static long long done(long long r) { return r < 0 ? -errno : r; }

/* The flags of open by bits, which are others in each C library. */
static int flags(int bits) {
    int f = (bits & 3) == 0 ? O_RDONLY : (bits & 3) == 1 ? O_WRONLY : O_RDWR;
    if (bits & 4) f |= O_CREAT;
    if (bits & 8) f |= O_EXCL;
    if (bits & 16) f |= O_TRUNC;
    if (bits & 32) f |= O_APPEND;
    if (bits & 64) f |= O_DIRECTORY;
    if (bits & 128) f |= O_NOFOLLOW;
    return f;
}

long long f_open(const char *p, int bits) { return done(open(p, flags(bits), 0600)); }
long long f_openat(int fd, const char *p, int bits) { return done(openat(fd, p, flags(bits), 0600)); }
long long f_close(int fd) { return done(close(fd)); }
long long f_read(int fd, char *buf, int n) { return done(read(fd, buf, n)); }
long long f_write(int fd, const char *buf, int n) { return done(write(fd, buf, n)); }
long long f_pread(int fd, char *buf, int n, long long off) { return done(pread(fd, buf, n, off)); }
long long f_pwrite(int fd, const char *buf, int n, long long off) { return done(pwrite(fd, buf, n, off)); }
long long f_seek(int fd, long long off, int whence) {
    return done(lseek(fd, off, whence == 0 ? SEEK_SET : whence == 1 ? SEEK_CUR : SEEK_END));
}
long long f_truncate(int fd, long long n) { return done(ftruncate(fd, n)); }
long long f_allocate(int fd, long long off, long long n) { return -posix_fallocate(fd, off, n); }
long long f_sync(int fd) { return done(fsync(fd)); }
long long f_setappend(int fd, int on) { return done(fcntl(fd, F_SETFL, on ? O_APPEND : 0)); }
long long f_mkdir(const char *p) { return done(mkdir(p, 0700)); }
long long f_rmdir(const char *p) { return done(rmdir(p)); }
long long f_unlink(const char *p) { return done(unlink(p)); }
long long f_rename(const char *a, const char *b) { return done(rename(a, b)); }
long long f_link(const char *a, const char *b) { return done(link(a, b)); }
long long f_symlink(const char *a, const char *b) { return done(symlink(a, b)); }
long long f_readlink(const char *p, char *buf, int n) { return done(readlink(p, buf, n)); }

/* kind (0 other, 1 file, 2 directory, 3 link), size, links, seconds of mtime */
static long long tell(int r, const struct stat *st, long long out[4]) {
    if (r == 0) {
        out[0] = S_ISREG(st->st_mode) ? 1 : S_ISDIR(st->st_mode) ? 2 : S_ISLNK(st->st_mode) ? 3 : 0;
        out[1] = out[0] == 2 ? 0 : st->st_size;
        out[2] = out[0] == 2 ? 0 : st->st_nlink;
        out[3] = st->st_mtim.tv_sec;
    }
    return done(r);
}
long long f_stat(const char *p, long long out[4]) { struct stat st; return tell(stat(p, &st), &st, out); }
long long f_lstat(const char *p, long long out[4]) { struct stat st; return tell(lstat(p, &st), &st, out); }
long long f_fstat(int fd, long long out[4]) { struct stat st; return tell(fstat(fd, &st), &st, out); }
long long f_utimes(const char *p, long long s) {
    struct timespec t[2] = {{s, 0}, {s, 0}};
    return done(utimensat(AT_FDCWD, p, t, 0));
}
long long f_futimes(int fd, long long s) {
    struct timespec t[2] = {{s, 0}, {s, 0}};
    return done(futimens(fd, t));
}

/* The names in a directory, each with its kind and a slash after it. */
long long f_list(const char *p, char *out, int n) {
    DIR *d = opendir(p);
    int at = 0;
    if (!d) return -errno;
    errno = 0;
    for (struct dirent *e; (e = readdir(d)); errno = 0) {
        int l = (int)strlen(e->d_name);
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        if (at + l + 3 > n) break;
        memcpy(out + at, e->d_name, l);
        at += l;
        out[at++] = e->d_type == DT_REG ? '1' : e->d_type == DT_DIR ? '2' : e->d_type == DT_LNK ? '3' : '0';
        out[at++] = '/';
    }
    int err = errno;
    closedir(d);
    return err ? -err : at;
}

/* WASI itself, as a program that does not use the C library. */
long long w_open(int fd, const char *p, int follow, int oflags, long long rights) {
    __wasi_fd_t got;
    __wasi_errno_t e = __wasi_path_open(fd, follow, p, oflags, rights, rights, 0, &got);
    return e ? -(int)e : (int)got;
}
long long w_symlink(const char *target, int fd, const char *name) { return -(int)__wasi_path_symlink(target, fd, name); }
long long w_link(int fd, int follow, const char *a, int to, const char *b) { return -(int)__wasi_path_link(fd, follow, a, to, b); }
long long w_rename(int fd, const char *a, int to, const char *b) { return -(int)__wasi_path_rename(fd, a, to, b); }
long long w_renumber(int fd, int to) { return -(int)__wasi_fd_renumber(fd, to); }
long long w_close(int fd) { return -(int)__wasi_fd_close(fd); }

/* Tries to read a name in a loop and tells how often its first byte was want. */
long long f_race(const char *p, int rounds, int want) {
    long long seen = 0;
    for (int i = 0; i < rounds; i++) {
        char c = 0;
        int fd = open(p, O_RDONLY);
        if (fd < 0) continue;
        if (read(fd, &c, 1) == 1 && c == want) seen++;
        close(fd);
    }
    return seen;
}
