package dtype

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Contract is what must hold of the memory that a parameter, or a result,
// points to. C's types do not say it; calls check it.
type Contract struct {
	NonNull bool // not NULL
	// Len is how many elements there are at least; the zero Count says nothing.
	Len Count
	// Bytes: Len counts bytes, not elements.
	Bytes bool
	// String: a NUL follows within Len, or within the memory that is there.
	String bool
	// Disjoint are the parameters, by index, whose memory this one's shares no
	// byte with. For parameters only.
	Disjoint []int
	// Into is the parameter, counted from 1, whose memory a result points into
	// if it is not NULL; 0 is none. For results only.
	Into int
	// Implied: C text alone says so, see [Func.WithImplied].
	Implied bool
}

// WithContract is the function type with rules added about its parameters'
// memory, one or several with ; between them:
//
//	x[n*2]          x points to n*2 elements at least
//	bytes(x, n*2)   x points to n*2 bytes at least
//	x != NULL
//	string(s)       s is NUL-terminated within its memory
//	string(s, n)    … within n elements, which must be there if C may write them
//	disjoint(x, y)  no byte of x's memory, as far as its length is stated, is
//	                y's; further names likewise
//	result[n]       the result points to n elements
//	result != NULL
//	result in x     the result points into x's memory, or is NULL
//	result[*n]      … to as many elements as C has put where n points
//
// *n in a rule about a parameter is what n points to before the call, or after
// it, when the rule is checked then, if n's direction is [Out].
//
// Names are those of the parameters; $1 is the first one, named or not. How much
// memory a parameter points to is known of Go slices and values, of views, and
// of pointers that know their length; a length for any other pointer is a
// violation.
func (t *Func) WithContract(rules string) (*Func, error) { return t.withRules(rules, false) }

// WithImplied is WithContract for rules that nobody asked for but that C text
// implies: its array parameters and attributes. They are checked of what is
// known: a pointer without a length passes, and so does an address that is
// passed as a number. A parameter, or result, with rules of WithContract is held
// to these as well; sig.WithContract(sig.Rules()) holds all to theirs.
func (t *Func) WithImplied(rules string) (*Func, error) { return t.withRules(rules, true) }

func (t *Func) withRules(rules string, implied bool) (*Func, error) {
	f := *t
	f.params = slices.Clone(t.params)
	for rule := range strings.SplitSeq(rules, ";") {
		rule = strings.TrimSpace(rule)
		if rule == "" {
			continue
		}
		if err := f.addRule(rule, implied); err != nil {
			return nil, &Error{Op: "contract", Path: rule, Type: t, Err: err}
		}
	}
	return &f, nil
}

// ResultContract is what must hold of the memory that the result points to; nil
// is nothing.
func (t *Func) ResultContract() *Contract { return t.resultContract }

// HasContract reports whether calls have anything to check.
func (t *Func) HasContract() bool {
	return t.resultContract != nil || slices.ContainsFunc(t.params, func(p Param) bool { return p.Contract != nil })
}

func (t *Func) addRule(rule string, implied bool) error {
	if inside, ok := enclosed(rule, "string(", ")"); ok {
		name, count, bounded := strings.Cut(inside, ",")
		c, err := t.contractOf(name, implied)
		if err != nil {
			return err
		}
		c.String = true
		if bounded {
			c.Bytes = false
			c.Len, err = ParseCount(count, t.params)
		}
		return err
	}
	if inside, ok := enclosed(rule, "bytes(", ")"); ok {
		name, count, _ := strings.Cut(inside, ",")
		c, err := t.contractOf(name, implied)
		if err == nil {
			c.Bytes = true
			c.Len, err = ParseCount(count, t.params)
		}
		return err
	}
	if inside, ok := enclosed(rule, "disjoint(", ")"); ok {
		return t.addDisjoint(strings.Split(inside, ","), implied)
	}
	if name, ok := strings.CutSuffix(rule, "NULL"); ok {
		if name, ok = strings.CutSuffix(strings.TrimSpace(name), "!="); ok {
			c, err := t.contractOf(name, implied)
			if err == nil {
				c.NonNull = true
			}
			return err
		}
	}
	if words := strings.Fields(rule); len(words) == 3 && words[0] == "result" && words[1] == "in" {
		c, err := t.contractOf("result", implied)
		if err != nil {
			return err
		}
		i, err := t.pointerParam(words[2])
		c.Into = i + 1
		return err
	}
	name, count, ok := strings.Cut(rule, "[")
	count, closed := strings.CutSuffix(count, "]")
	if !ok || !closed {
		return fmt.Errorf("%w: no such rule", ErrInvalid)
	}
	c, err := t.contractOf(name, implied)
	if err == nil {
		c.Bytes = false
		c.Len, err = ParseCount(count, t.params)
	}
	return err
}

