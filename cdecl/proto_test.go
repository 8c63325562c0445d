package cdecl_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

func TestProto(t *testing.T) {
	d := parse(t, `
		struct st { int size, mode; };
		typedef int (*callback)(void *data, int n);
		enum { LIMIT = 8 };
		#define API __attribute__((visibility("default")))
		#define HANDLE struct handle *
		int get(int);
		#define get(x) ((x) + 1)`)
	for _, tt := range []struct{ text, name, want string }{
		{"double cos(double)", "cos", ""},
		{"double cos(double);", "cos", "double cos(double)"},
		{"int stat_(const char *p, struct st *out)", "stat_", ""},
		{"int each(struct st all[LIMIT], callback f, void *data)", "each", "int each(struct st *all, callback f, void *data)"},
		{"API HANDLE open(const char *)", "open", "struct handle *open(const char *)"},
		{"extern struct st last(void)", "last", "struct st last(void)"},
		{"int f(struct { int a; } s)", "f", "int f(struct { int a; } s)"},
		{"int sum(int a, int b) // comment", "sum", "int sum(int a, int b)"},
		{"int body(int a) { return a; }", "body", "int body(int a)"},
		{"void f(struct unseen *p)", "f", "void f(struct unseen *p)"},
		{"int get(int)", "get", ""},
	} {
		t.Run(tt.text, func(t *testing.T) {
			name, f, err := d.Proto(tt.text)
			require.NoError(t, err)
			assert.Equal(t, tt.name, name)
			if tt.want == "" {
				tt.want = tt.text
			}
			assert.Equal(t, tt.want, dtype.Declare(f, name))
		})
	}
	for _, tt := range []struct{ text, want string }{
		{"cos", "cdecl: <prototype>:1:1: \"cos\" has no type\n\tcos"},
		{"doubel cos(double)", "cdecl: <prototype>:1:1: unknown type name \"doubel\"\n\tdoubel cos(double)"},
		{"int f(struct st)x", "cdecl: <prototype>:1:18: unexpected end of text, expected '{'\n\tint f(struct st)x"},
		{"int x", "cdecl: <prototype>:1: x is declared as a variable, not a function\n\tint x"},
		{"int f(void), g(void)", "cdecl: <prototype>:1: one prototype expected, found f and g\n\tint f(void), g(void)"},
		{"struct st", "cdecl: <prototype>:1: no function is declared\n\tstruct st"},
		{"", "cdecl: <prototype>:1: no function is declared"},
		{"int f(callbak c)", "cdecl: <prototype>:1:7: unknown type name \"callbak\"; did you mean callback?\n\tint f(callbak c)"},
		{"int f(int a", "cdecl: <prototype>:1:6: '(' is never closed\n\tint f(int a"},
		{"int f(int a))", "cdecl: <prototype>:1:13: unmatched ')'\n\tint f(int a))"},
		{"int f(void)[3]", "cdecl: <prototype>:1:6: dtype: function: int [3]: invalid type: result of type int [3]\n\tint f(void)[3]"},
		{"int f(void v)", "cdecl: <prototype>:1:6: dtype: function v: invalid type: parameter 1 of type void\n\tint f(void v)"},
		{"_Float16 f(void)", "cdecl: <prototype>:1:1: half-precision floats: not supported on linux-amd64\n\t_Float16 f(void)"},
		{"#include <stdio.h>", "cdecl: <prototype>:1:1: stray '#'\n\t#include <stdio.h>"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			_, _, err := d.Proto(tt.text)
			assert.EqualError(t, err, tt.want)
			_, _, again := d.Proto(tt.text)
			assert.Equal(t, err, again)
		})
	}
	_, err := d.Func("cos")
	assert.Error(t, err, "a prototype is not added to the declarations")
	_, err = d.Type("struct unseen")
	assert.Error(t, err)
}

func TestProtoConcurrently(t *testing.T) {
	d := parse(t, threeStructs)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				name, f, err := d.Proto(fmt.Sprintf("int f%d(struct shape *s, uint_fast16_t n)", (i+g)%50))
				if assert.NoError(t, err) {
					assert.Len(t, f.Params(), 2, name)
				}
				_, err = d.Type(fmt.Sprintf("point_t[%d]", i%50))
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
}
