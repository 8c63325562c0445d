// Functions that take and give back values of every kind of C type: what the
// tests call in both backends.
#include <complex.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values.h"

#define IDENTITY(name, type) \
	type id_##name(type x) { return x; }
IDENTITY(schar, signed char)
IDENTITY(uchar, unsigned char)
IDENTITY(char, char)
IDENTITY(short, short)
IDENTITY(ushort, unsigned short)
IDENTITY(int, int)
IDENTITY(uint, unsigned)
IDENTITY(long, long)
IDENTITY(ulong, unsigned long)
IDENTITY(llong, long long)
IDENTITY(ullong, unsigned long long)
typedef __int128 i128;
typedef unsigned __int128 u128;
IDENTITY(i128, i128)
IDENTITY(u128, u128)
IDENTITY(bool, _Bool)
IDENTITY(float, float)
IDENTITY(double, double)
IDENTITY(ldouble, long double)
IDENTITY(cfloat, float _Complex)
IDENTITY(cdouble, double _Complex)
IDENTITY(cldouble, long double _Complex)
IDENTITY(str, const char *)
IDENTITY(wstr, const wchar_t *)
IDENTITY(ptr, void *)
IDENTITY(color, enum color)
IDENTITY(sign, enum sign)
IDENTITY(point, struct point)
IDENTITY(mixed, struct mixed)
IDENTITY(bits, struct bits)
IDENTITY(anon, struct anon)
IDENTITY(number, union number)

int packet_sum(const struct packet *p) {
	int sum = 0;
	for (int i = 0; i < p->n; i++)
		sum += p->data[i];
	return sum;
}

void packet_fill(struct packet *p) {
	for (int i = 0; i < p->n; i++)
		p->data[i] = (short)(i * i);
}

int sum(const int *v, int n) {
	int s = 0;
	for (int i = 0; i < n; i++)
		s += v[i];
	return s;
}

void twice(double *v, int n) {
	for (int i = 0; i < n; i++)
		v[i] *= 2;
}

void move(struct point *p, int n) {
	for (int i = 0; i < n; i++)
		p[i].x++, p[i].y--;
}

void upper(char *s) {
	for (; *s; s++)
		if (*s >= 'a' && *s <= 'z')
			*s -= 'a' - 'A';
}

void wide_upper(wchar_t *s) {
	for (; *s; s++)
		if (*s >= 'a' && *s <= 'z')
			*s -= 'a' - 'A';
}

unsigned wide_at(const wchar_t *s, int i) { return s[i]; }

double row_sum(float **rows, int n, int m) {
	double s = 0;
	for (int i = 0; i < n; i++)
		for (int j = 0; j < m; j++)
			s += rows[i][j];
	return s;
}

int count(const char *const *words) {
	int n = 0;
	while (words[n])
		n++;
	return n;
}

void swap_words(const char **words) {
	const char *w = words[0];
	words[0] = words[1];
	words[1] = w;
}

int out_string(const char **out) {
	*out = "made in C";
	return 9;
}

int list_sum(const struct list *l) {
	int s = 0;
	for (; l; l = l->next)
		s += l->value;
	return s;
}

static int seven(int x) { return 7 * x; }
function get_function(void) { return seven; }
int apply(function f, int x) { return f ? f(x) : -1; }

int fail_with(int e) {
	errno = e;
	return -1;
}

// Sums what follows as the letters of kinds say: i, l (long long), d, s (its
// length), p (int *), P (struct point by value).
double add_all(const char *kinds, ...) {
	va_list ap;
	va_start(ap, kinds);
	double sum = 0;
	for (; *kinds; kinds++) {
		switch (*kinds) {
		case 'i': sum += va_arg(ap, int); break;
		case 'l': sum += (double)va_arg(ap, long long); break;
		case 'd': sum += va_arg(ap, double); break;
		case 's': sum += (double)strlen(va_arg(ap, char *)); break;
		case 'p': { int *p = va_arg(ap, int *); sum += p ? *p : 1000; if (p) *p = -1; break; }
		case 'P': { struct point p = va_arg(ap, struct point); sum += p.x * p.y; break; }
		}
	}
	va_end(ap);
	return sum;
}

int say(const char *text) { return printf("%s\n", text); }

void nothing(void) {}

void spin(void) {
	for (volatile int i = 0;; i++) {
	}
}

int crash(void) { return *(volatile int *)(intptr_t)-16; }
