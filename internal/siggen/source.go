package siggen

import (
	"fmt"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// headers is what every C file begins with.
const headers = `#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef ptrdiff_t ssize_t;
typedef uint_least16_t char16_t;
typedef uint_least32_t char32_t;
`

// prelude is for files that run. bad gets a bit for each value that arrives
// otherwise than sent: bit i for parameter i, the last for a result.
const prelude = headers + `
#define RESULT 63

unsigned long long bad;
extern unsigned char value[], mask[];

#ifdef __wasm__
void *memcpy(void *restrict to, const void *restrict from, size_t n) {
	for (size_t i = 0; i < n; i++) ((char *)to)[i] = ((const char *)from)[i];
	return to;
}
void *memset(void *to, int c, size_t n) {
	for (size_t i = 0; i < n; i++) ((char *)to)[i] = c;
	return to;
}
#endif

static __attribute__((noinline)) void give(void *to, size_t at, size_t n) {
	for (size_t i = 0; i < n; i++) ((unsigned char *)to)[i] = value[at + i];
}

static __attribute__((noinline)) void take(int number, const void *from, size_t at, size_t n) {
	for (size_t i = 0; i < n; i++)
		if ((((const unsigned char *)from)[i] ^ value[at + i]) & mask[at + i]) bad |= 1ull << number;
}

`

// Source is the batch in C. For each function f it has call_f, which calls a
// callback of f's type with f's values and checks the result.
func (b *Batch) Source() string {
	var s strings.Builder
	s.WriteString(prelude)
	b.define(&s)
	fmt.Fprintf(&s, "unsigned char value[%d], mask[%d];\n\n", b.size+1, b.size+1)
	for _, f := range b.Functions {
		f.source(&s)
		f.callbackSource(&s)
	}
	return s.String()
}

// define writes the types, and asserts their layout.
func (b *Batch) define(s *strings.Builder) {
	for _, t := range b.defs {
		fmt.Fprintf(s, "%s;\n", dtype.Define(t))
		switch t.(type) {
		case *dtype.Struct, *dtype.Union:
			l := must(b.compiler.ABI.Layout(t))
			fmt.Fprintf(s, "_Static_assert(sizeof(%v) == %d && _Alignof(%v) == %d, \"%v\");\n", t, l.Size, t, l.Align, t)
		}
	}
}

func parameter(i int) string { return fmt.Sprintf("p%d", i) }

func (f *Function) source(s *strings.Builder) {
	params, fixed := f.Sig.Params(), f.Sig.Fixed()
	var list []string
	for i, p := range params[:fixed] {
		list = append(list, dtype.Declare(p.Type, parameter(i)))
	}
	switch {
	case f.Sig.Variadic():
		list = append(list, "...")
	case fixed == 0:
		list = []string{"void"}
	}
	fmt.Fprintf(s, "%s {\n", dtype.Declare(f.Sig.Result(), f.Name+"("+strings.Join(list, ", ")+")"))
	if f.Sig.Variadic() {
		fmt.Fprintf(s, "\tva_list ap;\n\tva_start(ap, %s);\n", parameter(fixed-1))
		for i, p := range params[fixed:] {
			fmt.Fprintf(s, "\t%s = va_arg(ap, %s);\n", dtype.Declare(p.Type, parameter(fixed+i)), dtype.Declare(p.Type, ""))
		}
		s.WriteString("\tva_end(ap);\n")
	}
	for i := range params {
		if called := f.calls[i]; called != nil {
			fmt.Fprintf(s, "\tvoid with_%s(%s);\n\twith_%[1]s(%[3]s);\n", called.Name, dtype.Declare(dtype.PointerTo(called.Sig), ""), parameter(i))
		}
	}
	for i := range params {
		fmt.Fprintf(s, "\ttake(%d, &p%d, %d, sizeof p%d);\n", i, i, f.values[i].at, i)
	}
	switch {
	case f.Sig.Result() == dtype.CVoid:
	case f.identity:
		s.WriteString("\treturn p0;\n")
	default:
		fmt.Fprintf(s, "\t%s;\n\tgive(&r, %d, sizeof r);\n\treturn r;\n", dtype.Declare(f.Sig.Result(), "r"), f.result.at)
	}
	s.WriteString("}\n")
}

// callbackSource writes with_f, which calls a callback, and call_f, which comes
// by one in the function's way.
func (f *Function) callbackSource(s *strings.Builder) {
	cb := dtype.Declare(dtype.PointerTo(f.Sig), "cb")
	fmt.Fprintf(s, "void with_%s(%s) {\n", f.Name, cb)
	var args []string
	for i, p := range f.Sig.Params() {
		fmt.Fprintf(s, "\t%s;\n\tgive(&p%d, %d, sizeof p%d);\n", dtype.Declare(p.Type, parameter(i)), i, f.values[i].at, i)
		args = append(args, parameter(i))
	}
	call := "cb(" + strings.Join(args, ", ") + ")"
	if f.Sig.Result() == dtype.CVoid {
		fmt.Fprintf(s, "\t%s;\n", call)
	} else {
		fmt.Fprintf(s, "\t%s = %s;\n\ttake(RESULT, &r, %d, sizeof r);\n", dtype.Declare(f.Sig.Result(), "r"), call, f.result.at)
	}
	s.WriteString("}\n")
	switch f.hand {
	case asParameter:
		fmt.Fprintf(s, "void call_%s(%s) { with_%[1]s(cb); }\n", f.Name, cb)
	case inStruct:
		fmt.Fprintf(s, "struct holder_%s { short before; %s; };\nvoid call_%[1]s(struct holder_%[1]s h) { with_%[1]s(h.cb); }\n", f.Name, cb)
	case stored:
		fmt.Fprintf(s, "struct { short before; %s; } held_%s;\nvoid call_%[2]s(void) { with_%[2]s(held_%[2]s.cb); }\n", cb, f.Name)
	}
}
