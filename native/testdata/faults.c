/* What the tests of faults call: cc -O1 -g -shared -fPIC -pthread */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KEEP __attribute__((noinline, noclone))

int add(int a, int b) { return a + b; }

static KEEP int load_static(const volatile int *p) {
	return *p + 1; /* LOAD */
}
int load(const int *p) { return load_static(p) * 2; }

void store(int *p) { *(volatile int *)p = 1; }

int divide(int a, int b) { return a / b; } /* DIVIDE */

void trap(void) { __builtin_trap(); }

void jump(void (*f)(void)) {
	f();
	__asm__ volatile("" ::: "memory"); /* not a tail call */
}

static KEEP int deeper(volatile char *below, int n) {
	volatile char frame[200];
	frame[n % 200] = below[0] + n;
	return deeper(frame, n + 1) + frame[0] + below[1];
}
int recurse(int n) {
	volatile char first[2] = {1, 2};
	return deeper(first, n);
}

/* A frame larger than the stack has left. */
int large_frame(long n) {
	volatile char frame[n];
	frame[n / 2] = 1;
	frame[0] = 2;
	return frame[n / 2];
}

long length(const char *s) { return strlen(s); }

/* The end of a file that was cut after it had been mapped. */
void *cut_file(void) {
	FILE *f = tmpfile();
	if (!f || ftruncate(fileno(f), 8192))
		return 0;
	char *p = mmap(0, 8192, PROT_READ, MAP_SHARED, fileno(f), 0);
	if (p == MAP_FAILED || ftruncate(fileno(f), 0))
		return 0;
	fclose(f);
	return p + 4096;
}
int beyond_file(void) { return *(volatile char *)cut_file(); }

/* Faults after, before and around a callback. */
int call_then_load(int (*f)(int), const int *p) { return f(1) + load_static(p); }
int apply(int (*f)(int), int x) { return f(x); }

struct big { long a[8]; };
struct big load_big(struct big b, const long *p) {
	b.a[0] += *p;
	return b;
}

int stack_arguments(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j, const int *p) {
	return a + b + c + d + e + f + g + h + i + j + load_static(p);
}

int errno_then_load(const int *p) {
	errno = 7;
	return load_static(p);
}

void send(int signal) { raise(signal); }

/* Registers and modes that C must not leave behind. */
void spoil(const int *p) {
#ifdef __x86_64__
	unsigned mxcsr = 0x1f80 | 0x6000 | 0x8040; /* toward zero, flush to zero, denormals are zero */
	unsigned short control = 0x0c7f;           /* toward zero, single precision */
	__asm__ volatile("ldmxcsr %0\n fldcw %1\n fld1\n fld1\n fld1\n std\n" ::"m"(mxcsr), "m"(control));
#else
	unsigned long fpcr = 3ul << 22; /* toward zero */
	__asm__ volatile("msr fpcr, %0" ::"r"(fpcr));
#endif
	load_static(p);
}

/* A fault in a signal handler of C's own, and one that C deals with by itself. */
static void bad_handler(int s) { load_static(0); }
void fault_in_handler(void) {
	struct sigaction a = {.sa_handler = bad_handler, .sa_flags = SA_ONSTACK};
	sigaction(SIGUSR2, &a, 0);
	raise(SIGUSR2);
}

static sigjmp_buf back;
static void own_handler(int s) { siglongjmp(back, 1); }
int own_guard(void) {
	struct sigaction a = {.sa_handler = own_handler, .sa_flags = SA_ONSTACK | SA_NODEFER}, old;
	sigaction(SIGSEGV, &a, &old);
	int caught = sigsetjmp(back, 1);
	if (!caught)
		load_static((int *)16);
	sigaction(SIGSEGV, &old, 0);
	return caught;
}

/* A thread of C's own. */
static void *thread(void *f) {
	((void (*)(void))f)();
	return 0;
}
int on_thread(void (*f)(void)) {
	pthread_t t;
	if (pthread_create(&t, 0, thread, (void *)f))
		return -1;
	return pthread_join(t, 0);
}
static void crash(void) { load_static((int *)16); }
int crash_on_thread(void) { return on_thread(crash); }

/* A lock that the fault leaves taken. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
void lock_and_load(const int *p) {
	pthread_mutex_lock(&lock);
	load_static(p);
	pthread_mutex_unlock(&lock);
}
void stdio_and_load(const int *p) {
	flockfile(stdout);
	load_static(p);
	funlockfile(stdout);
}
void wait_for_lock(void) {
	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
}
