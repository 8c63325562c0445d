package wasmffi

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// ErrContract: a call broke a rule that was declared of its arguments or its
// result ([dtype.Func.WithContract]), or that C text implies
// ([dtype.Func.WithImplied]). See [ContractError].
var ErrContract = errors.New("contract violated")

// A ContractError is a rule that a call broke. Before the call it is the
// caller's arguments that did, and C was not entered; after the call it is C.
// Where C calls Go it is the other way round: C's arguments, and the Go function
// was not entered, or what that left.
type ContractError struct {
	Rule   string // "x[n]", "disjoint(x, out)", "result in x" …
	Detail string // the values: "x has 3 elements, n is 4"
	After  bool   // found after the call
}

func (e *ContractError) Error() string {
	return fmt.Sprintf("%v: %s: %s", ErrContract, e.Rule, e.Detail)
}

func (e *ContractError) Unwrap() error { return ErrContract }

// An Offset is a result that points into an argument's memory, by a rule
// "result in x": how many bytes after x's start; -1 for NULL. It means the same
// on both backends, while the pointer itself is good for nothing once the call
// is over and x was Go's memory.
type Offset int64

var offsetType = reflect.TypeFor[Offset]()

// A region is the memory that an argument points to, as far as it is known.
type region struct {
	null bool
	addr uint64 // in C's memory, unless data is set
	data []byte // Go's memory
	inGo bool   // it is Go's memory, in data
	size uint64 // bytes; 0 if nothing is known of it
	open bool   // nothing is known of its size
}

// Extents of C's memory of which no size is known.
const (
	unknownExtent = math.MaxUint64 - iota
	numberExtent  // it is an address passed as a number
)

// stated reports whether a signature has rules that somebody asked for, which
// calls that pass addresses as numbers cannot keep.
func stated(sig *dtype.Func) bool {
	if c := sig.ResultContract(); c != nil && !c.Implied {
		return true
	}
	return slices.ContainsFunc(sig.Params(), func(p dtype.Param) bool { return p.Contract != nil && !p.Contract.Implied })
}

// region is the memory behind parameter i.
func (c *call) region(i int) region {
	s := c.plan.shape.Params[i]
	for _, p := range c.enc.Pointers {
		if p.Offset == uint64(8*s.First) {
			data := c.enc.Blocks[p.To].Data
			return region{inGo: true, data: data, size: uint64(len(data))}
		}
	}
	r := region{null: c.words[s.First] == 0, addr: c.words[s.First], size: c.extents[i]}
	if r.size >= numberExtent {
		r.size, r.open = 0, true
	}
	return r
}

// stretch is region i as far as a stated length tells what C uses of it.
func (c *call) stretch(i int) region {
	r, p := c.region(i), c.plan.sig.Params()[i]
	if p.Contract == nil || p.Contract.Len.IsZero() || c.later(p.Contract.Len) {
		return r
	}
	if need, err := c.bytesOf(p.Contract, p.Type); err == nil && need < r.size {
		if r.size = need; r.inGo {
			r.data = r.data[:need]
		}
	}
	return r
}

// lengthy is a memory.Pointer or Ptr. One to void counts bytes.
type lengthy interface {
	Array() (memory.View, error)
	Elem() dtype.Type
	Len() uint64
}

// noteExtent remembers how many bytes are known to be where argument i points
// in C's memory.
func (c *call) noteExtent(i int, v reflect.Value) {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() || !v.CanInterface() {
		return
	}
	switch x := v.Interface().(type) {
	case memory.View:
		c.extents[i] = x.Size()
	case lengthy:
		if isVoid(x.Elem()) && x.Len() > 0 {
			c.extents[i] = x.Len()
		} else if a, err := x.Array(); err == nil && a.Size() > 0 {
			c.extents[i] = a.Size()
		}
	default:
		if v.CanUint() || v.CanInt() {
			c.extents[i] = numberExtent
		}
	}
}