func enclosed(s, before, after string) (string, bool) {
	s, ok := strings.CutPrefix(s, before)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(s, after)
}

// contractOf is a copy of the contract of a parameter, or of the result, put in
// its place to be changed.
func (t *Func) contractOf(name string, implied bool) (*Contract, error) {
	if strings.TrimSpace(name) == "result" {
		if _, ok := Resolve(t.result).(*Pointer); !ok {
			return nil, fmt.Errorf("%w: the result is no pointer", ErrInvalid)
		}
		return changeable(&t.resultContract, implied), nil
	}
	i, err := t.pointerParam(name)
	if err != nil {
		return nil, err
	}
	return changeable(&t.params[i].Contract, implied), nil
}

func changeable(c **Contract, implied bool) *Contract {
	own := &Contract{Implied: true}
	if *c != nil {
		*own = **c
		own.Disjoint = slices.Clone(own.Disjoint)
	}
	own.Implied = own.Implied && implied
	*c = own
	return own
}

// pointerParam is the index of a parameter of pointer type.
func (t *Func) pointerParam(name string) (int, error) {
	name = strings.TrimSpace(name)
	i := paramIndex(t.params, name)
	if i < 0 {
		return 0, fmt.Errorf("%w: no parameter %q", ErrInvalid, name)
	}
	if _, ok := Resolve(t.params[i].Type).(*Pointer); !ok {
		return 0, fmt.Errorf("%w: %s is no pointer", ErrInvalid, name)
	}
	return i, nil
}

// paramIndex is the index of a parameter by its name, or by its place: $1 is the
// first; -1 if there is none.
func paramIndex(params []Param, name string) int {
	i := slices.IndexFunc(params, func(p Param) bool { return p.Name == name && name != "" })
	if place, ok := strings.CutPrefix(name, "$"); ok && i < 0 {
		if n, err := strconv.ParseUint(place, 10, 16); err == nil && n <= uint64(len(params)) {
			return int(n) - 1
		}
	}
	return i
}

// ParamName is what rules call a parameter, by its index: its name, or $1 for
// the first if it has none.
func (t *Func) ParamName(i int) string { return paramName(t.params, i) }

func paramName(params []Param, i int) string {
	if name := params[i].Name; name != "" {
		return name
	}
	return "$" + strconv.Itoa(i+1)
}

func (t *Func) addDisjoint(names []string, implied bool) error {
	var all []int
	for _, name := range names {
		i, err := t.pointerParam(name)
		if err != nil {
			return err
		}
		if slices.Contains(all, i) {
			return fmt.Errorf("%w: %s twice", ErrInvalid, strings.TrimSpace(name))
		}
		all = append(all, i)
	}
	if len(all) < 2 {
		return fmt.Errorf("%w: disjoint from what?", ErrInvalid)
	}
	for n, i := range all {
		c := changeable(&t.params[i].Contract, implied)
		for _, j := range all[:n] {
			if !slices.Contains(c.Disjoint, j) {
				c.Disjoint = append(c.Disjoint, j)
			}
		}
	}
	return nil
}

// Rules is the contract as [Func.WithContract] reads it.
func (t *Func) Rules() string {
	var rules []string
	add := func(name string, c *Contract) {
		if c == nil {
			return
		}
		switch {
		case c.String && (c.Len.IsZero() || c.Bytes):
			rules = append(rules, "string("+name+")")
			if c.Bytes {
				rules = append(rules, "bytes("+name+", "+c.Len.String()+")")
			}
		case c.String:
			rules = append(rules, "string("+name+", "+c.Len.String()+")")
		case c.Bytes:
			rules = append(rules, "bytes("+name+", "+c.Len.String()+")")
		case !c.Len.IsZero():
			rules = append(rules, name+"["+c.Len.String()+"]")
		}
		if c.NonNull {
			rules = append(rules, name+" != NULL")
		}
		for _, j := range c.Disjoint {
			rules = append(rules, "disjoint("+t.ParamName(j)+", "+name+")")
		}
		if c.Into > 0 {
			rules = append(rules, name+" in "+t.ParamName(c.Into-1))
		}
	}
	for i := range t.params {
		add(t.ParamName(i), t.params[i].Contract)
	}
	add("result", t.resultContract)
	return strings.Join(rules, "; ")
}
