package debuginfo

import (
	"bytes"
	"debug/dwarf"
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// A tree builds DWARF 4 by hand: entries whose attributes are of fixed size,
// so that references can be computed. It is what a hostile compiler would make.
type tree struct {
	info, abbrev bytes.Buffer
	codes        int
}

// at is the offset that the next entry will have.
func (b *tree) at() uint32 { return uint32(unitHeader + b.info.Len()) }

const unitHeader = 11 // of a 32-bit unit of DWARF 4

// attribute values by Go type: string (inline), uint64 (data8), uint32 (a
// reference within the unit), bool (flag).
type attr struct {
	attr  dwarf.Attr
	value any
}

func (b *tree) entry(tag dwarf.Tag, children bool, attrs ...attr) (off uint32) {
	off = b.at()
	b.codes++
	b.info.Write(binary.AppendUvarint(nil, uint64(b.codes)))
	b.abbrev.Write(binary.AppendUvarint(nil, uint64(b.codes)))
	b.abbrev.Write(binary.AppendUvarint(nil, uint64(tag)))
	b.abbrev.WriteByte(map[bool]byte{true: 1}[children])
	for _, a := range attrs {
		f := formString
		switch v := a.value.(type) {
		case string:
			b.info.WriteString(v + "\x00")
		case uint64:
			f = formData8
			binary.Write(&b.info, binary.LittleEndian, v)
		case uint32:
			f = formRef4
			binary.Write(&b.info, binary.LittleEndian, v)
		case bool:
			f = formFlag
			b.info.WriteByte(map[bool]byte{true: 1}[v])
		}
		b.abbrev.Write(binary.AppendUvarint(nil, uint64(a.attr)))
		b.abbrev.Write(binary.AppendUvarint(nil, uint64(f)))
	}
	b.abbrev.Write([]byte{0, 0})
	return off
}

func (b *tree) end() { b.info.WriteByte(0) }

func (b *tree) named(tag dwarf.Tag, name string, typ uint32) uint32 {
	return b.entry(tag, false, attr{dwarf.AttrName, name}, attr{dwarf.AttrType, typ})
}

func (b *tree) record(name string, size uint64) uint32 {
	return b.entry(dwarf.TagStructType, true, attr{dwarf.AttrName, name}, attr{dwarf.AttrByteSize, size})
}

func (b *tree) member(name string, typ uint32, offset uint64) {
	b.entry(dwarf.TagMember, false, attr{dwarf.AttrName, name}, attr{dwarf.AttrType, typ}, attr{dwarf.AttrDataMemberLoc, offset})
}

func (b *tree) pointer(typ uint32) uint32 {
	return b.entry(dwarf.TagPointerType, false, attr{dwarf.AttrType, typ})
}

// open makes a module of what build adds to a unit, and opens it.
func hostile(t testing.TB, build func(b *tree)) *Info {
	b := &tree{}
	b.entry(dwarf.TagCompileUnit, true, attr{dwarf.AttrLanguage, uint64(langC99)})
	build(b)
	b.end()
	b.abbrev.WriteByte(0)
	info := binary.LittleEndian.AppendUint32(nil, uint32(b.info.Len()+unitHeader-4))
	info = append(info, 4, 0, 0, 0, 0, 0, 8)
	module := moduleOf(map[string][]byte{"info": append(info, b.info.Bytes()...), "abbrev": b.abbrev.Bytes()})
	i, err := New(bytes.NewReader(module), int64(len(module)), "hostile")
	require.NoError(t, err)
	return i
}

// moduleOf is a WebAssembly module of DWARF sections.
func moduleOf(sections map[string][]byte) []byte {
	module := []byte("\x00asm\x01\x00\x00\x00")
	for name, b := range sections {
		name = ".debug_" + name
		body := append(binary.AppendUvarint(nil, uint64(len(name))), name...)
		body = append(body, b...)
		module = append(module, wasmCustom)
		module = binary.AppendUvarint(module, uint64(len(body)))
		module = append(module, body...)
	}
	return module
}

// Types that no compiler writes end in an error or in a type that prints.
func TestHostileTypes(t *testing.T) {
	for _, c := range []struct {
		name  string // of the test
		typ   string // asked for
		build func(b *tree)
		want  string // error text, or C text
	}{
		{"typedef of itself", "t", func(b *tree) {
			b.named(dwarf.TagTypedef, "t", b.at())
		}, "type at 0x14 is made of itself"},
		{"const of const of itself", "t", func(b *tree) {
			c := b.at()
			b.entry(dwarf.TagConstType, false, attr{dwarf.AttrType, c + 5})
			b.entry(dwarf.TagConstType, false, attr{dwarf.AttrType, c})
			b.named(dwarf.TagTypedef, "t", c)
		}, "is made of itself"},
		{"struct in itself", "struct s", func(b *tree) {
			s := b.record("s", 8)
			b.member("m", s, 0)
			b.end()
		}, "struct s: member m: malformed debug info: struct s contains itself"},
		{"structs in each other", "struct s", func(b *tree) {
			s := b.record("s", 8)
			b.member("m", s+40, 0)
			b.end()
			for b.at() < s+40 {
				b.end() // closes the unit early; the entry is still there
			}
			b.record("r", 8)
			b.member("n", s, 0)
			b.end()
		}, "malformed debug info"},
		{"anonymous struct with a pointer to itself", "t", func(b *tree) {
			s := b.entry(dwarf.TagStructType, true, attr{dwarf.AttrByteSize, uint64(8)})
			b.member("m", b.at()+40, 0)
			b.end()
			for b.at() < s+53 {
				b.info.WriteByte(0)
			}
			b.pointer(s)
			b.named(dwarf.TagTypedef, "t", s)
		}, "not in the debug info"},
		{"reference past the end", "t", func(b *tree) {
			b.named(dwarf.TagTypedef, "t", 1<<30)
		}, "malformed debug info: no type at"},
		{"reference into the middle of an entry", "t", func(b *tree) {
			b.named(dwarf.TagTypedef, "t", b.at()+1)
		}, "malformed debug info: no type at"},
		{"members that overlap", "struct s", func(b *tree) {
			i := b.entry(dwarf.TagBaseType, false, attr{dwarf.AttrName, "int"}, attr{dwarf.AttrEncoding, uint64(encSigned)}, attr{dwarf.AttrByteSize, uint64(4)})
			b.record("s", 8)
			b.member("a", i, 0)
			b.member("b", i, 2)
			b.end()
		}, "struct s: not supported: no attributes of C give its layout: member b at bit 16"},
		{"member far out", "struct s", func(b *tree) {
			i := b.entry(dwarf.TagBaseType, false, attr{dwarf.AttrName, "int"}, attr{dwarf.AttrEncoding, uint64(encSigned)}, attr{dwarf.AttrByteSize, uint64(4)})
			b.record("s", 8)
			b.member("a", i, 1<<63)
			b.end()
		}, "malformed debug info: offset 9223372036854775808"},
		{"array of 2⁶⁴-1", "t", func(b *tree) {
			i := b.entry(dwarf.TagBaseType, false, attr{dwarf.AttrName, "int"}, attr{dwarf.AttrEncoding, uint64(encSigned)}, attr{dwarf.AttrByteSize, uint64(4)})
			a := b.entry(dwarf.TagArrayType, true, attr{dwarf.AttrType, i})
			b.entry(dwarf.TagSubrangeType, false, attr{dwarf.AttrCount, ^uint64(0)})
			b.end()
			b.named(dwarf.TagTypedef, "t", a)
		}, "typedef int t[18446744073709551615]"},
		{"pointers ten thousand deep", "t", func(b *tree) {
			p := b.pointer(b.at())
			for range 10_000 {
				p = b.pointer(p)
			}
			b.named(dwarf.TagTypedef, "t", p)
		}, "malformed debug info: types nest deeper than 200"},
		{"function types that double", "t", func(b *tree) {
			p := b.entry(dwarf.TagBaseType, false, attr{dwarf.AttrName, "int"}, attr{dwarf.AttrEncoding, uint64(encSigned)}, attr{dwarf.AttrByteSize, uint64(4)})
			for range 60 {
				f := b.entry(dwarf.TagSubroutineType, true, attr{dwarf.AttrPrototyped, true})
				b.entry(dwarf.TagFormalParameter, false, attr{dwarf.AttrType, p})
				b.entry(dwarf.TagFormalParameter, false, attr{dwarf.AttrType, p})
				b.end()
				p = b.pointer(f)
			}
			b.named(dwarf.TagTypedef, "t", p)
		}, "more than 65536 words to spell"},
		{"base type of no bytes", "t", func(b *tree) {
			i := b.entry(dwarf.TagBaseType, false, attr{dwarf.AttrName, "int"}, attr{dwarf.AttrEncoding, uint64(encSigned)})
			b.named(dwarf.TagTypedef, "t", i)
		}, `not supported: base type "int" of 0 bytes`},
		{"enum with a constant twice", "enum e", func(b *tree) {
			b.entry(dwarf.TagEnumerationType, true, attr{dwarf.AttrName, "e"}, attr{dwarf.AttrByteSize, uint64(4)})
			b.entry(dwarf.TagEnumerator, false, attr{dwarf.AttrName, "A"}, attr{dwarf.AttrConstValue, uint64(1)})
			b.entry(dwarf.TagEnumerator, false, attr{dwarf.AttrName, "A"}, attr{dwarf.AttrConstValue, uint64(2)})
			b.end()
		}, "malformed debug info: dtype: enum e"},
		{"parameter of type void", "t", func(b *tree) {
			v := b.entry(dwarf.TagTypedef, false, attr{dwarf.AttrName, "v"})
			f := b.entry(dwarf.TagSubroutineType, true, attr{dwarf.AttrPrototyped, true})
			b.entry(dwarf.TagFormalParameter, false, attr{dwarf.AttrType, v})
			b.end()
			b.named(dwarf.TagTypedef, "t", f)
		}, "malformed debug info: dtype: function"},
	} {
		t.Run(c.name, func(t *testing.T) {
			typ, err := hostile(t, c.build).Type(c.typ)
			if err != nil {
				assert.ErrorContains(t, err, c.want)
				return
			}
			assert.Equal(t, c.want, dtype.Define(typ))
		})
	}
}

// A chain of structs is followed without recursion, and completely.
func TestLongChainOfStructs(t *testing.T) {
	const n = 50_000
	info := hostile(t, func(b *tree) {
		p := uint32(0)
		for i := range n {
			r := b.record("s"+strings.Repeat("x", i%7), 8)
			if p != 0 {
				b.member("next", p, 0)
			}
			b.end()
			p = b.pointer(r)
		}
		b.named(dwarf.TagTypedef, "t", p)
	})
	typ, err := info.Type("t")
	require.NoError(t, err)
	depth := 0
	for depth < n-1 {
		next := dtype.Members(dtype.Resolve(typ).(*dtype.Pointer).Elem())
		if len(next) != 1 {
			break
		}
		typ = next[0].Type
		depth++
	}
	assert.Equal(t, n-1, depth)
}

// Modules cut short at every byte, and with every byte changed, give errors or
// answers, never a panic.
func TestDamagedModules(t *testing.T) {
	for _, name := range []string{"testdata/geo.wasm", "testdata/geo5.wasm"} {
		whole, err := os.ReadFile(name)
		require.NoError(t, err)
		for n := range whole {
			explore(whole[:n])
			changed := bytes.Clone(whole)
			changed[n] ^= 0xff
			explore(changed)
		}
	}
}

func TestHostileContainers(t *testing.T) {
	for _, c := range []struct {
		name, file, want string
	}{
		{"empty", "", "neither WebAssembly nor ELF"},
		{"short", "\x7fEL", "neither WebAssembly nor ELF"},
		{"elf header", "\x7fELF", "malformed debug info"},
		{"elf header of 64 bits", "\x7fELF\x02\x01\x01" + strings.Repeat("\xff", 100), "malformed debug info"},
		{"pe header", "MZ" + strings.Repeat("\xff", 200), "malformed debug info"},
		{"mach-o header", "\xcf\xfa\xed\xfe" + strings.Repeat("\xff", 100), "malformed debug info"},
		{"fat mach-o", "\xca\xfe\xba\xbe\xff\xff\xff\xff" + strings.Repeat("\xff", 100), "malformed debug info"},
		{"wasm section too long", "\x00asm\x01\x00\x00\x00\x00\xff\x01", "section of 255 bytes at 0x8 exceeds the file's 11"},
		{"wasm without end", "\x00asm\x01\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "section of 0 bytes"},
		{"wasm of empty sections", "\x00asm\x01\x00\x00\x00" + strings.Repeat("\x00\x01\x00", 20_000), "more than 10000 sections"},
		{"no section", "\x00asm\x01\x00\x00\x00", "no debug info"},
		{"elf of 32 bits", "\x7fELF\x01\x01\x01" + strings.Repeat("\x00", 200), "malformed debug info"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := New(strings.NewReader(c.file), int64(len(c.file)), "hostile")
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// explore looks everything up, prints it and lays it out.
func explore(module []byte) {
	info, err := New(bytes.NewReader(module), int64(len(module)), "hostile")
	if err != nil {
		return
	}
	for f, err := range info.Funcs() {
		if err == nil {
			_ = dtype.Declare(f.Type, f.Name)
			info.FuncAt(f.Addr)
			info.Line(f.Addr)
			info.Line(f.Addr + 20)
		}
	}
	for v, err := range info.Vars() {
		if err == nil {
			_ = dtype.Declare(v.Type, v.Name)
			info.ABI().Layout(v.Type)
		}
	}
	for typ, err := range info.Types() {
		if err == nil {
			_ = dtype.Define(typ)
			info.ABI().Layout(typ)
			dtype.Identical(typ, typ)
		}
	}
}
