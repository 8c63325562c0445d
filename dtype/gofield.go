package dtype

import (
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"strings"
	"structs"
)

// hostLayout marks a Go struct as laid out like C's; it has no bytes of its own.
var hostLayout = reflect.TypeFor[structs.HostLayout]()

var (
	goTyper   = reflect.TypeFor[GoTyper]()
	goPointer = reflect.TypeFor[GoPointer]()
)

// FieldName is the C name of a Go struct field: "_" for a blank field, empty
// for an embedded struct, whose members C reaches directly. It reports skip
// for a field that is no member: one with the tag `c:"-"`, and a blank field of
// type struct{} or structs.HostLayout, whose tag speaks of the struct.
func FieldName(f reflect.StructField) (name string, skip bool) {
	tag, _, _ := strings.Cut(f.Tag.Get("c"), ",")
	switch {
	case tag == "-", isMarker(f):
		return "", true
	case tag != "":
		return tag, false
	case f.Anonymous && f.Type.Kind() == reflect.Struct && !f.Type.Implements(goTyper) && !f.Type.Implements(goPointer):
		return "", false
	}
	return f.Name, false
}

// isMarker reports whether a field carries no bytes, only its struct's tag.
func isMarker(f reflect.StructField) bool {
	return f.Type == hostLayout || f.Name == "_" && f.Type == reflect.TypeFor[struct{}]()
}

// goField reads a field's tag. The Type of the result is still unset.
func goField(f reflect.StructField) (Field, error) {
	name, _ := FieldName(f)
	c := Field{Name: name}
	for key, arg := range tagOptions(f) {
		var err error
		switch key {
		case "bits":
			var n uint64
			n, err = strconv.ParseUint(arg, 10, 8)
			c.BitField, c.Bits = true, uint8(n)
		case "align":
			c.Align, err = strconv.ParseUint(arg, 10, 32)
		case "packed":
			c.Packed = true
		case "const":
			c.Const = true
		default:
			err = fmt.Errorf("unknown option %q", key)
		}
		if err != nil {
			return Field{}, fmt.Errorf("%w: tag %q: %w", ErrInvalid, f.Tag.Get("c"), err)
		}
	}
	switch {
	case name == "_" && c.BitField:
		c.Name = ""
	case name == "_":
		c.Name = fmt.Sprintf("_pad%d", f.Index[0])
	}
	return c, nil
}

// goAttr reads the tag of a struct's marker field: its C tag and attributes.
func goAttr(f reflect.StructField) (tag string, attr Attr, err error) {
	tag, _, _ = strings.Cut(f.Tag.Get("c"), ",")
	for key, arg := range tagOptions(f) {
		switch key {
		case "packed":
			attr.Packed = true
		case "pack":
			attr.Pack, err = strconv.ParseUint(arg, 10, 32)
		case "align":
			attr.Align, err = strconv.ParseUint(arg, 10, 32)
		case "ms_struct":
			attr.Dialect = MSDialect
		case "gcc_struct":
			attr.Dialect = SysVDialect
		case "big":
			attr.Endian = BigEndian
		case "little":
			attr.Endian = LittleEndian
		default:
			err = fmt.Errorf("unknown option %q", key)
		}
		if err != nil {
			return "", Attr{}, fmt.Errorf("%w: tag %q: %w", ErrInvalid, f.Tag.Get("c"), err)
		}
	}
	return tag, attr, nil
}

// tagOptions are the key=argument parts of a `c` tag after the name.
func tagOptions(f reflect.StructField) iter.Seq2[string, string] {
	return func(yield func(key, arg string) bool) {
		for _, part := range strings.Split(f.Tag.Get("c"), ",")[1:] {
			key, arg, _ := strings.Cut(part, "=")
			if !yield(key, arg) {
				return
			}
		}
	}
}

// A FieldPair is a Go struct field and the C member it stands for, as indexes
// into the Go type's fields and into [Members] of the C type.
type FieldPair struct{ Go, C int }

// PairFields pairs the fields of a Go struct with the members of a C struct:
// in order, unnamed bit-fields left out. A name given by a tag must be the
// member's. Blank Go fields stand for members if the counts agree so, else for
// holes between members. A flexible array at the end may be missing in Go.
func PairFields(t reflect.Type, c Type) ([]FieldPair, error) {
	members := Members(c)
	if _, ok := Resolve(c).(*Struct); !ok || t.Kind() != reflect.Struct {
		return nil, pairError(t, c, "a Go %v for %v", t.Kind(), c)
	}
	var all, named []int
	for i := range t.NumField() {
		f := t.Field(i)
		if _, skip := FieldName(f); skip {
			continue
		}
		got, err := goField(f)
		if err != nil {
			return nil, &Error{Op: "go type", Path: t.String() + "." + f.Name, Err: err}
		}
		if got.BitField && got.Name == "" {
			continue
		}
		all = append(all, i)
		if f.Name != "_" {
			named = append(named, i)
		}
	}
	var cs []int
	for i, m := range members {
		if !m.BitField || m.Name != "" {
			cs = append(cs, i)
		}
	}
	if n := len(cs); n > 0 && len(all) < n && len(named) < n && isFlexible(members[cs[n-1]].Type) {
		cs = cs[:n-1]
	}
	fields := all
	if len(all) != len(cs) {
		fields = named
	}
	if len(fields) != len(cs) {
		return nil, pairError(t, c, "%d fields in Go, %d of them blank, for %d members", len(all), len(all)-len(named), len(cs))
	}
	pairs := make([]FieldPair, len(cs))
	for i, g := range fields {
		f, m := t.Field(g), members[cs[i]]
		if tag, _, _ := strings.Cut(f.Tag.Get("c"), ","); tag != "" && tag != m.Name {
			return nil, pairError(t, c, "field %s is named %q, member %d is %q", f.Name, tag, i+1, m.Name)
		}
		pairs[i] = FieldPair{Go: g, C: cs[i]}
	}
	return pairs, nil
}

func isFlexible(t Type) bool {
	a, ok := Resolve(t).(*Array)
	return ok && a.flexible
}

func pairError(t reflect.Type, c Type, format string, args ...any) error {
	return &Error{Op: "go type", Path: t.String(), Type: c, Err: fmt.Errorf("%w: "+format, append([]any{ErrMismatch}, args...)...)}
}
