package wasmffi

import (
	"fmt"
	"maps"
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// Named are arguments by their parameters' names, as the last argument of
// [ProtoFunc.Call]:
//
//	messageBox.Call(ctx, wasmffi.Named{"text": "Spam, spam, spam"})
type Named map[string]any

// arrange gives each parameter its argument, or its default. Out parameters
// stay nil.
func (f *ProtoFunc) arrange(args []any) ([]any, error) {
	values := make([]any, len(f.params))
	given := make([]bool, len(f.params))
	var byName Named
	if n := len(args); n > 0 {
		if named, ok := args[n-1].(Named); ok {
			byName, args = named, args[:n-1]
		}
	}
	if len(args) > len(f.ins) {
		return nil, f.callError(0, fmt.Errorf("%w: %d for at most %d of %s", ErrArgCount, len(args), len(f.ins), f))
	}
	for at, x := range args {
		i := f.ins[at]
		if _, misplaced := x.(Named); misplaced {
			return nil, f.callError(i+1, fmt.Errorf("%w: Named arguments come last", ErrArgName))
		}
		values[i], given[i] = x, true
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		i, err := f.paramNamed(name)
		if err != nil {
			return nil, f.callError(0, err)
		}
		if given[i] {
			return nil, f.callError(i+1, fmt.Errorf("%w: %s is given twice, also by position", ErrArgName, name))
		}
		values[i], given[i] = byName[name], true
	}
	for _, i := range f.ins {
		p := &f.params[i]
		switch {
		case given[i]:
		case !p.optional():
			return nil, f.callError(i+1, fmt.Errorf("%w: %s is missing for %s", ErrArgCount, f.paramName(i), f))
		default:
			values[i] = p.Default
		}
	}
	return values, nil
}

// paramNamed is the parameter that a caller may give by this name.
func (f *ProtoFunc) paramNamed(name string) (int, error) {
	for i := range f.params {
		p := &f.params[i]
		switch {
		case name == "" || p.Name != name:
		case p.isIn():
			return i, nil
		default:
			return 0, fmt.Errorf("%w: %s is an out parameter of %s", ErrArgName, name, f)
		}
	}
	return 0, fmt.Errorf("%w: no parameter %q in %s", ErrArgName, name, f)
}

func (f *ProtoFunc) paramName(i int) string {
	if name := f.params[i].Name; name != "" {
		return name
	}
	return fmt.Sprintf("parameter %d", i+1)
}

func (f *ProtoFunc) callError(arg int, err error) error { return f.fn.callError(arg, err) }

// String is the function's C declaration.
func (f *ProtoFunc) String() string { return dtype.Declare(f.proto.Sig, f.fn.name) }