// checkArguments checks the rules about the arguments, all of which are in
// place.
func (c *call) checkArguments() error {
	for i, p := range c.plan.sig.Params() {
		if p.Contract == nil {
			continue
		}
		if err := c.checkArgument(i, p); err != nil {
			return c.plan.fail(i+1, err)
		}
	}
	return nil
}

func (c *call) checkArgument(i int, p dtype.Param) error {
	r, name, rules := c.region(i), c.plan.sig.ParamName(i), p.Contract
	switch {
	case rules.Implied && c.extents[i] == numberExtent:
		return nil
	case r.null && rules.NonNull:
		return &ContractError{Rule: name + " != NULL", Detail: name + " is NULL"}
	case r.null, rules.Implied && r.open:
		return nil // what is not there has no length to be wrong
	}
	// A string that C only reads may end, with its memory, before its limit.
	if !rules.Len.IsZero() && !(rules.String && isConstPointer(p.Type)) && !c.later(rules.Len) {
		if err := c.checkLength(r, name, p, false); err != nil {
			return err
		}
	}
	if rules.String && p.Dir != dtype.Out {
		if err := c.checkString(i, r, false); err != nil {
			return err
		}
	}
	for _, j := range rules.Disjoint {
		if r, other := c.stretch(i), c.stretch(j); r.overlaps(other) {
			first := c.plan.sig.ParamName(j)
			return &ContractError{Rule: "disjoint(" + first + ", " + name + ")",
				Detail: fmt.Sprintf("%s is %v, %s is %v", first, other, name, r)}
		}
	}
	return nil
}

// checkLength checks that the memory of a parameter is as long as was stated.
func (c *call) checkLength(r region, name string, p dtype.Param, after bool) error {
	need, err := c.bytesOf(p.Contract, p.Type)
	if err != nil || r.size >= need {
		return err
	}
	return &ContractError{Rule: lengthRule(name, p.Contract), After: after,
		Detail: fmt.Sprintf("%s has %d bytes, %d are needed%s", name, r.size, need, c.values(p.Contract.Len))}
}

// stringRule is the rule that a string ends.
func stringRule(name string, rules *dtype.Contract) string {
	if rules.Bytes {
		return "string(" + name + ")"
	}
	return lengthRule(name, rules)
}

// lengthRule is the rule about a parameter's length as it was declared.
func lengthRule(name string, rules *dtype.Contract) string {
	switch count := rules.Len; {
	case rules.Bytes:
		return "bytes(" + name + ", " + count.String() + ")"
	case !rules.String:
		return name + "[" + count.String() + "]"
	case count.IsZero():
		return "string(" + name + ")"
	default:
		return "string(" + name + ", " + count.String() + ")"
	}
}

func (r region) String() string {
	if r.inGo {
		return fmt.Sprintf("%d bytes of Go memory", r.size)
	}
	return fmt.Sprintf("%#x+%d", r.addr, r.size)
}

// overlaps reports whether two regions have a byte in common. Go's memory and
// C's have none: a slice of C's memory exists inside a lease only.
func (r region) overlaps(s region) bool {
	if r.null || s.null || r.inGo != s.inGo || r.size == 0 || s.size == 0 {
		return false
	}
	if r.inGo {
		return memory.Overlap(r.data, s.data)
	}
	return r.addr < s.addr+s.size && s.addr < r.addr+r.size
}

// bytesOf is the size of the memory that rules about a pointer state.
func (c *call) bytesOf(rules *dtype.Contract, pointer dtype.Type) (uint64, error) {
	n, err := rules.Len.Eval(c.integer)
	if err != nil {
		return 0, &ContractError{Rule: rules.Len.String(), Detail: err.Error(), After: c.entered}
	}
	size := uint64(1)
	if !rules.Bytes {
		size = c.elemSize(pointer)
	}
	if n > math.MaxUint64/size {
		return 0, &ContractError{Rule: rules.Len.String(), Detail: fmt.Sprintf("%d elements of %d bytes", n, size), After: c.entered}
	}
	return n * size, nil
}

