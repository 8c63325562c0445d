/* What the tests of package native call.
 *
 * cc -O2 -w -shared -fPIC -pthread -Wl,--version-script=calls.map -o libcalls.so calls.c
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int (*int_fn)(int);

int add(int a, int b) { return a + b; }
int twice_by(int_fn f, int x) { return f(x) + f(x); }
int apply(int_fn f, int x) { return f(x); }

/* Blocks until a byte comes through the pipe. */
int wait_for(int fd) { char c; return (int)read(fd, &c, 1); }

/* errno. */
int get_errno(void) { return errno; }
int set_errno(int e) { errno = e; return 0; }
/* What errno is after a callback that changes it. */
int errno_around(int_fn f) { errno = 7; f(0); return errno; }

/* A thread of C's own calls back n times. */
struct job { int_fn f; int n, sum; };
static void *work(void *p) {
	struct job *j = p;
	for (int i = 0; i < j->n; i++) j->sum += j->f(i);
	return NULL;
}
int from_thread(int_fn f, int n) {
	struct job j = {f, n, 0};
	pthread_t t;
	if (pthread_create(&t, NULL, work, &j)) return -1;
	pthread_join(t, NULL);
	return j.sum;
}
/* Many threads at once. */
int from_threads(int_fn f, int threads, int n) {
	struct job jobs[64];
	pthread_t t[64];
	int sum = 0;
	for (int i = 0; i < threads; i++) {
		jobs[i] = (struct job){f, n, 0};
		if (pthread_create(&t[i], NULL, work, &jobs[i])) return -1;
	}
	for (int i = 0; i < threads; i++) {
		pthread_join(t[i], NULL);
		sum += jobs[i].sum;
	}
	return sum;
}

/* Whether the registers that a callee must keep are as they were after f: 0, or
 * a bit for each that is not. */
