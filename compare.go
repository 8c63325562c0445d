package wasmffi

import (
	"fmt"
	"maps"
	"sync/atomic"

	"github.com/wasmffi/wasmffi/dtype"
)

// mismatchHandler decides about declarations that debug info contradicts.
var mismatchHandler atomic.Pointer[func(error) error]

// SetMismatchHandler installs a function that is told when a declaration
// disagrees with the library's debug info, and returns the error to fail with,
// or nil to go on: a warning instead of an error. Without a handler every
// mismatch fails. Restore puts the previous handler back.
//
// What disagrees is what a call would get wrong:
//
//   - another number of parameters, or "..." on one side only
//   - a parameter, result or variable of another size, kind (integer, float,
//     struct) or sign: int for unsigned int, float for double
//   - a struct or union, also behind pointers, with a member more or less, at
//     another place, or of a type that disagrees; an array of another length
//   - a pointer to what disagrees, and a function pointer whose signature does
//
// These agree: any names, of parameters, members, tags and typedefs; const;
// types that are the same on the library's ABI, such as int and long on wasm32;
// void * with any pointer; a struct that one side leaves incomplete; uintptr_t,
// size_t or unsigned long of a pointer's size for a pointer; enums for integers of their size; void for a
// scalar result of up to 8 bytes, which is dropped. Behind pointers the sign of characters and enums is
// free: char * for unsigned char *. The members of a union are in no order, and
// not all need be declared.
//
// A sandboxed module's own types are compared too; what they contradict, no
// handler can allow.
func SetMismatchHandler(handler func(error) error) (restore func()) {
	var next *func(error) error
	if handler != nil {
		next = &handler
	}
	old := mismatchHandler.Swap(next)
	return func() { mismatchHandler.Store(old) }
}

// checkDeclaration compares what is declared for a symbol with the library's
// debug info, where it has any. What debug info does not know, or says in a way
// we cannot read, contradicts nothing.
func checkDeclaration(lib Library, sym Symbol, declared dtype.Type) error {
	t, ok := lib.(Typer)
	if !ok {
		return nil
	}
	actual, err := t.TypeOf(sym)
	if err != nil {
		return nil
	}
	c := comparison{abi: lib.Space().ABI(), open: map[[2]dtype.Type]bool{}}
	why := c.compare(declared, actual)
	if why == "" {
		return nil
	}
	err = fmt.Errorf("%w: declared %s; debug info has %s: %s%s", ErrSignature,
		dtype.Declare(declared, sym.Name), dtype.Declare(actual, sym.Name), why, c.definitions())
	if h := mismatchHandler.Load(); h != nil {
		return (*h)(err)
	}
	return err
}

// A comparison walks a declared and an actual type side by side and says, in
// words, where a call made by the one would go wrong in the other; nothing if
// it would not, by the rules of [SetMismatchHandler].
type comparison struct {
	abi  *dtype.ABI
	open map[[2]dtype.Type]bool // pairs being compared, which ends recursion
	// memory tells that the types compared lie in memory, where nothing extends
	// a value by its sign.
	memory bool
	// declared and actual are the innermost structs or unions that differ.
	declared, actual dtype.Type
}

// definitions are those of the structs that differ, to be read side by side.
func (c *comparison) definitions() string {
	if c.declared == nil {
		return ""
	}
	const most = 2000 // bytes of one
	define := func(t dtype.Type) string {
		s := dtype.Define(t)
		if len(s) > most {
			s = s[:most] + "…"
		}
		return s
	}
	return fmt.Sprintf("; declared %s; debug info has %s", define(c.declared), define(c.actual))
}

// spelt is a type as C spells it, with what a typedef's name stands for.
func spelt(t dtype.Type) string {
	if under := dtype.Resolve(t); under != t && dtype.Members(under) == nil {
		return fmt.Sprintf("%v (%v)", t, under)
	}
	return t.String()
}

func (c *comparison) compare(declared, actual dtype.Type) string {
	d, a := dtype.Resolve(declared), dtype.Resolve(actual)
	if d == a {
		return ""
	}
	if df, ok := d.(*dtype.Func); ok {
		af, ok := a.(*dtype.Func)
		if !ok {
			return fmt.Sprintf("%v is no function", actual)
		}
		return c.compareFuncs(df, af)
	}
	if isMembers(d) && isMembers(a) {
		return c.compareRecords(d, a)
	}
	if dp, ok := d.(*dtype.Pointer); ok {
		ap, ok := a.(*dtype.Pointer)
		if !ok && isVoid(dp.Elem()) && isVaList(a) {
			return "" // a VaList
		}
		if !ok {
			return c.compareWords(declared, actual, d, a)
		}
		return c.comparePointees(dp.Elem(), ap.Elem())
	}
	if da, ok := d.(*dtype.Array); ok {
		aa, ok := a.(*dtype.Array)
		if !ok || da.Len() != aa.Len() && !da.Flexible() && !aa.Flexible() {
			return fmt.Sprintf("%s for %s", spelt(declared), spelt(actual))
		}
		return c.compare(da.Elem(), aa.Elem())
	}
	return c.compareWords(declared, actual, d, a)
}

