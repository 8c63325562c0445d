package cdecl

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"modernc.org/cc/v4"

	"github.com/wasmffi/wasmffi/dtype"
)

// What C text promises of the memory behind parameters and results becomes rules
// of the function type ([dtype.Func.WithImplied]): array parameters, restrict,
// attributes and annotations.

// Names of attributes that the lifter makes of words: static and restrict
// between [ and ], and _Nonnull.
const (
	staticName   = "[static"
	restrictName = "[restrict"
	nonnullName  = "*nonnull"
)

// A promise is what the text of one parameter says of its memory.
type promise struct {
	dims     []dimension // of an array, the outermost first
	attrs    []*attribute
	restrict bool
}

// A dimension is one [length] of an array; the length may be missing.
type dimension struct {
	length cc.ExpressionNode
	pos    int
}

// dimensions are those of a declarator that declares an array, the outermost
// first, and whether a pointer that it declares instead is restrict.
func (r *reader) dimensions(d *cc.Declarator) (dims []dimension, restrict bool) {
	if d == nil {
		return nil, false
	}
	for dd := d.DirectDeclarator; dd != nil; dd = dd.DirectDeclarator {
		switch dd.Case {
		case cc.DirectDeclaratorIdent:
		case cc.DirectDeclaratorDecl:
			inner, restrict := r.dimensions(dd.Declarator)
			if dd.Declarator.Pointer != nil || len(inner) > 0 {
				return inner, restrict
			}
		case cc.DirectDeclaratorFuncParam, cc.DirectDeclaratorFuncIdent:
			return nil, false
		default:
			dims = append(dims, dimension{dd.AssignmentExpression, r.offset(dd.Token)})
		}
	}
	slices.Reverse(dims)
	return dims, isRestrict(d.Pointer)
}

// abstractDimensions is dimensions for a declarator without a name.
func (r *reader) abstractDimensions(d *cc.AbstractDeclarator) (dims []dimension, restrict bool) {
	if d == nil {
		return nil, false
	}
	for dd := d.DirectAbstractDeclarator; dd != nil; dd = dd.DirectAbstractDeclarator {
		switch dd.Case {
		case cc.DirectAbstractDeclaratorDecl:
			inner, restrict := r.abstractDimensions(dd.AbstractDeclarator)
			if dd.AbstractDeclarator.Pointer != nil || len(inner) > 0 {
				return inner, restrict
			}
		case cc.DirectAbstractDeclaratorFunc:
			return nil, false
		default:
			dims = append(dims, dimension{dd.AssignmentExpression, r.offset(dd.Token)})
		}
	}
	slices.Reverse(dims)
	return dims, isRestrict(d.Pointer)
}

// isRestrict reports whether the outermost of pointers is restrict.
func isRestrict(p *cc.Pointer) (yes bool) {
	for ; p != nil; p = p.Pointer {
		yes = false
		for l := p.TypeQualifiers; l != nil; l = l.TypeQualifiers {
			yes = yes || l.TypeQualifier != nil && l.TypeQualifier.Case == cc.TypeQualifierRestrict
		}
	}
	return yes
}

// promised is a function type with what its parameters' own text promises.
func (r *reader) promised(f *dtype.Func, promises []promise) (*dtype.Func, error) {
	rules := ruleList{r: r, f: f}
	var counted []int // restrict pointers of which a length is known
	for i, p := range promises {
		if i >= len(f.Params()) || !isPointer(f.Params()[i].Type) {
			continue
		}
		long, err := rules.array(i, p.dims)
		if err != nil {
			return nil, err
		}
		for _, a := range p.attrs {
			switch a.name {
			case staticName, nonnullName, "nonnull":
				rules.add("%s != NULL", ordinal(i))
			case restrictName:
				p.restrict = true
			case directionName:
				long = rules.sal(i, a) || long
			}
		}
		if p.restrict && long {
			counted = append(counted, i)
		}
	}
	for n, i := range counted {
		for _, j := range counted[:n] {
			if !isConstPointer(f.Params()[i].Type) || !isConstPointer(f.Params()[j].Type) {
				rules.add("disjoint(%s, %s)", ordinal(j), ordinal(i))
			}
		}
	}
	return rules.apply(0)
}