// elemSize is the size of what a pointer type points to; 1 for void.
func (c *call) elemSize(pointer dtype.Type) uint64 {
	if p, ok := dtype.Resolve(pointer).(*dtype.Pointer); ok {
		if size, err := c.plan.abi().Size(p.Elem()); err == nil && size > 0 {
			return size
		}
	}
	return 1
}

// integer is the value of an integer argument, or of what one points to.
func (c *call) integer(o dtype.Operand) (int64, error) {
	s := c.plan.shape.Params[o.Param]
	t, w := s.Type, c.words[s.First]
	if o.Pointed {
		t = dtype.Resolve(t).(*dtype.Pointer).Elem()
		v, err := c.pointedInteger(o.Param, t)
		if err != nil {
			return 0, err
		}
		w = v
	}
	if size, err := c.plan.abi().Size(t); err != nil || size > 8 || int64(w) < 0 && !c.signed(t) {
		return 0, fmt.Errorf("%w: argument %d is beyond 63 bits", dtype.ErrOverflow, o.Param+1)
	}
	return int64(w), nil
}

// pointedInteger is the word of the integer that argument i points to now.
func (c *call) pointedInteger(i int, t dtype.Type) (w uint64, err error) {
	r := c.region(i)
	size := c.elemSize(c.plan.shape.Params[i].Type)
	switch {
	case r.null:
		return 0, fmt.Errorf("%w: %s", memory.ErrNull, c.plan.sig.ParamName(i))
	case size > 8:
		return 0, fmt.Errorf("%w: argument %d points to an integer beyond 64 bits", dtype.ErrOverflow, i+1)
	case r.size < size && !r.open:
		return 0, fmt.Errorf("%w: %s has %d bytes, %d are needed", memory.ErrOutOfBounds, c.plan.sig.ParamName(i), r.size, size)
	}
	data := r.data
	if !r.inGo {
		data = make([]byte, size)
		if err := c.plan.space().ReadAt(data, r.addr); err != nil {
			return 0, err
		}
	}
	for i := range size {
		w |= uint64(data[i]) << (8 * i)
	}
	if shift := 64 - 8*size; c.signed(t) {
		w = uint64(int64(w<<shift) >> shift)
	}
	return w, nil
}

// later reports whether a length is one that C tells: in what an out parameter
// points to.
func (c *call) later(count dtype.Count) bool {
	return slices.ContainsFunc(count.Operands(), func(o dtype.Operand) bool {
		return o.Pointed && c.plan.sig.Params()[o.Param].Dir == dtype.Out
	})
}

func (c *call) signed(t dtype.Type) bool {
	switch t := dtype.Resolve(t).(type) {
	case *dtype.Int:
		return c.plan.abi().Signed(t)
	case *dtype.Enum:
		return c.plan.abi().Signed(t.Base())
	}
	return false
}

// values tells the arguments that a count was computed from: ", n is 4".
func (c *call) values(count dtype.Count) string {
	var b strings.Builder
	for _, o := range count.Operands() {
		v, _ := c.integer(o)
		pointed := ""
		if o.Pointed {
			pointed = "*"
		}
		fmt.Fprintf(&b, ", %s%s is %d", pointed, c.plan.sig.ParamName(o.Param), v)
	}
	return b.String()
}

// checkString looks for the NUL that ends a string.
func (c *call) checkString(i int, r region, after bool) error {
	p, name := c.plan.sig.Params()[i], c.plan.sig.ParamName(i)
	limit := r.size
	if !p.Contract.Len.IsZero() && (after || !c.later(p.Contract.Len)) {
		n, err := c.bytesOf(p.Contract, p.Type)
		if err != nil {
			return err
		}
		limit = min(limit, n)
	}
	size := c.elemSize(p.Type)
	data := r.data
	if !r.inGo {
		data = make([]byte, limit)
		if err := c.plan.space().ReadAt(data, r.addr); err != nil {
			return err
		}
	}
	data = data[:limit]
	for i := uint64(0); i+size <= limit; i += size {
		if isZero(data[i : i+size]) {
			return nil
		}
	}
	return &ContractError{Rule: stringRule(name, p.Contract), After: after, Detail: fmt.Sprintf("no NUL in the %d bytes of %s", limit, name)}
}

func isZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}

// checkResults checks what the call left: strings that C wrote, lengths that it
// told, and the memory that the result points to.
func (c *call) checkResults() error {
	for i, p := range c.plan.sig.Params() {
		if p.Contract == nil {
			continue
		}
		if r := c.region(i); !r.null && !(p.Contract.Implied && r.open) && c.later(p.Contract.Len) {
			if err := c.checkLength(r, c.plan.sig.ParamName(i), p, true); err != nil {
				return c.plan.fail(i+1, err)
			}
		}
		if !p.Contract.String || p.Dir == dtype.In || isConstPointer(p.Type) {
			continue
		}
		if r := c.region(i); !r.null && !(p.Contract.Implied && r.open) {
			if err := c.checkString(i, r, true); err != nil {
				return c.plan.fail(i+1, err)
			}
		}
	}
	rules := c.plan.sig.ResultContract()
	if rules == nil || rules.Implied {
		return nil // what is implied matters where the result becomes a pointer
	}
	if err := c.checkResult(rules); err != nil {
		return c.plan.fail(0, err)
	}
	return nil
}

func isConstPointer(t dtype.Type) bool {
	p, ok := dtype.Resolve(t).(*dtype.Pointer)
	return ok && p.ConstElem()
}

func (c *call) checkResult(rules *dtype.Contract) error {
	w := c.words[c.plan.shape.Result.First]
	if w == 0 {
		if rules.NonNull {
			return &ContractError{Rule: "result != NULL", Detail: "the result is NULL", After: true}
		}
		return nil
	}
	need := uint64(0)
	if !rules.Len.IsZero() {
		var err error
		if need, err = c.bytesOf(rules, c.plan.sig.Result()); err != nil {
			return err
		}
	}
	if i := rules.Into - 1; i >= 0 {
		name := c.plan.sig.ParamName(i)
		r, base := c.region(i), c.words[c.plan.shape.Params[i].First]
		if r.null || w < base || w-base > r.size || need > r.size-(w-base) {
			return &ContractError{Rule: "result in " + name, After: true,
				Detail: fmt.Sprintf("the result is %#x+%d, %s is %#x+%d", w, need, name, base, r.size)}
		}
		return nil
	}
	if !c.isMemory(w, need) {
		return &ContractError{Rule: lengthRule("result", rules), After: true,
			Detail: fmt.Sprintf("the result is %#x+%d, which is not all memory%s", w, need, c.values(rules.Len))}
	}
	return nil
}

// known is the result pointer with the length that the contract gives it: of
// whole elements, if it counts bytes.
func (c *call) known(p memory.Pointer) (memory.Pointer, error) {
	rules := c.plan.sig.ResultContract()
	if rules == nil {
		return p, nil
	}
	if rules.Implied {
		if err := c.checkResult(rules); err != nil {
			return p, err
		}
	}
	if rules.Len.IsZero() || p.IsNull() {
		return p, nil
	}
	n, err := c.bytesOf(rules, c.plan.sig.Result())
	return p.Reinterpret(n / c.elemSize(c.plan.sig.Result())), err
}

// offsetResult is the result as an [Offset].
func offsetResult(c *call, v reflect.Value) error {
	off := int64(-1)
	if w := c.words[c.plan.shape.Result.First]; w != 0 {
		i := c.plan.sig.ResultContract().Into - 1
		off = int64(w - c.words[c.plan.shape.Params[i].First])
	}
	v.SetInt(off)
	return nil
}

// arrayResult is the elements that a rule "result[n]" says there are; no array,
// the zero one, for NULL.
func arrayResult(c *call, v reflect.Value) error {
	var p memory.Pointer
	if err := pointerResult(c, reflect.ValueOf(&p).Elem()); err != nil || p.IsNull() {
		return err
	}
	elements, err := p.Array()
	if err != nil {
		return err
	}
	a, err := memory.AsArray(elements)
	v.Set(reflect.ValueOf(a))
	return err
}
