package wasmffi

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// BindProto finds a function and returns it as a Go function of type F, called
// by a prototype: F's parameters are the in and inout parameters, its results
// C's result and then what the out and inout parameters are after the call. C's
// result may be left out where there are such, as the status that ErrCheck has
// looked at. As with [Bind] a context.Context may come first, an [Errno] and an
// error last. Optional parameters at the end may be left out of F.
//
//	frexp, err := wasmffi.BindProto[func(x float64) (frac float64, exp int32)](lib, "frexp", proto)
func BindProto[F any](lib Library, name string, proto Proto) (F, error) {
	var f F
	ft := reflect.TypeFor[F]()
	if ft.Kind() != reflect.Func {
		return f, &Error{Op: "bind", Library: lib.Name(), Symbol: name, Err: fmt.Errorf("%w: %v is no func type", memory.ErrType, ft)}
	}
	err := bindProtoInto(lib, target{name: name}, proto, reflect.ValueOf(&f).Elem())
	return f, err
}

// leavesOutsOut reports whether a Go func type leaves out the parameters that a
// signature declares as out, to have them as results.
func leavesOutsOut(g reflect.Type, sig *dtype.Func) bool {
	if sig == nil || sig.Variadic() {
		return false
	}
	ins := 0
	for _, p := range sig.Params() {
		if p.Dir != dtype.Out {
			ins++
		}
	}
	form, err := formWithResults(g)
	return err == nil && ins < len(sig.Params()) && len(form.params()) == ins
}

func bindProtoInto(lib Library, at target, proto Proto, dst reflect.Value) error {
	form, err := formWithResults(dst.Type())
	if err != nil {
		return wrapError("bind", lib.Name(), at.name, err)
	}
	proto.Errno = proto.Errno || form.hasErrno
	fn, err := bindProto(lib, at, proto)
	if err != nil {
		return err
	}
	b := &boundProto{form: form, fn: fn, zero: form.zeroResults()}
	if err := b.checkParams(); err != nil {
		return err
	}
	if err := b.checkResults(); err != nil {
		return err
	}
	dst.Set(reflect.MakeFunc(dst.Type(), b.call))
	return nil
}

// A boundProto is a Go func's way to a C function by a prototype.
type boundProto struct {
	form
	fn     *ProtoFunc
	result resultFunc // of C's result; nil if it is left out
	zero   []reflect.Value
}

func (b *boundProto) checkParams() error {
	fn, params := b.fn, b.params()
	if b.t.IsVariadic() || len(params) > len(fn.ins) {
		return fn.fn.bindError(0, fmt.Errorf("%w: %v has %d for at most %d of %s", ErrArgCount, b.t, len(params), len(fn.ins), fn))
	}
	for at, i := range fn.ins {
		p := &fn.params[i]
		if at >= len(params) {
			if !p.optional() {
				return fn.fn.bindError(i+1, fmt.Errorf("%w: %v leaves out %s of %s", ErrArgCount, b.t, fn.paramName(i), fn))
			}
			continue
		}
		g, c := params[at], fn.proto.Sig.Params()[i]
		if p.Convert != nil || p.Array != nil || g.Kind() == reflect.Interface && g != callbackType {
			continue // decided by the value
		}
		if p.Dir == dtype.InOut && !isReferenceTo(g) {
			c = dtype.Param{Type: p.elem}
		}
		if _, err := compileArg(fn.fn.lib.Space().ABI(), g, c); err != nil {
			return fn.fn.bindError(i+1, fn.named(i, err))
		}
	}
	return nil
}

