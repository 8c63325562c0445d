package memory

import (
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// numpyOps carry out one random operation, and record it for the oracle. An
// operation that does not fit what it is given records nothing.
var numpyOps = []func(p *numpyProgram, a Array) (Array, error){
	(*numpyProgram).sel, (*numpyProgram).sel, (*numpyProgram).sel,
	(*numpyProgram).transpose, (*numpyProgram).swap, (*numpyProgram).move, (*numpyProgram).flip,
	(*numpyProgram).reshape, (*numpyProgram).reshape, (*numpyProgram).ravel, (*numpyProgram).reshapeCopy,
	(*numpyProgram).squeeze, (*numpyProgram).expand, (*numpyProgram).broadcastTo, (*numpyProgram).diagonal,
	(*numpyProgram).asStrided, (*numpyProgram).viewAs, (*numpyProgram).newOrder, (*numpyProgram).byteSwap,
	(*numpyProgram).copyOf, (*numpyProgram).asType, (*numpyProgram).asType, (*numpyProgram).field, (*numpyProgram).fillWith,
	(*numpyProgram).assign, (*numpyProgram).overlapping, (*numpyProgram).accumulate,
	(*numpyProgram).binary, (*numpyProgram).binary, (*numpyProgram).binary, (*numpyProgram).into, (*numpyProgram).equal,
	(*numpyProgram).reduce, (*numpyProgram).reduce, (*numpyProgram).reduce, (*numpyProgram).arg,
}

// did records an operation.
func (p *numpyProgram) did(b Array, err error, op ...any) (Array, error) {
	p.emit(numpyStep{a: b, err: err}, op...)
	return b, err
}

func (p *numpyProgram) sel(a Array) (Array, error) {
	s, py := p.selectors(a)
	b, err := a.Select(s...)
	return p.did(b, err, "select", py)
}

func (p *numpyProgram) transpose(a Array) (Array, error) {
	axes := p.rng.Perm(a.Dims())
	if len(axes) == 0 {
		axes = nil
	}
	b, err := a.Transpose(axes...)
	if axes == nil {
		return p.did(b, err, "transpose", nil)
	}
	return p.did(b, err, "transpose", axes)
}

func (p *numpyProgram) swap(a Array) (Array, error) {
	i, j := p.axis(a), p.axis(a)
	b, err := a.SwapAxes(i, j)
	return p.did(b, err, "swapaxes", i, j)
}

func (p *numpyProgram) move(a Array) (Array, error) {
	i, j := p.axis(a), p.axis(a)
	b, err := a.MoveAxis(i, j)
	return p.did(b, err, "moveaxis", i, j)
}

func (p *numpyProgram) flip(a Array) (Array, error) {
	axes := p.axes(a)
	b, err := a.Flip(axes...)
	return p.did(b, err, "flip", axes)
}

func (p *numpyProgram) reshape(a Array) (Array, error) {
	shape := p.factors(a.Len())
	b, err := a.Reshape(shape...)
	return p.did(b, err, "reshape", shape)
}

func (p *numpyProgram) ravel(a Array) (Array, error) {
	b, err := a.Ravel()
	return p.did(b, err, "ravel")
}

func (p *numpyProgram) reshapeCopy(a Array) (Array, error) {
	shape := p.factors(a.Len())
	b, err := a.ReshapeCopy(nil, shape...)
	return p.did(b, err, "reshapecopy", shape)
}

func (p *numpyProgram) squeeze(a Array) (Array, error) {
	axes := p.axes(a)
	if p.chance(50) {
		axes = []int{}
	}
	b, err := a.Squeeze(axes...)
	return p.did(b, err, "squeeze", axes)
}

func (p *numpyProgram) expand(a Array) (Array, error) {
	axis := p.n(a.Dims() + 1)
	b, err := a.ExpandDims(axis)
	return p.did(b, err, "expand", axis)
}

func (p *numpyProgram) broadcastTo(a Array) (Array, error) {
	shape := append([]int{}, a.Shape()...)
	for i, n := range shape {
		if n == 1 {
			shape[i] = p.n(4)
		}
	}
	if p.chance(50) {
		shape = append([]int{1 + p.n(3)}, shape...)
	}
	b, err := a.BroadcastTo(shape...)
	return p.did(b, err, "broadcast", shape)
}

func (p *numpyProgram) diagonal(a Array) (Array, error) {
	k, i, j := p.n(7)-3, p.axis(a), p.axis(a)
	b, err := a.Diagonal(k, i, j)
	p.odd = p.odd || err == nil
	return p.did(b, err, "diagonal", k, i, j)
}

func (p *numpyProgram) asStrided(a Array) (Array, error) {
	shape, strides := make([]int, p.n(4)), []int64{}
	for i := range shape {
		shape[i] = 1 + p.n(4)
		strides = append(strides, int64(a.size)*int64(p.n(9)-3))
	}
	b, err := a.AsStrided(shape, strides)
	if err != nil {
		return b, err // NumPy does not check
	}
	return p.did(b, err, "asstrided", shape, strides)
}

func (p *numpyProgram) viewAs(a Array) (Array, error) {
	if k, _ := a.number(); strings.ContainsAny(p.X.DType, "[{") || k == numLong {
		return a, errSkip
	}
	name := numpyNumbers[1+p.n(len(numpyNumbers)-1)]
	t, err := dtype.LinuxAMD64.FromNumPy(name)
	if err != nil {
		return a, err
	}
	b, err := a.ViewAs(t)
	return p.did(b, err, "viewas", name)
}

func (p *numpyProgram) newOrder(a Array) (Array, error) {
	order, name := dtype.LittleEndian, "<"
	if p.chance(50) {
		order, name = dtype.BigEndian, ">"
	}
	if k, err := a.number(); err != nil || k == numLong {
		return a, errSkip // NumPy reads what is beyond its 10 bytes too
	}
	b, err := a.NewByteOrder(order)
	return p.did(b, err, "neworder", name)
}

func (p *numpyProgram) byteSwap(a Array) (Array, error) {
	if k, err := a.number(); err != nil || k == numLong {
		return a, errSkip
	}
	b, err := a.Copy(nil)
	if err == nil {
		err = b.ByteSwap()
	}
	return p.did(b, err, "byteswap")
}

func (p *numpyProgram) copyOf(a Array) (Array, error) {
	b, err := a.Copy(nil)
	return p.did(b, err, "copy")
}

func (p *numpyProgram) asType(a Array) (Array, error) {
	name := numpyNumbers[p.n(len(numpyNumbers))]
	if p.chance(5) {
		name = "<f16"
	}
	t, err := dtype.LinuxAMD64.FromNumPy(name)
	if err != nil || !castable(a, numKindOf(dtype.LinuxAMD64, t)) {
		return a, errSkip
	}
	c := Casting(p.n(3))
	b, err := a.AsType(nil, t, c)
	return p.did(b, err, "astype", name, c.String())
}

func (p *numpyProgram) field(a Array) (Array, error) {
	if !isRecord(a.elem) {
		return a, errSkip
	}
	ms, err := membersOf(dtype.LinuxAMD64, a.elem)
	if err != nil {
		return a, err
	}
	name := ms.list[p.n(len(ms.list))].name
	b, err := a.Field(name)
	return p.did(b, err, "field", name)
}

func (p *numpyProgram) fillWith(a Array) (Array, error) {
	k, err := a.number()
	if err != nil {
		return a, err
	}
	var value any = p.n(100)
	switch {
	case k == numBool:
		value = p.chance(50)
	case k.float() || k.complex():
		value = float64(p.n(100)) / 4
	}
	b, err := a.Copy(nil)
	if err == nil {
		err = b.Fill(value)
	}
	return p.did(b, err, "fill", value)
}

func (p *numpyProgram) assign(a Array) (Array, error) {
	k, err := a.number()
	if err != nil {
		return a, err
	}
	spec, other := p.array(p.number(), p.partner(a.Shape()))
	if !castable(other, k) {
		return a, errSkip
	}
	b, err := a.Copy(nil)
	if err == nil {
		err = Assign(b, other, SameKind)
	}
	return p.did(b, err, "assign", spec)
}

func (p *numpyProgram) number() string {
	name := numpyNumbers[p.n(len(numpyNumbers))]
	if p.chance(15) {
		name = strings.Replace(name, "<", ">", 1)
		name = strings.Replace(name, ">i1", "<i1", 1)
		name = strings.Replace(name, ">u1", "<u1", 1)
	}
	return name
}

// parts are spans of the first axis of one length.
func (p *numpyProgram) parts(a Array, n int) (spans []Span, py [][]any) {
	length := a.shape[0]
	count := 1 + p.n(length)
	for range n {
		start := p.n(length - count + 1)
		if p.chance(40) {
			first := start + count - 1
			var stop any = start - 1
			goStop := start - 1
			if start == 0 {
				stop, goStop = nil, Open
			}
			spans, py = append(spans, Range(first, goStop, -1)), append(py, []any{"s", first, stop, -1})
			continue
		}
		spans, py = append(spans, Range(start, start+count, 1)), append(py, []any{"s", start, start + count, 1})
	}
	return spans, py
}

func (p *numpyProgram) overlapping(a Array) (Array, error) {
	if a.Dims() == 0 || a.shape[0] == 0 {
		return a, errSkip
	}
	spans, py := p.parts(a, 2)
	b, err := a.Copy(nil)
	if err != nil {
		return b, err
	}
	to, err := b.Slice(spans[0])
	if err != nil {
		return b, err
	}
	from, err := b.Slice(spans[1])
	if err != nil {
		return b, err
	}
	return p.did(b, Assign(to, from, SameKind), "overlapping", [][]any{py[0]}, [][]any{py[1]})
}

func (p *numpyProgram) accumulate(a Array) (Array, error) {
	if _, err := a.number(); err != nil || a.Dims() == 0 || a.shape[0] == 0 {
		return a, errSkip
	}
	spans, py := p.parts(a, 3)
	b, err := a.Copy(nil)
	if err != nil {
		return b, err
	}
	var s [3]Array
	for i := range s {
		if s[i], err = b.Slice(spans[i]); err != nil {
			return b, err
		}
	}
	op := []Op{Add, Sub, Mul}[p.n(3)]
	err = op.Into(s[0], s[1], s[2])
	p.emit(numpyStep{a: b, err: err, loose: op == Mul}, "accumulate", op.String(), [][]any{py[0]}, [][]any{py[1]}, [][]any{py[2]})
	return b, err
}

func (p *numpyProgram) binary(a Array) (Array, error) {
	if _, err := a.number(); err != nil {
		return a, err
	}
	spec, other := p.array(p.number(), p.partner(a.Shape()))
	if wideComplex(a, other) {
		return a, errSkip
	}
	op := Op(1 + p.n(int(GreaterEqual)))
	x, y, swap := a, other, p.chance(30)
	if swap {
		x, y = y, x
	}
	b, err := op.Of(x, y)
	p.emit(numpyStep{a: b, err: err, loose: op == Mul || op == Div}, "binary", op.String(), spec, swap)
	return b, err
}

// wideComplex: there is no arithmetic on _Complex long double.
func wideComplex(a, b Array) bool {
	x, _ := a.number()
	y, _ := b.number()
	return promote(x, y) == numCLong
}

func (p *numpyProgram) into(a Array) (Array, error) {
	k, err := a.number()
	if err != nil {
		return a, err
	}
	spec, other := p.array(p.number(), p.partner(a.Shape()))
	op := Op(1 + p.n(int(GreaterEqual)))
	ko, _ := other.number()
	if r := promote(k, ko); k.integer() && !r.integer() || wideComplex(a, other) {
		return a, errSkip // may leave what C defines
	}
	b, err := a.Copy(nil)
	if err == nil {
		err = op.Into(b, b, other)
	}
	p.emit(numpyStep{a: b, err: err, loose: op == Mul || op == Div}, "into", op.String(), spec)
	return b, err
}

func (p *numpyProgram) equal(a Array) (Array, error) {
	if _, err := a.number(); err != nil {
		return a, err
	}
	spec, other := p.array(p.number(), p.partner(a.Shape()))
	same, err := ArrayEqual(a, other)
	if err != nil {
		return a, err
	}
	b, err := newArray(dtype.LinuxAMD64, nil, dtype.CBool, nil, nil)
	if err == nil {
		err = b.Fill(same)
	}
	return p.did(b, err, "arrayequal", spec)
}

func (p *numpyProgram) reduce(a Array) (Array, error) {
	if _, err := a.number(); err != nil {
		return a, err
	}
	axes, keep := p.axes(a), p.chance(40)
	with := append([]int{}, axes...)
	if keep {
		with = append(with, KeepDims)
	}
	name := []string{"sum", "sum", "prod", "min", "max", "any", "all", "mean"}[p.n(8)]
	f := map[string]func(...int) (Array, error){"sum": a.Sum, "prod": a.Prod, "min": a.Min, "max": a.Max, "any": a.Any, "all": a.All, "mean": a.Mean}[name]
	b, err := f(with...)
	p.emit(numpyStep{a: b, err: err, loose: name == "prod" || name == "mean"}, "reduce", name, axes, keep)
	return b, err
}

func (p *numpyProgram) arg(a Array) (Array, error) {
	if _, err := a.number(); err != nil {
		return a, err
	}
	name, f := "argmin", a.ArgMin
	if p.chance(50) {
		name, f = "argmax", a.ArgMax
	}
	if p.chance(40) || a.Dims() == 0 {
		b, err := f()
		p.emit(numpyStep{a: b, err: err, size: true}, "arg", name, nil)
		return b, err
	}
	axis := p.axis(a)
	b, err := f(axis)
	p.emit(numpyStep{a: b, err: err, size: true}, "arg", name, axis)
	return b, err
}