func isMembers(t dtype.Type) bool {
	switch t.(type) {
	case *dtype.Struct, *dtype.Union:
		return true
	}
	return false
}

// compareWords compares scalars.
func (c *comparison) compareWords(declared, actual, d, a dtype.Type) string {
	if c.abi.LayoutEqual(d, a) {
		return ""
	}
	if c.isAddress(d, a) || c.isAddress(a, d) {
		return ""
	}
	dlo, dhi, dInt := intRange(c.abi, d)
	alo, ahi, aInt := intRange(c.abi, a)
	different := fmt.Sprintf("%s for %s", spelt(declared), spelt(actual))
	if _, isPointer := d.(*dtype.Pointer); isPointer || !dInt || !aInt {
		return different
	}
	if _, isPointer := a.(*dtype.Pointer); isPointer {
		return different
	}
	if dlo == alo && dhi == ahi {
		return ""
	}
	dSize, _ := c.abi.Size(d)
	aSize, _ := c.abi.Size(a)
	if dSize == aSize && !isBool(d) && !isBool(a) && (c.signIsFree(d, dSize) || c.signIsFree(a, aSize)) {
		return ""
	}
	return different
}

// isAddress reports whether n is an integer type in which C programmers keep
// pointers such as p: those made for it, and unsigned long where it is as wide.
func (c *comparison) isAddress(n, p dtype.Type) bool {
	if _, ok := p.(*dtype.Pointer); !ok {
		return false
	}
	t, ok := n.(*dtype.Int)
	return ok && (t == dtype.UIntPtrT || t == dtype.IntPtrT || t == dtype.CULong || t == dtype.SizeT) && c.abi.IntSize(t) == c.abi.PointerSize()
}

func isBool(t dtype.Type) bool {
	_, ok := t.(*dtype.Bool)
	return ok
}

// signIsFree reports whether C programmers use a type of so many bytes without
// meaning its sign: characters and enums. As a parameter what is narrower than
// int is extended by its sign.
func (c *comparison) signIsFree(t dtype.Type, size uint64) bool {
	switch t.(type) {
	case *dtype.Enum:
		return c.memory || size >= 4
	case *dtype.Int:
		return c.memory && size == 1
	}
	return false
}

// comparePointees compares what pointers point to. void and types that are
// declared only fit anything, an array stands for its elements.
func (c *comparison) comparePointees(declared, actual dtype.Type) string {
	d, a := dtype.Resolve(declared), dtype.Resolve(actual)
	if arr, ok := d.(*dtype.Array); ok {
		if _, both := a.(*dtype.Array); !both {
			return c.comparePointees(arr.Elem(), actual)
		}
	}
	pair := [2]dtype.Type{d, a}
	if c.open[pair] || isVoid(d) || isVoid(a) || c.incomplete(d) || c.incomplete(a) {
		return ""
	}
	c.open[pair] = true
	defer c.inMemory(true)()
	if why := c.compare(declared, actual); why != "" {
		return "pointer to " + why
	}
	return ""
}

// inMemory sets where values are until what it returns is called.
func (c *comparison) inMemory(yes bool) (restore func()) {
	before := c.memory
	c.memory = yes
	return func() { c.memory = before }
}

func (c *comparison) incomplete(t dtype.Type) bool {
	if _, isFunc := t.(*dtype.Func); isFunc {
		return false
	}
	_, err := c.abi.Size(t)
	return err != nil
}

func (c *comparison) compareFuncs(d, a *dtype.Func) string {
	switch nd, na := d.Fixed(), a.Fixed(); {
	case d.Variadic() != a.Variadic():
		return "one of them is variadic"
	case nd != na:
		return fmt.Sprintf("%d parameters for %d", nd, na)
	}
	defer c.inMemory(false)()
	for i := range d.Fixed() {
		if why := c.compare(d.Params()[i].Type, a.Params()[i].Type); why != "" {
			return fmt.Sprintf("parameter %d: %s", i+1, why)
		}
	}
	if isVoid(d.Result()) && (isVoid(a.Result()) || c.isDroppable(a.Result())) {
		return ""
	}
	if isVoid(a.Result()) {
		return fmt.Sprintf("result: %v for void", d.Result())
	}
	if why := c.compare(d.Result(), a.Result()); why != "" {
		return "result: " + why
	}
	return ""
}

// isDroppable reports whether a caller may ignore a result: one that leaves in a
// register of integers or floats, where anything may be.
func (c *comparison) isDroppable(t dtype.Type) bool {
	size, err := c.abi.Size(t)
	if err != nil || size > 8 {
		return false
	}
	switch dtype.Resolve(t).(type) {
	case *dtype.Bool, *dtype.Int, *dtype.Enum, *dtype.Float, *dtype.Pointer:
		return true
	}
	return false
}

