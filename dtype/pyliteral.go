package dtype

import (
	"fmt"
	"strconv"
	"strings"
)

// A pyTuple is a Python tuple; a list is a []any, a dict a map[string]any,
// other values are string, int64, bool and nil.
type pyTuple []any

// parsePython reads a Python literal as NumPy prints them for dtypes.
func parsePython(text string) (any, error) {
	p := pyParser{rest: text}
	v, err := p.value(0)
	if err == nil && p.peek() != 0 {
		err = fmt.Errorf("unexpected %.10q after the end", p.rest)
	}
	return v, err
}

type pyParser struct{ rest string }

// maxNesting bounds the recursion that a text can ask for.
const maxNesting = 64

// peek skips blanks and gives the next character, 0 at the end.
func (p *pyParser) peek() byte {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	if p.rest == "" {
		return 0
	}
	return p.rest[0]
}

func (p *pyParser) value(depth int) (any, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("nested more than %d deep", maxNesting)
	}
	switch c := p.peek(); {
	case c == '\'' || c == '"':
		return p.str()
	case c == '[':
		return p.sequence(']', depth)
	case c == '(':
		items, err := p.sequence(')', depth)
		return pyTuple(items), err
	case c == '{':
		return p.dict(depth)
	case c >= '0' && c <= '9' || c == '-':
		return p.number()
	}
	for word, v := range map[string]any{"True": true, "False": false, "None": nil} {
		if rest, ok := strings.CutPrefix(p.rest, word); ok {
			p.rest = rest
			return v, nil
		}
	}
	return nil, fmt.Errorf("unexpected %.10q", p.rest)
}

// str reads a string. The escapes that names of fields need are \\, \' and \".
func (p *pyParser) str() (string, error) {
	quote := p.rest[0]
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == quote:
			p.rest = p.rest[i+1:]
			return b.String(), nil
		case c == '\\' && i+1 < len(p.rest) && strings.IndexByte(`\'"`, p.rest[i+1]) >= 0:
			i++
			b.WriteByte(p.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", fmt.Errorf("string without end: %.10q", p.rest)
}

func (p *pyParser) number() (int64, error) {
	end := 1
	for end < len(p.rest) && p.rest[end] >= '0' && p.rest[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(p.rest[:end], 10, 64)
	p.rest = p.rest[end:]
	return n, err
}

// sequence reads comma-separated values up to a closing bracket.
func (p *pyParser) sequence(closing byte, depth int) ([]any, error) {
	items := []any{}
	err := p.items(closing, func() error {
		v, err := p.value(depth + 1)
		items = append(items, v)
		return err
	})
	return items, err
}

func (p *pyParser) dict(depth int) (map[string]any, error) {
	entries := map[string]any{}
	err := p.items('}', func() error {
		key, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		name, ok := key.(string)
		if !ok || p.peek() != ':' {
			return fmt.Errorf("a key and : wanted before %.10q", p.rest)
		}
		p.rest = p.rest[1:]
		entries[name], err = p.value(depth + 1)
		return err
	})
	return entries, err
}

// items calls item for each of a bracketed list and reads the commas.
func (p *pyParser) items(closing byte, item func() error) error {
	p.rest = p.rest[1:]
	for p.peek() != closing {
		if err := item(); err != nil {
			return err
		}
		switch c := p.peek(); c {
		case ',':
			p.rest = p.rest[1:]
		case closing:
		default:
			return fmt.Errorf("%q or a comma wanted before %.10q", closing, p.rest)
		}
	}
	p.rest = p.rest[1:]
	return nil
}
