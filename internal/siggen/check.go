package siggen

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// A checker is a batch in a library.
type checker struct {
	testing.TB
	lib     wasmffi.Library
	abi     *dtype.ABI
	value   uint64
	bad     uint64
	failed  []*Function
	faulted bool // C did not return, and the library may be of no more use
}

// maxFailures is how many functions of a batch may fail.
const maxFailures = 8

// Check calls every function of the batch in lib, and has it called back. It
// returns those that something was wrong with, the first few of them.
func (b *Batch) Check(t testing.TB, lib wasmffi.Library) []*Function {
	t.Helper()
	return b.check(t, lib, b.Functions)
}

func (b *Batch) check(t testing.TB, lib wasmffi.Library, functions []*Function) []*Function {
	t.Helper()
	c := &checker{TB: t, lib: lib, abi: b.compiler.ABI}
	data, mask := make([]byte, b.size), make([]byte, b.size)
	for _, f := range b.Functions {
		for _, v := range append(f.values[:len(f.values):len(f.values)], f.result) {
			copy(data[v.at:], v.bytes)
			copy(mask[v.at:], v.mask)
		}
	}
	c.value, c.bad = c.variable("value"), c.variable("bad")
	c.write(c.value, data)
	c.write(c.variable("mask"), mask)
	trace := os.Getenv("WASMFFI_TRACE") != ""
	for i, f := range functions {
		if trace { // a function that is called wrongly may end the process
			fmt.Fprintf(os.Stderr, "%s\n%s", f.Prototype(), f.Definitions())
		}
		c.function(f)
		if f.calledBack && !c.faulted {
			c.callback(f)
		}
		if i%8 == 0 && !c.faulted {
			c.goValues(f)
		}
		if len(c.failed) >= maxFailures || c.faulted {
			break
		}
	}
	return c.failed
}

func (c *checker) variable(name string) uint64 {
	c.Helper()
	sym, err := c.lib.Lookup(name)
	require.NoError(c, err)
	addr, err := c.lib.Address(sym)
	require.NoError(c, err)
	return addr
}

func (c *checker) write(addr uint64, data []byte) {
	c.Helper()
	require.NoError(c, c.lib.Space().WriteAt(data, addr))
}

// wrong tells of a mismatch.
func (c *checker) wrong(f *Function, format string, args ...any) {
	c.Helper()
	c.Errorf("%s: "+format, append([]any{f.Prototype()}, args...)...)
	if !slices.Contains(c.failed, f) {
		c.failed = append(c.failed, f)
		c.Log(f.Definitions())
	}
}

// fault tells of a call that did not return.
func (c *checker) fault(f *Function, how string, err error) {
	c.Helper()
	c.faulted = true
	c.wrong(f, "%s: %v", how, err)
}

// complaints are what C found since the last time, a bit for each value.
func (c *checker) complaints() uint64 {
	c.Helper()
	var bits [8]byte
	require.NoError(c, c.lib.Space().ReadAt(bits[:], c.bad))
	if n := binary.LittleEndian.Uint64(bits[:]); n != 0 {
		c.write(c.bad, make([]byte, 8))
		return n
	}
	return 0
}

func (c *checker) prepare(name string, sig *dtype.Func) wasmffi.Callable {
	c.Helper()
	sym, err := c.lib.Lookup(name)
	require.NoError(c, err)
	call, err := c.lib.Prepare(sym, sig)
	require.NoError(c, err, "%v", sig)
	return call
}

// function calls a C function in every way its plan has.
func (c *checker) function(f *Function) {
	c.Helper()
	call := c.prepare(f.Name, f.Sig)
	shape, err := wasmffi.FrameShape(c.abi, f.Sig)
	require.NoError(c, err)
	for i, called := range f.calls {
		cb := c.newCallback(called)
		defer cb.Free()
		v := &f.values[i]
		binary.LittleEndian.PutUint32(v.bytes, uint32(cb.Address()))
		if len(v.bytes) == 8 {
			binary.LittleEndian.PutUint64(v.bytes, cb.Address())
		}
		c.write(c.value+v.at, v.bytes)
	}
	frame := &wasmffi.Frame{Words: make([]uint64, shape.Words)}
	for i, s := range shape.Params {
		copy(frame.Words[s.First:], f.values[i].words(c.abi))
	}
	params := append([]uint64(nil), frame.Words...)
	if err := call.Call(frame); err != nil {
		c.fault(f, "called", err)
		return
	}
	c.returned(f, "called", frame.Words[shape.Result.First:])
	if call, ok := call.(wasmffi.WordCaller); ok {
		words := append([]uint64(nil), params...)
		if err := call.CallWords(nil, words); err != nil {
			c.fault(f, "called by words", err)
			return
		}
		c.returned(f, "called by words", words[shape.Result.First:])
	}
	if call, ok := call.(wasmffi.FewCaller); ok {
		var few [5]uint64
		copy(few[:], params[:shape.Result.First])
		word, err := call.CallFew(few[0], few[1], few[2], few[3])
		require.NoError(c, err, f.Prototype())
		c.returned(f, "called by a few words", []uint64{word})
	}
}

