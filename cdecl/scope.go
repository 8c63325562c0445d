package cdecl

import (
	"strings"
	"sync"

	"github.com/wasmffi/wasmffi/dtype"
)

// A scope holds declared names. Look-ups go on in the scope around it, which
// is never changed again.
type scope struct {
	outer *scope
	abi   *dtype.ABI
	names map[string]*symbol // functions, variables, typedefs, constants
	tags  map[string]*symbol // structs, unions and enums, by tag alone
	order []*symbol
	// transparent are unions that are passed as their first member.
	transparent map[dtype.Type]bool
	// loose are functions declared as f(), whose parameters are not known.
	loose map[*dtype.Func]bool
	// builtin gives a name known without declaration; nil but in the outermost.
	builtin func(name string) *symbol
}

// A symbol is a declared name. One that could not be read has an error in
// place of a type.
type symbol struct {
	Decl
	err error
}

func newScope(outer *scope, abi *dtype.ABI) *scope {
	return &scope{outer: outer, abi: abi, names: map[string]*symbol{}, tags: map[string]*symbol{},
		transparent: map[dtype.Type]bool{}, loose: map[*dtype.Func]bool{}}
}

func (s *scope) lookup(name string) *symbol {
	for ; s != nil; s = s.outer {
		if sym := s.names[name]; sym != nil {
			return sym
		}
		if s.builtin != nil {
			if sym := s.builtin(name); sym != nil {
				return sym
			}
		}
	}
	return nil
}

func (s *scope) tag(name string) *symbol {
	for ; s != nil; s = s.outer {
		if sym := s.tags[name]; sym != nil {
			return sym
		}
	}
	return nil
}

// passed is the type as which an argument of type t is passed.
func (s *scope) passed(t dtype.Type) dtype.Type {
	for ; s != nil; s = s.outer {
		if s.transparent[t] || s.transparent[dtype.Resolve(t)] {
			return dtype.Members(t)[0].Type
		}
	}
	return t
}

func (s *scope) isTypeName(name string) bool {
	sym := s.lookup(name)
	return sym != nil && sym.Kind == Typedef
}

// nearTypes suggests a type of almost this name, among those of the scope and
// others.
func (s *scope) nearTypes(name string, names ...string) string {
	for t := s; t != nil; t = t.outer {
		for n, sym := range t.names {
			if sym.Kind == Typedef {
				names = append(names, n)
			}
		}
		for _, sym := range t.tags {
			names = append(names, sym.Name)
		}
	}
	for n := range fixedTypes {
		names = append(names, n)
	}
	for _, n := range names {
		if _, tag, ok := strings.Cut(n, " "); ok && tag == name {
			return "; did you mean " + n + "?"
		}
	}
	return nearest(name, names)
}

// fixedTypes are the typedef names of C's standard headers that dtype has as
// types of their own.
var fixedTypes = map[string]dtype.Type{
	"int8_t": dtype.Int8, "int16_t": dtype.Int16, "int32_t": dtype.Int32, "int64_t": dtype.Int64,
	"uint8_t": dtype.Uint8, "uint16_t": dtype.Uint16, "uint32_t": dtype.Uint32, "uint64_t": dtype.Uint64,
	"size_t": dtype.SizeT, "ssize_t": dtype.SSizeT, "ptrdiff_t": dtype.PtrDiffT,
	"intptr_t": dtype.IntPtrT, "uintptr_t": dtype.UIntPtrT,
	"wchar_t": dtype.WCharT, "char16_t": dtype.Char16T, "char32_t": dtype.Char32T,
	"bool": dtype.CBool,
}

// fixed is dtype's own type of a typedef's name, if the text declares it as
// what it is.
func fixed(abi *dtype.ABI, name string, declared dtype.Type) (dtype.Type, bool) {
	t, ok := fixedTypes[name]
	if !ok {
		return nil, false
	}
	return t, abi.LayoutEqual(t, declared)
}

// builtinScope is the outermost scope of an ABI: what C text may use without
// declaring or including anything.
func builtinScope(p *platform) *scope {
	s := newScope(nil, p.abi)
	fixed := map[string]*symbol{}
	for name, t := range fixedTypes {
		fixed[name] = &symbol{Decl: Decl{Name: name, Kind: Typedef, Type: t, File: builtinDir}}
	}
	// The rest depends on the ABI, is C itself and rarely used.
	names := typedefNames(p.types)
	rest := sync.OnceValue(func() map[string]*symbol {
		in := newScope(nil, p.abi)
		in.names = fixed
		d, err := declare(&unit{text: []byte(p.types), marks: []mark{{file: &file{path: builtinDir, src: []byte(p.types)}, line: 1}}}, newScope(in, p.abi))
		if err != nil {
			panic(err) // a mistake in platform.go
		}
		return d.names
	})
	s.builtin = func(name string) *symbol {
		if sym := fixed[name]; sym != nil {
			return sym
		}
		if names[name] {
			return rest()[name]
		}
		return nil
	}
	return s
}

// typedefNames are the names that lines of typedefs declare.
func typedefNames(types string) map[string]bool {
	names := map[string]bool{}
	l := lexer{src: []byte(types)}
	last, depth := "", 0
	for t := l.next(); t.kind != lexEOF; t = l.next() {
		switch {
		case l.is(t, '{'):
			depth++
		case l.is(t, '}'):
			depth--
		case depth > 0:
		case t.kind == lexIdent:
			last = l.text(t)
		case l.is(t, ';'):
			names[last] = true
		}
	}
	return names
}
