package wasmffitest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

func functionPointers(t *testing.T, b Backend) {
	lib := b.open(t)
	type binop = func(a, b int32) int32
	t.Run("a function that returns a function", func(t *testing.T) {
		pick := bind[func(op int32) binop](t, lib, "pick_op")
		for i, want := range []int32{13, 7, 30} {
			require.Equal(t, want, pick(int32(i))(10, 3))
		}
		require.Nil(t, pick(3), "NULL")
		require.Nil(t, pick(-1))
	})
	t.Run("one that returns one that returns one", func(t *testing.T) {
		picker := bind[func() func(int32) binop](t, lib, "get_picker")()
		require.EqualValues(t, 30, picker(2)(10, 3))
		require.Nil(t, picker(3))
	})
	t.Run("of a void *", func(t *testing.T) {
		pick, err := wasmffi.BindAs[func(op int32) (func(a, b int32) (int32, error), error)](lib, "pick_untyped", fn(t, voidPtr, dtype.CInt))
		require.NoError(t, err)
		f, err := pick(1)
		require.NoError(t, err)
		r, err := f(1, 2)
		require.NoError(t, err)
		require.EqualValues(t, -1, r)
	})
	t.Run("passed back to C", func(t *testing.T) {
		run := bind[func(binop, int32, int32) int32](t, lib, "run_op")
		pick := bind[func(op int32) binop](t, lib, "pick_op")
		require.EqualValues(t, 42, run(pick(2), 6, 7))
	})
	t.Run("a memory.Pointer to a function", func(t *testing.T) {
		pick := bindFuncOf(t, lib, "pick_op", fn(t, dtype.PointerTo(intIntInt(t)), dtype.CInt))
		p, err := pick.Call(nil, 2)
		require.NoError(t, err)
		f, err := wasmffi.BindPointer(lib, p.(memory.Pointer))
		require.NoError(t, err)
		r, err := f.Call(nil, 6, 7)
		require.NoError(t, err)
		require.Equal(t, int32(42), r)
		_, err = f.Call(nil, 6)
		require.ErrorIs(t, err, wasmffi.ErrArgCount)
		null, err := pick.Call(nil, 3)
		require.NoError(t, err)
		_, err = wasmffi.BindPointer(lib, null.(memory.Pointer))
		require.ErrorIs(t, err, memory.ErrNull)
		_, err = wasmffi.BindPointer(lib, p.(memory.Pointer).Cast(dtype.CInt))
		require.ErrorIs(t, err, memory.ErrType)
		_, err = wasmffi.BindPointer(lib, memory.Pointer{})
		require.ErrorIs(t, err, memory.ErrType)
	})
	t.Run("wrong types", func(t *testing.T) {
		_, err := wasmffi.BindAs[func(op int32) func(a int32) int32](lib, "pick_op", fn(t, dtype.PointerTo(intIntInt(t)), dtype.CInt))
		require.ErrorIs(t, err, wasmffi.ErrArgCount)
		require.ErrorContains(t, err, "result: ")
		_, err = wasmffi.BindAs[func(int32, int32) binop](lib, "plus", intIntInt(t))
		require.ErrorIs(t, err, memory.ErrType)
		_, err = wasmffi.Bind[func(op int32) func(chan int)](lib, "pick_op")
		require.ErrorIs(t, err, wasmffi.ErrNotSupported)
		_, err = wasmffi.Bind[func(op int32) func() (int32, int32)](lib, "pick_op")
		require.ErrorIs(t, err, memory.ErrType)
	})
	t.Run("an address that is no function", func(t *testing.T) {
		if !b.Sandbox {
			return // a machine's addresses do not tell
		}
		pick, err := wasmffi.BindAs[func(int32, int32) (func(), error)](lib, "plus", fn(t, voidPtr, dtype.CInt, dtype.CInt))
		require.NoError(t, err)
		_, err = pick(1<<20, 5)
		require.ErrorIs(t, err, wasmffi.ErrNotFound)
		require.ErrorContains(t, err, "result: ")
	})
}

