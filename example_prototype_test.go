package wasmffi_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"reflect"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/host"
	"github.com/wasmffi/wasmffi/memory"
)

// The examples run in the sandbox; on ./libproto.so they print the same.
func openProto() wasmffi.Library {
	lib, err := host.Open(context.Background(), "testdata/wasm/proto.wasm", host.Options{})
	if err != nil {
		log.Fatal(err)
	}
	return lib
}

func signature(result dtype.Type, params ...dtype.Param) *dtype.Func {
	sig, err := dtype.NewFunc(result, params, false)
	if err != nil {
		log.Fatal(err)
	}
	return sig
}

// Nothing is declared: arguments go by what they are, the result is an int.
func ExampleBindUndeclared() {
	lib := openProto()
	defer lib.Close()

	// int describe(int a, double b, const char *s, const void *p);
	describe, err := wasmffi.BindUndeclared(lib, "describe", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(describe.Call(nil, 7, 2.5, "text", nil))

	// char *find_char(const char *s, int c); strchr of the ctypes tutorial
	find, err := wasmffi.BindUndeclared(lib, "find_char", dtype.PointerToConst(dtype.CChar))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(find.Call(nil, "abcdef", 'd'))
	fmt.Println(find.Call(nil, "abcdef", 'x'))
	_, err = find.Call(nil, "abcdef", make(chan int))
	fmt.Println(errors.Is(err, wasmffi.ErrNotSupported))
	// Output:
	// 1 <nil>
	// def <nil>
	// <nil> <nil>
	// true
}

// Parameters that may be named or left out.
func ExampleProtoFunc_Call() {
	lib := openProto()
	defer lib.Close()

	text := dtype.PointerToConst(dtype.CChar)
	// int message_box(void *hwnd, const char *text, const char *caption, unsigned flags);
	box, err := wasmffi.BindProtoFunc(lib, "message_box", wasmffi.Proto{
		Sig: signature(dtype.CInt, dtype.Param{Name: "hwnd", Type: dtype.PointerTo(dtype.CVoid)},
			dtype.Param{Name: "text", Type: text}, dtype.Param{Name: "caption", Type: text}, dtype.Param{Name: "flags", Type: dtype.CUInt}),
		Params: []wasmffi.Param{{Optional: true}, {Default: "Hi"}, {Default: "Hello from Go"}, {Default: 0}},
	})
	if err != nil {
		log.Fatal(err)
	}
	last := wasmffi.MustBind[func() string](lib, "last_box")
	for _, args := range [][]any{
		{},
		{wasmffi.Named{"text": "Spam, spam, spam"}},
		{wasmffi.Named{"flags": 2, "text": "foo bar"}},
		{dtype.Addr(1), "by position"},
	} {
		if _, _, err := box.Call(nil, args...); err != nil {
			log.Fatal(err)
		}
		fmt.Println(last())
	}
	_, _, err = box.Call(nil, wasmffi.Named{"title": "?"})
	fmt.Println(errors.Is(err, wasmffi.ErrArgName))
	// Output:
	// NULL|Hi|Hello from Go|0
	// NULL|Spam, spam, spam|Hello from Go|0
	// NULL|foo bar|Hello from Go|2
	// window|by position|Hello from Go|0
	// true
}

// An out parameter becomes the result; C's own result is looked at by the check.
func ExampleBindProto() {
	lib := openProto()
	defer lib.Close()

	type rect struct{ Left, Top, Right, Bottom int32 }
	rectType, err := dtype.FromGo(reflect.TypeFor[rect]())
	if err != nil {
		log.Fatal(err)
	}
	// int get_window_rect(void *hwnd, struct rect *r);
	getRect, err := wasmffi.BindProto[func(hwnd dtype.Addr) (rect, error)](lib, "get_window_rect", wasmffi.Proto{
		Sig: signature(dtype.CInt, dtype.Param{Name: "hwnd", Type: dtype.PointerTo(dtype.CVoid)},
			dtype.Param{Name: "r", Type: dtype.PointerTo(rectType), Dir: dtype.Out}),
		ErrCheck: func(r *wasmffi.Returned) (any, error) {
			if r.Result == int32(0) {
				return nil, errors.New("no such window")
			}
			return r.Result, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(getRect(1))
	_, err = getRect(0)
	fmt.Println(err)
	// Output:
	// {1 2 30 40} <nil>
	// wasmffi: call testdata/wasm/proto.wasm get_window_rect: no such window
}

// Bottles pass themselves to C as a number.
type Bottles struct{ Number int }

func (b Bottles) CArgument() (any, error) { return b.Number, nil }

func ExampleArgument() {
	lib := openProto()
	defer lib.Close()

	// int format(char *buf, size_t n, const char *fmt, ...);
	format := wasmffi.MustBind[func(buf []byte, n dtype.Size, format string, args ...any) int32](lib, "format")
	buf := make([]byte, 64)
	n := format(buf, 64, "%d bottles of beer", Bottles{42})
	fmt.Println(string(buf[:n]))
	// Output: 42 bottles of beer
}

func ExampleByRef() {
	lib := openProto()
	defer lib.Close()

	// int scan(const char *s, const char *fmt, ...);
	scan := wasmffi.MustBind[func(s, format string, args ...any) int32](lib, "scan")
	var i int32
	var f float32
	word := make([]byte, 32)
	n := scan("1 3.14 Hello", "%d %f %s", wasmffi.ByRef(&i), wasmffi.ByRef(&f), word)
	fmt.Println(n, i, f, string(word[:5]))

	// int read_int(const int *p);
	readInt, err := wasmffi.BindFunc(lib, "read_int", signature(dtype.CInt, dtype.Param{Type: dtype.PointerToConst(dtype.CInt)}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(readInt.Call(nil, wasmffi.ByRefAt([]int32{10, 20, 30}, 8)))
	_, err = readInt.Call(nil, wasmffi.ByRefAt([]int32{10, 20, 30}, 7))
	fmt.Println(errors.Is(err, memory.ErrType))
	// Output:
	// 3 1 3.14 Hello
	// 30 <nil>
	// true
}

func ExampleWithErrno() {
	lib := openProto()
	defer lib.Close()

	// int errno_plus(int by) { int was = errno; errno = was + by; return was; }
	plus := wasmffi.MustBind[func(ctx context.Context, by int32) (int32, error)](lib, "errno_plus")
	errno := wasmffi.Errno(40)
	ctx := wasmffi.WithErrno(context.Background(), &errno)
	fmt.Println(plus(ctx, 2))
	fmt.Println(int(errno))
	// Output:
	// 40 <nil>
	// 42
}

// A C function pointer that is returned is a Go func; a table of them fills a
// struct of funcs.
func ExampleBindTable() {
	lib := openProto()
	defer lib.Close()

	// binop pick_op(int op); with int (*binop)(int, int)
	pick := wasmffi.MustBind[func(op int32) func(a, b int32) int32](lib, "pick_op")
	fmt.Println(pick(2)(6, 7), pick(3) == nil)

	// binop op_table[4];
	binop := dtype.PointerTo(signature(dtype.CInt, dtype.Param{Type: dtype.CInt}, dtype.Param{Type: dtype.CInt}))
	table, err := dtype.ArrayOf(binop, 4)
	if err != nil {
		log.Fatal(err)
	}
	view, err := wasmffi.Var(lib, "op_table", table)
	if err != nil {
		log.Fatal(err)
	}
	var ops []func(a, b int32) int32
	if err := wasmffi.BindTable(lib, view, &ops); err != nil {
		log.Fatal(err)
	}
	fmt.Println(ops[0](6, 7), ops[1](6, 7), ops[2](6, 7), ops[3] == nil)
	// Output:
	// 42 true
	// 13 -1 42 true
}

// Structs by value, without reflection and allocation.
func ExamplePrepare() {
	lib := openProto()
	defer lib.Close()

	type point struct{ X, Y float64 }
	type args struct{ A, B point }
	// struct point midpoint(struct point a, struct point b);
	midpoint, err := wasmffi.Prepare[args, point](lib, "midpoint", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(midpoint.Call(args{point{0, 0}, point{4, 2}}))
	// Output: {2 1}
}

func ExampleThread() {
	lib := openProto()
	defer lib.Close()
	th := wasmffi.NewThread()
	defer th.Close()

	// void tls_set(int v); int tls_get(void); of a thread-local variable
	set, get := wasmffi.MustBind[func(int32)](lib, "tls_set"), wasmffi.MustBind[func() int32](lib, "tls_get")
	if err := th.Do(func() { set(5) }); err != nil {
		log.Fatal(err)
	}
	if err := th.Do(func() { fmt.Println(get()) }); err != nil {
		log.Fatal(err)
	}
	// Output: 5
}
