package wasmffi

import (
	"fmt"
	"sync/atomic"

	"github.com/wasmffi/wasmffi/dtype"
)

// mismatchHandler decides about declarations that debug info contradicts.
var mismatchHandler atomic.Pointer[func(error) error]

// SetMismatchHandler installs a function that is told when a declaration
// disagrees with the library's debug info, and returns the error to fail with,
// or nil to go on: a warning instead of an error. Without a handler every
// mismatch fails. Restore puts the previous handler back.
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
	err = fmt.Errorf("%w: declared %s; debug info has %s: %s", ErrSignature,
		dtype.Declare(declared, sym.Name), dtype.Declare(actual, sym.Name), why)
	if h := mismatchHandler.Load(); h != nil {
		return (*h)(err)
	}
	return err
}

// A comparison walks a declared and an actual type side by side and says, in
// words, where a call made by the one would go wrong in the other; nothing if
// it would not. It looks at what matters to the machine: how values are passed,
// their signs, and where the members of what is pointed to are. Names and
// typedefs are free, and so is the sign of char and of enums.
type comparison struct {
	abi  *dtype.ABI
	open map[[2]dtype.Type]bool // pairs being compared, which ends recursion
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
			return fmt.Sprintf("%v for %v", declared, actual)
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

// compareWords compares scalars: a pointer and an integer of its size are
// passed alike.
func (c *comparison) compareWords(declared, actual, d, a dtype.Type) string {
	if c.abi.LayoutEqual(d, a) {
		return ""
	}
	dlo, dhi, dInt := intRange(c.abi, d)
	alo, ahi, aInt := intRange(c.abi, a)
	different := fmt.Sprintf("%v for %v", declared, actual)
	if !dInt || !aInt {
		return different
	}
	if dlo == alo && dhi == ahi {
		return ""
	}
	dSize, _ := c.abi.Size(d)
	aSize, _ := c.abi.Size(a)
	if dSize == aSize && (signIsFree(d) || signIsFree(a)) {
		return ""
	}
	return different
}

// signIsFree reports whether C programmers use the type without meaning its
// sign: char, enums, and pointers as integers.
func signIsFree(t dtype.Type) bool {
	switch t := t.(type) {
	case *dtype.Enum, *dtype.Pointer:
		return true
	case *dtype.Int:
		return t == dtype.CChar || t == dtype.Uint8 || t == dtype.Int8 || t == dtype.CUChar || t == dtype.CSChar
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
	if why := c.compare(declared, actual); why != "" {
		return "pointer to " + why
	}
	return ""
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
	for i := range d.Fixed() {
		if why := c.compare(d.Params()[i].Type, a.Params()[i].Type); why != "" {
			return fmt.Sprintf("parameter %d: %s", i+1, why)
		}
	}
	if isVoid(d.Result()) {
		return "" // the result is dropped
	}
	if isVoid(a.Result()) {
		return fmt.Sprintf("result: %v for void", d.Result())
	}
	if why := c.compare(d.Result(), a.Result()); why != "" {
		return "result: " + why
	}
	return ""
}

// compareRecords compares structs and unions member by member, by position.
func (c *comparison) compareRecords(d, a dtype.Type) string {
	ld, errD := c.abi.Layout(d)
	la, errA := c.abi.Layout(a)
	if errD != nil || errA != nil {
		return ""
	}
	fd, fa := c.leaves(ld), c.leaves(la)
	for i := range min(len(fd), len(fa)) {
		x, y := fd[i], fa[i]
		switch {
		case x.BitField != y.BitField || x.BitField && (x.BitStart != y.BitStart || x.Bits != y.Bits):
			return fmt.Sprintf("%v.%s, bits %d+%d, for %v.%s, bits %d+%d", d, x.Name, x.BitStart, x.Bits, a, y.Name, y.BitStart, y.Bits)
		case x.Offset != y.Offset:
			return fmt.Sprintf("%v.%s at offset %d for %v.%s at offset %d", d, x.Name, x.Offset, a, y.Name, y.Offset)
		}
		if why := c.compare(x.Type, y.Type); why != "" {
			return fmt.Sprintf("%v.%s for %v.%s: %s", d, x.Name, a, y.Name, why)
		}
	}
	switch {
	case len(fd) > len(fa):
		return fmt.Sprintf("%v.%s has no counterpart in %v", d, fd[len(fa)].Name, a)
	case len(fd) < len(fa):
		return fmt.Sprintf("%v.%s has no counterpart in %v", a, fa[len(fd)].Name, d)
	case ld.Size != la.Size:
		return fmt.Sprintf("%v of %d bytes for %v of %d", d, ld.Size, a, la.Size)
	}
	return ""
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