long kept_registers(int_fn f) {
	long bad = 0;
#if defined(__aarch64__)
	register int_fn fn __asm__("x9") = f;
	__asm__ volatile(
		"stp x19, x20, [sp, #-160]!\n"
		"stp x21, x22, [sp, #16]\n stp x23, x24, [sp, #32]\n stp x25, x26, [sp, #48]\n stp x27, x28, [sp, #64]\n"
		"stp d8, d9, [sp, #80]\n stp d10, d11, [sp, #96]\n stp d12, d13, [sp, #112]\n stp d14, d15, [sp, #128]\n"
		"mov x10, sp\n str x10, [sp, #144]\n str x29, [sp, #152]\n"
		"mov x19, #19\n mov x20, #20\n mov x21, #21\n mov x22, #22\n mov x23, #23\n mov x24, #24\n"
		"mov x25, #25\n mov x26, #26\n mov x27, #27\n mov x28, #28\n"
		"fmov d8, #8.0\n fmov d9, #9.0\n fmov d10, #10.0\n fmov d11, #11.0\n"
		"fmov d12, #12.0\n fmov d13, #13.0\n fmov d14, #14.0\n fmov d15, #15.0\n"
		"mov x0, #1\n blr x9\n mov x9, #0\n"
#define KEPT(r, v) "lsl x9, x9, #1\n cmp " #r ", #" #v "\n cinc x9, x9, ne\n"
		KEPT(x19, 19) KEPT(x20, 20) KEPT(x21, 21) KEPT(x22, 22) KEPT(x23, 23)
		KEPT(x24, 24) KEPT(x25, 25) KEPT(x26, 26) KEPT(x27, 27) KEPT(x28, 28)
#define KEPTF(r, v) "lsl x9, x9, #1\n fmov d0, #" #v ".0\n fcmp " #r ", d0\n cinc x9, x9, ne\n"
		KEPTF(d8, 8) KEPTF(d9, 9) KEPTF(d10, 10) KEPTF(d11, 11)
		KEPTF(d12, 12) KEPTF(d13, 13) KEPTF(d14, 14) KEPTF(d15, 15)
		"lsl x9, x9, #1\n ldr x10, [sp, #144]\n mov x11, sp\n cmp x10, x11\n cinc x9, x9, ne\n"
		"lsl x9, x9, #1\n ldr x10, [sp, #152]\n cmp x10, x29\n cinc x9, x9, ne\n"
		"ldp d8, d9, [sp, #80]\n ldp d10, d11, [sp, #96]\n ldp d12, d13, [sp, #112]\n ldp d14, d15, [sp, #128]\n"
		"ldp x21, x22, [sp, #16]\n ldp x23, x24, [sp, #32]\n ldp x25, x26, [sp, #48]\n ldp x27, x28, [sp, #64]\n"
		"ldp x19, x20, [sp], #160\n mov %0, x9\n"
		: "=r"(bad), "+r"(fn)
		:
		: "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x10", "x11", "x12", "x13", "x14", "x15", "x16",
		  "x17", "x18", "x30", "d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "memory", "cc");
#elif defined(__x86_64__)
	register int_fn fn __asm__("rax") = f;
	__asm__ volatile(
		"push %%rbx\n push %%rbp\n push %%r12\n push %%r13\n push %%r14\n push %%r15\n"
		"mov %%rsp, %%rcx\n sub $144, %%rsp\n and $-16, %%rsp\n push %%rcx\n push %%rcx\n"
		"mov $3, %%rbx\n mov $5, %%rbp\n mov $12, %%r12\n mov $13, %%r13\n mov $14, %%r14\n mov $15, %%r15\n"
		"mov $1, %%edi\n call *%%rax\n xor %%ecx, %%ecx\n"
#define KEPT(r, v) "add %%rcx, %%rcx\n xor %%edx, %%edx\n cmp $" #v ", %%" #r "\n setne %%dl\n or %%rdx, %%rcx\n"
		KEPT(rbx, 3) KEPT(rbp, 5) KEPT(r12, 12) KEPT(r13, 13) KEPT(r14, 14) KEPT(r15, 15)
		"pop %%rdx\n pop %%rax\n mov %%rax, %%rsp\n cmp %%rdx, %%rax\n setne %%dl\n movzbl %%dl, %%edx\n add %%rcx, %%rcx\n or %%rdx, %%rcx\n"
		"pop %%r15\n pop %%r14\n pop %%r13\n pop %%r12\n pop %%rbp\n pop %%rbx\n mov %%rcx, %0\n"
		: "=r"(bad), "+r"(fn)
		:
		: "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3",
		  "xmm4", "xmm5", "xmm6", "xmm7");
#endif
	return bad;
}

/* Uses n bytes of stack before it calls back. */
int deep(int_fn f, int x, int n) {
	volatile char *pad = __builtin_alloca(n);
	memset((void *)pad, x, n);
	return f(x) + pad[n - 1] - (char)x;
}

/* A struct larger than any register, both ways. */
struct big { int64_t a[8]; };
struct big turn(struct big b) {
	for (int i = 0; i < 4; i++) {
		int64_t t = b.a[i];
		b.a[i] = b.a[7 - i];
		b.a[7 - i] = t;
	}
	return b;
}
struct big ask_big(struct big (*f)(struct big), struct big b) { return f(b); }

/* Whether its argument is aligned as the stack must be for it. */
struct over { _Alignas(64) char c; };
int aligned64(int a, struct over o) {
	uintptr_t p = (uintptr_t)&o;
	__asm__("" : "+r"(p)); /* the compiler knows what p should be */
	return p % 64 == 0 ? o.c + a : -1;
}

/* Symbols. */
int table[5] = {1, 2, 3, 4, 5};
const char text[] = "text";
__thread int per_thread = 9;
static int hidden_function(int x) { return x + 1000; }
int_fn get_hidden(void) { return hidden_function; }
int odd_name(void) __asm__("_ZNK3geo7polygon4areaEv$1");
int odd_name(void) { return 77; }
static int fast(int x) { return x * 2; }
static int_fn resolve(void) { return fast; }
int chosen(int x) __attribute__((ifunc("resolve")));
extern int missing_elsewhere(void) __attribute__((weak));
int old_version(void) { return 1; }
int new_version(void) { return 2; }
__asm__(".symver old_version, versioned@VERS_1");
__asm__(".symver new_version, versioned@@VERS_2");

void say(const char *s) { printf("%s", s); }
int *alloc_ints(int n) { int *p = malloc(n * sizeof *p); for (int i = 0; i < n; i++) p[i] = i; return p; }
