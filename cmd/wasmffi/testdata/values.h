// The types of values.c.
#ifndef VALUES_H
#define VALUES_H

#include <stddef.h>

enum color { RED, GREEN = 5, BLUE };
enum sign { MINUS = -1, PLUS = 1 };

struct point { double x, y; };

struct mixed {
	char c;
	short s[3];
	struct point p;
	char name[8];
	const char *text;
	_Bool ok;
};

struct bits {
	int a : 3;
	unsigned b : 5;
	_Bool c : 1;
	unsigned : 4;
	long long d : 40;
	enum color e : 4;
};

struct anon {
	int tag;
	union {
		int i;
		float f;
		struct {
			short lo, hi;
		};
	};
	struct {
		int x, y;
	};
};

union number {
	int i;
	float f;
	unsigned char bytes[4];
};

struct packet {
	int n;
	short data[];
};

struct list {
	int value;
	struct list *next;
};

typedef int (*function)(int);

#endif