// compareRecords compares structs member by member, by position, and finds each
// declared member of a union among the actual ones.
func (c *comparison) compareRecords(d, a dtype.Type) string {
	ld, errD := c.abi.Layout(d)
	la, errA := c.abi.Layout(a)
	if errD != nil || errA != nil {
		return ""
	}
	defer c.inMemory(true)()
	why := ""
	_, unionD := d.(*dtype.Union)
	_, unionA := a.(*dtype.Union)
	switch {
	case isBigEndian(d) != isBigEndian(a):
		why = fmt.Sprintf("%v and %v differ in byte order", d, a)
	case unionD && unionA:
		why = c.compareUnions(d, a, c.leaves(ld), c.leaves(la))
	default:
		why = c.compareMembers(d, a, c.leaves(ld), c.leaves(la))
	}
	if why == "" && ld.Size != la.Size {
		why = fmt.Sprintf("%v of %d bytes for %v of %d", d, ld.Size, a, la.Size)
	}
	if why != "" && c.declared == nil {
		c.declared, c.actual = d, a
	}
	return why
}

func isBigEndian(t dtype.Type) bool {
	switch t := t.(type) {
	case *dtype.Struct:
		return t.Attr().Endian == dtype.BigEndian
	case *dtype.Union:
		return t.Attr().Endian == dtype.BigEndian
	}
	return false
}

func (c *comparison) compareMembers(d, a dtype.Type, fd, fa []dtype.FieldLayout) string {
	for i := range min(len(fd), len(fa)) {
		if why := c.compareMember(d, a, fd[i], fa[i]); why != "" {
			return why
		}
	}
	switch {
	case len(fd) > len(fa):
		return fmt.Sprintf("%v.%s has no counterpart in %v", d, fd[len(fa)].Name, a)
	case len(fd) < len(fa):
		return fmt.Sprintf("%v.%s has no counterpart in %v", a, fa[len(fd)].Name, d)
	}
	return ""
}

func (c *comparison) compareUnions(d, a dtype.Type, fd, fa []dtype.FieldLayout) string {
	for _, x := range fd {
		why := fmt.Sprintf("%v.%s has no counterpart in %v", d, x.Name, a)
		for _, y := range fa {
			try := *c
			try.open = maps.Clone(c.open)
			w := try.compareMember(d, a, x, y)
			if w == "" {
				*c, why = try, ""
				break
			}
			if x.Name == y.Name { // what differs is most likely in this one
				why, c.declared, c.actual = w, try.declared, try.actual
			}
		}
		if why != "" {
			return why
		}
	}
	return ""
}

func (c *comparison) compareMember(d, a dtype.Type, x, y dtype.FieldLayout) string {
	switch {
	case x.BitField != y.BitField || x.BitField && (x.BitStart != y.BitStart || x.Bits != y.Bits):
		return fmt.Sprintf("%v.%s, %s, for %v.%s, %s", d, x.Name, extent(x), a, y.Name, extent(y))
	case x.Offset != y.Offset && !x.BitField:
		return fmt.Sprintf("%v.%s at offset %d for %v.%s at offset %d", d, x.Name, x.Offset, a, y.Name, y.Offset)
	}
	why := ""
	if !x.BitField {
		why = c.compare(x.Type, y.Type)
	} else if loX, _, okX := intRange(c.abi, x.Type); okX { // of so many bits alike, but for the sign
		if loY, _, okY := intRange(c.abi, y.Type); okY && (loX < 0) != (loY < 0) || isBool(dtype.Resolve(x.Type)) != isBool(dtype.Resolve(y.Type)) {
			why = fmt.Sprintf("%s for %s", spelt(x.Type), spelt(y.Type))
		}
	}
	if why != "" {
		return fmt.Sprintf("%v.%s for %v.%s: %s", d, x.Name, a, y.Name, why)
	}
	return ""
}

// extent is where a member is.
func extent(f dtype.FieldLayout) string {
	if f.BitField {
		return fmt.Sprintf("bits %d+%d", f.BitStart, f.Bits)
	}
	return fmt.Sprintf("at offset %d", f.Offset)
}

// leaves are the members as debug info has them too: without unnamed bit-fields,
// which have no value, and with those that fill their type as plain members.
func (c *comparison) leaves(l *dtype.Layout) []dtype.FieldLayout {
	var fs []dtype.FieldLayout
	for _, f := range l.Fields {
		if f.Name == "" && f.BitField {
			continue
		}
		if size, err := c.abi.Size(f.Type); err == nil && f.BitField && f.BitStart%8 == 0 && uint64(f.Bits) == 8*size {
			f.BitField, f.Bits, f.Offset, f.BitStart = false, 0, f.BitStart/8, 0
		}
		fs = append(fs, f)
	}
	return fs
}