func functionTables(t *testing.T, b Backend) {
	lib := b.open(t)
	self := dtype.PointerTo(dtype.CVoid)
	method := func(result dtype.Type, params ...dtype.Type) dtype.Type {
		return dtype.PointerTo(fn(t, result, params...))
	}
	opsType, err := dtype.NewStruct("shape_ops",
		dtype.Field{Name: "area", Type: method(dtype.CInt, self)},
		dtype.Field{Name: "grow", Type: method(dtype.CVoid, self, dtype.CInt)},
		dtype.Field{Name: "name", Type: method(text)},
		dtype.Field{Name: "version", Type: dtype.CInt},
		dtype.Field{Name: "destroy", Type: method(dtype.CVoid, self)})
	require.NoError(t, err)
	shapeType, err := dtype.NewStruct("shape",
		dtype.Field{Name: "ops", Type: dtype.PointerToConst(opsType)},
		dtype.Field{Name: "w", Type: dtype.CInt}, dtype.Field{Name: "h", Type: dtype.CInt})
	require.NoError(t, err)
	made, err := bindFuncOf(t, lib, "new_shape", fn(t, dtype.PointerTo(shapeType), dtype.CInt, dtype.CInt)).Call(nil, 3, 4)
	require.NoError(t, err)
	shape, err := made.(memory.Pointer).Contents()
	require.NoError(t, err)
	defer bind[func(memory.View)](t, lib, "free_shape")(shape)
	table, err := shape.Field("ops")
	require.NoError(t, err)

	t.Run("a struct of functions", func(t *testing.T) {
		var ops struct {
			Area    func(memory.View) int32                 `c:"area" wasmffi:"required"`
			Grow    func(shape memory.View, by int32) error `c:"grow"`
			Name    func() string                           `c:"name"`
			Destroy func(memory.View)                       `c:"destroy"`
			Other   int                                     `c:"-"`
			Count   int
		}
		ops.Count, ops.Destroy = 7, func(memory.View) {}
		require.NoError(t, wasmffi.BindTable(lib, table, &ops))
		require.EqualValues(t, 12, ops.Area(shape))
		require.NoError(t, ops.Grow(shape, 2))
		require.EqualValues(t, 30, ops.Area(shape))
		require.Equal(t, "rect", ops.Name())
		require.Nil(t, ops.Destroy, "NULL")
		require.Equal(t, 7, ops.Count)
		pointed, err := table.Deref()
		require.NoError(t, err)
		require.NoError(t, wasmffi.BindTable(lib, pointed, &ops))
	})
	t.Run("a member", func(t *testing.T) {
		pointed, err := table.Deref()
		require.NoError(t, err)
		area, err := pointed.Field("area")
		require.NoError(t, err)
		f, err := wasmffi.BindView(lib, area)
		require.NoError(t, err)
		r, err := f.Call(nil, shape)
		require.NoError(t, err)
		require.Equal(t, int32(30), r)
		destroy, err := pointed.Field("destroy")
		require.NoError(t, err)
		_, err = wasmffi.BindView(lib, destroy)
		require.ErrorIs(t, err, memory.ErrNull)
		version, err := pointed.Field("version")
		require.NoError(t, err)
		_, err = wasmffi.BindView(lib, version)
		require.ErrorIs(t, err, memory.ErrType)
	})
	t.Run("all that is wrong is told, nothing is set", func(t *testing.T) {
		var ops struct {
			Area    func(memory.View) int32   `c:"area"`
			Version func() int32              `c:"version"`
			Destroy func(memory.View)         `c:"destroy" wasmffi:"required"`
			Name    func(int32) string        `c:"name"`
			Missing func()                    `c:"missing"`
			Grow    func(memory.View, string) `c:"grow"`
		}
		err := wasmffi.BindTable(lib, table, &ops)
		for _, want := range []error{memory.ErrType, memory.ErrNull, wasmffi.ErrArgCount} {
			require.ErrorIs(t, err, want)
		}
		for _, name := range []string{"version", "destroy", "name", "missing", "grow"} {
			require.ErrorContains(t, err, " "+name+": ")
		}
		require.Nil(t, ops.Area)
	})
	t.Run("an array of functions", func(t *testing.T) {
		arr, err := dtype.ArrayOf(method(dtype.CInt, dtype.CInt, dtype.CInt), 4)
		require.NoError(t, err)
		v, err := wasmffi.Var(lib, "op_table", arr)
		require.NoError(t, err)
		var fns []func(a, b int32) int32
		require.NoError(t, wasmffi.BindTable(lib, v, &fns))
		require.Len(t, fns, 4)
		require.EqualValues(t, 8, fns[0](5, 3))
		require.EqualValues(t, 15, fns[2](5, 3))
		require.Nil(t, fns[3])
		var four [4]func(a, b int32) (int32, error)
		require.NoError(t, wasmffi.BindTable(lib, v, &four))
		r, err := four[1](5, 3)
		require.NoError(t, err)
		require.EqualValues(t, 2, r)
		require.ErrorIs(t, wasmffi.BindTable(lib, v, &[3]func(a, b int32) int32{}), memory.ErrType)
		require.ErrorIs(t, wasmffi.BindTable(lib, v, &[]func(a string) int32{}), wasmffi.ErrArgCount)

		cb, err := wasmffi.NewCallback(lib, func(a, b int32) int32 { return a*10 + b }, nil)
		require.NoError(t, err)
		defer cb.Free()
		last, err := v.Index(3)
		require.NoError(t, err)
		require.NoError(t, last.Store(dtype.Addr(cb.Address())))
		defer func() { require.NoError(t, last.Store(nil)) }()
		require.EqualValues(t, 45, bind[func(int32) func(a, b int32) int32](t, lib, "pick_op")(3)(4, 5))
	})
	t.Run("no tables", func(t *testing.T) {
		var e *wasmffi.Error
		for _, dst := range []any{nil, 5, struct{}{}, new(int), (*struct{})(nil), &[]int{}} {
			err := wasmffi.BindTable(lib, table, dst)
			require.ErrorIs(t, err, memory.ErrType, "%T", dst)
			require.True(t, errors.As(err, &e))
		}
		require.ErrorIs(t, wasmffi.BindTable(lib, memory.View{}, &struct{}{}), memory.ErrNull)
		other, err := memory.NewBufferSpace(lib.Space().ABI(), 4096)
		require.NoError(t, err)
		v, err := memory.NewArena(other).New(opsType)
		require.NoError(t, err)
		require.ErrorIs(t, wasmffi.BindTable(lib, v, &struct{}{}), memory.ErrType)
	})
}