// returned checks how a call went.
func (c *checker) returned(f *Function, how string, result []uint64) {
	c.Helper()
	if bits := c.complaints(); bits != 0 {
		c.wrong(f, "%s: the parameters of bits %b arrived wrong", how, bits)
	}
	if f.Sig.Result() != dtype.CVoid && !f.result.arrived(result, c.abi) {
		c.wrong(f, "%s: result %x, want %x under %x", how, result, f.result.bytes, f.result.mask)
	}
}

// newCallback makes a callback that checks its parameters and gives the
// function's result.
func (c *checker) newCallback(f *Function) wasmffi.Callback {
	c.Helper()
	shape, err := wasmffi.FrameShape(c.abi, wasmffi.CallbackFrame(f.Sig))
	require.NoError(c, err)
	cb, err := c.lib.Callback(wasmffi.CallbackSpec{Sig: f.Sig, Func: func(in *wasmffi.Frame) error {
		for i, s := range shape.Params[:f.Sig.Fixed()] {
			v := &f.values[i]
			if got := in.Words[s.First : s.First+s.Words]; !v.arrived(got, c.abi) {
				c.wrong(f, "called back: parameter %d is %x, want %x under %x", i, got, v.bytes, v.mask)
			}
		}
		if f.Sig.Variadic() {
			c.varargs(f, in.Words[shape.Params[f.Sig.Fixed()].First])
		}
		copy(in.Words[shape.Result.First:], f.result.words(c.abi))
		return nil
	}})
	require.NoError(c, err, f.Prototype())
	return cb
}

// varargs reads what matched "..." off a callback's va_list.
func (c *checker) varargs(f *Function, list uint64) {
	ap, err := c.lib.(wasmffi.VaLister).VaList([]uint64{list})
	require.NoError(c, err)
	for i := f.Sig.Fixed(); i < len(f.values); i++ {
		v := &f.values[i]
		got := make([]byte, len(v.bytes))
		require.NoError(c, ap.Next(v.Type, got))
		for j, b := range got {
			if (b^v.bytes[j])&v.mask[j] != 0 {
				c.wrong(f, "called back: argument %d is %x, want %x under %x", i, got, v.bytes, v.mask)
				break
			}
		}
	}
}

// callback has C call back, with the function pointer in the function's way.
func (c *checker) callback(f *Function) {
	c.Helper()
	cb := c.newCallback(f)
	defer cb.Free()
	pointer := dtype.PointerTo(f.Sig)
	var params []dtype.Param
	words := []uint64{cb.Address()}
	holder := must(dtype.NewStruct("holder", dtype.Field{Name: "before", Type: dtype.CShort}, dtype.Field{Name: "cb", Type: pointer}))
	at := must(c.abi.Layout(holder)).Fields[1].Offset
	switch f.hand {
	case asParameter:
		params = []dtype.Param{{Type: pointer}}
	case inStruct:
		params = []dtype.Param{{Type: holder}}
		if words = []uint64{0, cb.Address()}; at == 4 {
			words = []uint64{cb.Address() << 32}
		}
	case stored:
		address := binary.LittleEndian.AppendUint64(nil, cb.Address())
		c.write(c.variable("held_"+f.Name)+at, address[:c.abi.PointerSize()])
		words = nil
	}
	call := c.prepare("call_"+f.Name, must(dtype.NewFunc(dtype.CVoid, params, false)))
	if err := call.Call(&wasmffi.Frame{Words: words}); err != nil {
		c.fault(f, "called back", err)
		return
	}
	if bits := c.complaints(); bits != 0 {
		c.wrong(f, "called back: the result arrived wrong (%b)", bits)
	}
}
