package dtype

import (
	"fmt"
	mathbits "math/bits"
	"strconv"
	"strings"
)

// A Count is a number of elements that is computed from a call's integer
// arguments: n, 2*n+1, rows*cols. The zero Count is none.
type Count struct{ root *countNode }

// An Operand is what a count takes from a call: an integer argument, or the
// integer that an argument points to.
type Operand struct {
	Param   int // its index
	Pointed bool
}

// A countNode is a constant, an operand, or an operation on two nodes.
type countNode struct {
	op    byte // '+', '-', '*', '/'; 'p' for an operand, 'c' for a constant
	value uint64
	from  Operand
	name  string
	x, y  *countNode
}

// ParseCount reads an expression over the names of params: decimal, octal and
// hexadecimal constants, parameters of integer type ($1 is the first, named or
// not), *n for what a pointer to an integer points to, + - * / and parentheses,
// as C has them.
func ParseCount(text string, params []Param) (Count, error) {
	p := countParser{rest: text, params: params}
	n := p.sum(0)
	if p.err == nil && p.next() != "" {
		p.fail("unexpected %q", p.next())
	}
	if p.err != nil {
		return Count{}, &Error{Op: "count", Path: text, Err: p.err}
	}
	return Count{n}, nil
}

// IsZero reports whether there is no count.
func (c Count) IsZero() bool { return c.root == nil }

// Eval computes the count. arg gives the value of an operand; a negative one,
// as every intermediate result below zero and beyond 64 bits, is an error
// wrapping [ErrOverflow].
func (c Count) Eval(arg func(Operand) (int64, error)) (uint64, error) {
	if c.root == nil {
		return 0, &Error{Op: "count", Err: fmt.Errorf("%w: no expression", ErrInvalid)}
	}
	v, err := c.root.eval(arg)
	if err != nil {
		return 0, &Error{Op: "count", Path: c.String(), Err: err}
	}
	return v, nil
}

func (n *countNode) eval(arg func(Operand) (int64, error)) (uint64, error) {
	switch n.op {
	case 'c':
		return n.value, nil
	case 'p':
		v, err := arg(n.from)
		if err == nil && v < 0 {
			err = fmt.Errorf("%w: %s is %d", ErrOverflow, n.name, v)
		}
		return uint64(v), err
	}
	x, err := n.x.eval(arg)
	if err != nil {
		return 0, err
	}
	y, err := n.y.eval(arg)
	if err != nil {
		return 0, err
	}
	var v, over uint64
	switch n.op {
	case '+':
		v, over = mathbits.Add64(x, y, 0)
	case '-':
		v, over = mathbits.Sub64(x, y, 0)
	case '*':
		over, v = mathbits.Mul64(x, y)
	case '/':
		if y == 0 {
			return 0, fmt.Errorf("%w: division by zero", ErrInvalid)
		}
		v = x / y
	}
	if over != 0 {
		return 0, fmt.Errorf("%w: %d %c %d", ErrOverflow, x, n.op, y)
	}
	return v, nil
}

// Operands are what the expression takes from a call, each once.
func (c Count) Operands() []Operand {
	var found []Operand
	seen := map[Operand]bool{}
	var walk func(n *countNode)
	walk = func(n *countNode) {
		if n == nil {
			return
		}
		if n.op == 'p' && !seen[n.from] {
			seen[n.from] = true
			found = append(found, n.from)
		}
		walk(n.x)
		walk(n.y)
	}
	walk(c.root)
	return found
}

// String is the expression, with no more parentheses than it needs.
func (c Count) String() string {
	if c.root == nil {
		return ""
	}
	return c.root.text(0)
}

func (n *countNode) text(outer int) string {
	switch n.op {
	case 'c':
		return strconv.FormatUint(n.value, 10)
	case 'p':
		return n.name
	}
	level := 1
	if n.op == '*' || n.op == '/' {
		level = 2
	}
	s := n.x.text(level-1) + string(n.op) + n.y.text(level)
	if level <= outer {
		return "(" + s + ")"
	}
	return s
}

// A countParser reads an expression; after an error it reads on in vain.
type countParser struct {
	rest   string
	params []Param
	err    error
}

// maxCountDepth bounds nesting, which recursion has to follow.
const maxCountDepth = 100

func (p *countParser) fail(format string, args ...any) *countNode {
	if p.err == nil {
		p.err = fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...)
	}
	return &countNode{op: 'c'}
}

// next is the token that comes next: a word or one other byte.
func (p *countParser) next() string {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	i := 0
	for i < len(p.rest) && isWordByte(p.rest[i]) {
		i++
	}
	return p.rest[:min(max(i, 1), len(p.rest))]
}

func isWordByte(c byte) bool {
	return c == '_' || c == '$' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}

func (p *countParser) take(tokens string) byte {
	t := p.next()
	if t == "" || len(t) > 1 || !strings.Contains(tokens, t) || p.err != nil {
		return 0
	}
	p.rest = p.rest[1:]
	return t[0]
}

func (p *countParser) sum(depth int) *countNode {
	n := p.product(depth)
	for op := p.take("+-"); op != 0; op = p.take("+-") {
		n = &countNode{op: op, x: n, y: p.product(depth)}
	}
	return n
}

func (p *countParser) product(depth int) *countNode {
	n := p.operand(depth)
	for op := p.take("*/"); op != 0; op = p.take("*/") {
		n = &countNode{op: op, x: n, y: p.operand(depth)}
	}
	return n
}

func (p *countParser) operand(depth int) *countNode {
	if p.err != nil {
		return &countNode{op: 'c'}
	}
	if p.take("(") != 0 {
		if depth >= maxCountDepth {
			return p.fail("parentheses nested deeper than %d", maxCountDepth)
		}
		n := p.sum(depth + 1)
		if p.take(")") == 0 {
			return p.fail("no ) before %q", p.next())
		}
		return n
	}
	pointed := p.take("*") != 0
	t := p.next()
	if t == "" || !isWordByte(t[0]) {
		return p.fail("an operand is missing before %q", p.rest)
	}
	p.rest = p.rest[len(t):]
	if t[0] >= '0' && t[0] <= '9' && !pointed {
		v, err := strconv.ParseUint(strings.TrimRight(t, "uUlL"), 0, 64)
		if err != nil {
			return p.fail("%q is no number", t)
		}
		return &countNode{op: 'c', value: v}
	}
	i := paramIndex(p.params, t)
	if i < 0 {
		return p.fail("no parameter %s", t)
	}
	from, name, of := p.params[i].Type, paramName(p.params, i), "integer"
	if pointed {
		name, of = "*"+name, "pointer to an integer"
		if ptr, ok := Resolve(from).(*Pointer); ok {
			from = ptr.Elem()
		} else {
			from = CVoid
		}
	}
	switch Resolve(from).(type) {
	case *Int, *Enum:
		return &countNode{op: 'p', from: Operand{i, pointed}, name: name}
	}
	return p.fail("%s is a %v, no %s", t, p.params[i].Type, of)
}
