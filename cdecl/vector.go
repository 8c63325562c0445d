package cdecl

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// vector is the vector type that an attribute makes of its elements' type:
// vector_size states bytes, the others lanes.
func (r *reader) vector(elem dtype.Type, a *attribute) (dtype.Type, error) {
	if a.name == "neon_polyvector_type" {
		return nil, r.errorAt(a.pos, fmt.Errorf("%w on %s", dtype.ErrNotSupported, r.abi), "vector of polynomials")
	}
	text := string(r.text[a.args.pos:a.args.end])
	if strings.TrimSpace(text) == "" {
		return nil, r.errorAt(a.pos, nil, "%s needs a number", a.name)
	}
	x, err := r.evalText("("+text+"\n)", a.args.pos-1)
	if errors.Is(err, errNotConstant) || err == nil && x.kind != isInt {
		err = r.errorAt(a.args.pos, nil, "%s of no constant", a.name)
	}
	if err != nil {
		return nil, err
	}
	lanes := x.u
	if a.name == "vector_size" {
		size, err := r.abi.Size(dtype.Resolve(elem))
		if err != nil || size == 0 {
			return nil, r.errorAt(a.pos, nil, "vector of %v", elem)
		}
		if lanes%size != 0 {
			return nil, r.errorAt(a.pos, nil, "vector of %d bytes is not of whole elements of %d", lanes, size)
		}
		lanes /= size
	}
	v, err := dtype.VectorOf(elem, lanes)
	if err != nil {
		if lanes > 2 && lanes%2 != 0 || lanes%2 == 0 && lanes&(lanes-1) != 0 {
			// clang has them, gcc does not.
			err = fmt.Errorf("%w: vector of %d lanes", dtype.ErrNotSupported, lanes)
		}
		return nil, r.errorAt(a.pos, err, "")
	}
	return v, nil
}

func isVector(a *attribute) bool {
	return strings.HasSuffix(a.name, "vector_type") || a.name == "vector_size"
}

// nesting is 1 for a token that opens a group, -1 for one that closes it.
func (r *reader) nesting(t lexeme) int {
	if t.kind == lexPunct {
		switch r.text[t.pos] {
		case '(', '[', '{':
			return 1
		case ')', ']', '}':
			return -1
		}
	}
	return 0
}

// nested reports whether a group that opens behind from is open at pos.
func (r *reader) nested(from, pos int) bool {
	depth := 0
	i := sort.Search(len(r.tokens), func(i int) bool { return r.tokens[i].pos >= from })
	for ; i < len(r.tokens) && r.tokens[i].pos < pos; i++ {
		depth += r.nesting(r.tokens[i])
	}
	return depth > 0
}

// noVectorsLeft refuses vector attributes that nothing has taken, as inside
// the parentheses of a declarator: what they apply to is not what they say.
func (r *reader) noVectorsLeft(from, to int) error {
	if left := r.takeIf(from, to, isVector); len(left) > 0 {
		return r.errorAt(left[0].pos, fmt.Errorf("%w inside a declarator", dtype.ErrNotSupported), "%s", left[0].name)
	}
	return nil
}