func (b *boundProto) checkResults() error {
	fn, lib := b.fn, b.fn.fn.lib
	outs := b.results
	switch len(outs) - len(fn.outs) {
	case 0:
	case 1:
		outs = outs[1:]
		var err error
		if fn.proto.Result != nil && b.results[0] == arrayType {
			b.result = ndResult(fn.proto.Result)
		} else {
			b.result, err = compileResult(lib, b.results[0], fn.proto.Sig)
		}
		if err != nil && fn.proto.ErrCheck != nil {
			b.result, err = checkedResult, nil
		}
		if err != nil {
			return fn.fn.bindError(0, fmt.Errorf("result: %w", err))
		}
	default:
		return fn.fn.bindError(0, fmt.Errorf("%w: %v has %d results for %d out parameters of %s", ErrArgCount, b.t, len(outs), len(fn.outs), fn))
	}
	for k, i := range fn.outs {
		g, p := outs[k], &fn.params[i]
		if p.Dir == dtype.InOut && isReferenceTo(g) {
			continue // the argument itself
		}
		if err := checkDecodes(lib, g, p.elem); err != nil {
			return fn.fn.bindError(i+1, fn.named(i, err))
		}
	}
	return nil
}

// checkedResult is for a Go result that only ErrCheck can give.
func checkedResult(*call, reflect.Value) error { return nil }

func (b *boundProto) call(in []reflect.Value) []reflect.Value {
	out := slices.Clone(b.zero)
	c := takeCall()
	defer c.end()
	err := b.run(c, in, out)
	if err != nil {
		copy(out, b.zero)
	}
	b.finish(out, c.errno, err)
	return out
}

// run makes the call and sets the results before Errno and error.
func (b *boundProto) run(c *call, in, out []reflect.Value) error {
	args := make([]any, 0, len(in))
	for _, v := range in[b.first:] {
		args = append(args, v.Interface())
	}
	values, err := b.fn.arrange(args)
	if err != nil {
		return err
	}
	blocks, err := b.fn.enter(b.context(in), c, values)
	if err != nil {
		return err
	}
	if b.result != nil {
		out[0] = reflect.New(b.results[0]).Elem()
		if err := c.result(b.result, out[0]); err != nil {
			return err
		}
	}
	outs := out[len(b.results)-len(b.fn.outs):]
	for k, i := range b.fn.outs {
		if err := b.takeOut(c, i, blocks[i], &outs[k], values); err != nil {
			return c.plan.fail(i+1, b.fn.named(i, err))
		}
	}
	if b.fn.proto.ErrCheck == nil {
		return nil
	}
	return b.check(c, out, outs, values)
}

// takeOut sets a result to what a parameter is after the call.
func (b *boundProto) takeOut(c *call, i, block int, out *reflect.Value, values []any) error {
	v := reflect.New(out.Type()).Elem()
	if block >= 0 {
		if err := memory.Decode(v, b.fn.params[i].elem, c.enc.Blocks[block].Data, c.plan.space(), nil); err != nil {
			return err
		}
	} else if err := assign(v, values[i]); err != nil {
		return err
	}
	*out, values[i] = v, v.Interface()
	return nil
}

// check runs ErrCheck and takes the results it leaves.
func (b *boundProto) check(c *call, out, outs []reflect.Value, values []any) error {
	result, err := c.anyResult()
	if err != nil {
		return err
	}
	checked, err := b.fn.check(c, result, values)
	if err != nil {
		return err
	}
	for k, i := range b.fn.outs {
		if err := assign(outs[k], values[i]); err != nil {
			return c.plan.fail(i+1, b.fn.named(i, err))
		}
	}
	if b.result == nil {
		return nil
	}
	err = assign(out[0], checked)
	if err != nil && !isVoid(c.plan.sig.Result()) {
		// C's natural result, or one like it, where Go has another type for it.
		if err = c.setResult(reflect.ValueOf(checked)); err == nil {
			err = b.result(c, out[0])
		}
	}
	if err != nil {
		return c.plan.fail(0, fmt.Errorf("checked result: %w", err))
	}
	return nil
}

// assign sets v to x, or to zero if x is nil and v can be nil.
func assign(v reflect.Value, x any) error {
	rv := reflect.ValueOf(x)
	switch {
	case rv.IsValid() && rv.Type().AssignableTo(v.Type()):
		v.Set(rv)
		return nil
	case !rv.IsValid():
		switch v.Kind() {
		case reflect.Interface, reflect.Pointer, reflect.Slice, reflect.Map, reflect.Func:
			v.SetZero()
			return nil
		}
	}
	return fmt.Errorf("%w: %T for Go %v", memory.ErrType, x, v.Type())
}