// A ruleList gathers the rules of one function type.
type ruleList struct {
	r    *reader
	f    *dtype.Func
	text []string
}

func (l *ruleList) add(format string, args ...any) {
	l.text = append(l.text, fmt.Sprintf(format, args...))
}

// apply is the function type with the rules, which the text at pos gave.
func (l *ruleList) apply(pos int) (*dtype.Func, error) {
	if len(l.text) == 0 {
		return l.f, nil
	}
	f, err := l.f.WithImplied(strings.Join(l.text, ";"))
	if err != nil {
		return nil, l.r.errorAt(pos, err, "")
	}
	if l.r.scope.loose[l.f] {
		l.r.scope.loose[f] = true
	}
	return f, nil
}

// ordinal is what rules call parameter i, whatever its name.
func ordinal(i int) string { return "$" + strconv.Itoa(i+1) }

// array adds the length of an array parameter and reports whether it is known:
// the product of the dimensions that the pointer's type has lost.
func (l *ruleList) array(i int, dims []dimension) (bool, error) {
	if len(dims) == 0 || dims[0].length == nil {
		return false, nil
	}
	lost := 1 // those after the last one that is not constant are the element's
	for k, d := range dims[1:] {
		if d.length == nil {
			return false, nil
		}
		if _, err := l.r.evalSize(d.length); err != nil {
			lost = k + 2
		}
	}
	var factors []string
	for _, d := range dims[:lost] {
		n, err := l.r.count(d.length, l.f)
		if err == errNoCount {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		factors = append(factors, "("+n+")")
	}
	l.add("%s[%s]", ordinal(i), strings.Join(factors, "*"))
	return true, nil
}

func isPointer(t dtype.Type) bool {
	_, ok := dtype.Resolve(t).(*dtype.Pointer)
	return ok
}

func isConstPointer(t dtype.Type) bool {
	p, ok := dtype.Resolve(t).(*dtype.Pointer)
	return ok && p.ConstElem()
}

// attributedFunc is a function type with what attributes of its declaration
// promise.
func (r *reader) attributedFunc(f *dtype.Func, attrs []*attribute) (*dtype.Func, error) {
	for _, a := range attrs {
		rules := ruleList{r: r, f: f}
		var err error
		switch a.name {
		case "nonnull":
			err = rules.nonNull(a)
		case "returns_nonnull", nonnullName:
			rules.nonNullResult()
		case "access":
			err = rules.access(a)
		case "alloc_size":
			err = rules.allocSize(a)
		case "null_terminated_string_arg":
			err = rules.terminated(a)
		case directionName:
			rules.salResult(a)
		}
		if err != nil {
			return nil, err
		}
		if f, err = rules.apply(a.pos); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (l *ruleList) nonNullResult() {
	if isPointer(l.f.Result()) {
		l.add("result != NULL")
	}
}

// nonNull is nonnull(1, 3), or nonnull for all pointers.
func (l *ruleList) nonNull(a *attribute) error {
	args := l.r.arguments(a)
	for _, arg := range args {
		i, err := l.index(a, arg, anyKind) // compilers pass over what is no pointer
		if err != nil {
			return err
		}
		if i >= 0 && isPointer(l.f.Params()[i].Type) {
			l.add("%s != NULL", ordinal(i))
		}
	}
	if len(args) == 0 {
		for i, p := range l.f.Params() {
			if isPointer(p.Type) {
				l.add("%s != NULL", ordinal(i))
			}
		}
	}
	return nil
}

// access is access(mode, pointer) or access(mode, pointer, size), the size in
// elements.
func (l *ruleList) access(a *attribute) error {
	args := l.r.arguments(a)
	mode := ""
	if len(args) > 0 {
		mode = plainName(args[0])
	}
	if len(args) != 2 && len(args) != 3 || !slices.Contains([]string{"read_only", "write_only", "read_write", "none"}, mode) {
		return l.r.errorAt(a.pos, nil, "access is not access(mode, pointer, size) with a mode of read_only, write_only, read_write or none")
	}
	if mode == "none" || len(args) == 2 {
		return nil
	}
	i, err := l.index(a, args[1], pointerKind)
	if err != nil {
		return err
	}
	n, err := l.index(a, args[2], integerKind)
	if i >= 0 && n >= 0 {
		l.add("%s[%s]", ordinal(i), ordinal(n))
	}
	return err
}

// allocSize is alloc_size(1) or alloc_size(1, 2): the result points to so many
// bytes, or to their product.
func (l *ruleList) allocSize(a *attribute) error {
	args := l.r.arguments(a)
	if len(args) != 1 && len(args) != 2 {
		return l.r.errorAt(a.pos, nil, "alloc_size has %d arguments, one or two are meant", len(args))
	}
	var factors []string
	for _, arg := range args {
		n, err := l.index(a, arg, integerKind)
		if err != nil || n < 0 {
			return err
		}
		factors = append(factors, ordinal(n))
	}
	if isPointer(l.f.Result()) {
		l.add("bytes(result, %s)", strings.Join(factors, "*"))
	}
	return nil
}

// terminated is null_terminated_string_arg(1).
func (l *ruleList) terminated(a *attribute) error {
	for _, arg := range l.r.arguments(a) {
		i, err := l.index(a, arg, pointerKind)
		if err != nil {
			return err
		}
		if i >= 0 {
			l.add("string(%s)", ordinal(i))
		}
	}
	return nil
}

// What a parameter is that an attribute names.
const (
	anyKind     = ""
	pointerKind = "pointer"
	integerKind = "integer"
)

// index is the parameter that an attribute names by its number; -1 for one of
// those that match "...".
func (l *ruleList) index(a *attribute, text, kind string) (int, error) {
	n, err := strconv.ParseUint(text, 0, 16)
	if err != nil {
		x, err := l.r.evalText("("+text+"\n)", a.args.pos-1)
		if err != nil || x.kind != isInt || int64(x.u) < 0 {
			return 0, l.r.errorAt(a.pos, nil, "%s(%s): %q is no parameter's number", a.name, l.r.argumentText(a), text)
		}
		n = x.u
	}
	params := l.f.Params()
	if n == 0 || n > uint64(len(params)) {
		if n > 0 && (l.f.Variadic() || l.r.scope.loose[l.f]) {
			return -1, nil
		}
		return 0, l.r.errorAt(a.pos, nil, "%s(%s): there is no parameter %d: the function has %d", a.name, l.r.argumentText(a), n, len(params))
	}
	t := params[n-1].Type
	good := isPointer(t)
	if kind == integerKind {
		switch dtype.Resolve(t).(type) {
		case *dtype.Int, *dtype.Enum:
			good = true
		default:
			good = false
		}
	}
	if !good && kind != anyKind {
		return 0, l.r.errorAt(a.pos, nil, "%s(%s): parameter %d is no %s but %s", a.name, l.r.argumentText(a), n, kind, dtype.Declare(t, params[n-1].Name))
	}
	return int(n) - 1, nil
}

func (r *reader) argumentText(a *attribute) string {
	return strings.TrimSpace(string(r.text[a.args.pos:a.args.end]))
}

// arguments are the parts between an attribute's commas.
func (r *reader) arguments(a *attribute) (args []string) {
	text := r.argumentText(a)
	depth, from := 0, 0
	for i, c := range text + "," {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if arg := strings.TrimSpace(text[from:i]); depth == 0 {
				if arg != "" {
					args = append(args, arg)
				}
				from = i + 1
			}
		}
	}
	return args
}
