package memory

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// Random structs and random operations on them, done here and by Python's
// ctypes: after each the bytes are the same. WASMFFI_CTYPES is how many
// programs are tried.
func TestCtypesOracle(t *testing.T) {
	python := ctypesPython(t)
	count := 60
	if s := os.Getenv("WASMFFI_CTYPES"); s != "" {
		var err error
		count, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	seed := rand.Uint64()
	if s := os.Getenv("WASMFFI_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 0, 64)
		require.NoError(t, err)
	}
	t.Logf("WASMFFI_SEED=%#x", seed)
	r := rand.New(rand.NewPCG(seed, 5))
	var script strings.Builder
	script.WriteString("from ctypes import *\nimport struct\ndef number(x): print('nan' if x != x else struct.pack('>d', x).hex())\n")
	var want []string // what is to be printed
	var what []string // for each line, the operation
	arena := NewArena(bufferOf(t, dtype.Host(), 1<<24))
	for i := range count {
		p := &ctypesProgram{t: t, r: r, arena: arena, id: i, script: &script}
		p.run(12)
		want, what = append(want, p.want...), append(what, p.what...)
	}
	require.NoError(t, arena.Close())
	cmd := exec.Command(python, "-")
	cmd.Stdin = strings.NewReader(script.String())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s", stderr.String())
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for i := range want {
		require.True(t, lines.Scan(), "Python stops after %d lines", i)
		require.Equal(t, lines.Text(), want[i], "%s", what[i])
	}
	require.False(t, lines.Scan())
	t.Logf("%d programs, %d operations", count, len(want))
}

func ctypesPython(t *testing.T) string {
	for _, p := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(p, "-c", "import ctypes").Run() == nil && runtime.GOARCH == "amd64" {
			return p
		}
	}
	fmt.Fprintf(os.Stderr, "SKIPPED %s: no Python with ctypes for this machine; install the Debian package python3\n", t.Name())
	t.Skip("no Python with ctypes for this machine; install the Debian package python3")
	return ""
}

// A ctypesProgram is a struct type, an object of it, and operations.
type ctypesProgram struct {
	t      *testing.T
	r      *rand.Rand
	arena  *Arena
	id     int
	types  int
	script *strings.Builder
	want   []string
	what   []string
}

// A both is a type here and in Python.
type both struct {
	c  dtype.Type
	py string
}

// A part is a sub-object here and in Python; its python names it when assigned
// to, too.
type part struct {
	v  View
	py string
	t  both
}

var ctypesScalars = []both{
	{dtype.CSChar, "c_byte"}, {dtype.CUChar, "c_ubyte"}, {dtype.CShort, "c_short"}, {dtype.CUShort, "c_ushort"},
	{dtype.CInt, "c_int"}, {dtype.CUInt, "c_uint"}, {dtype.CLong, "c_long"}, {dtype.CULong, "c_ulong"},
	{dtype.CLongLong, "c_longlong"}, {dtype.CULongLong, "c_ulonglong"}, {dtype.CFloat, "c_float"}, {dtype.CDouble, "c_double"},
	{dtype.CBool, "c_bool"},
}

func (p *ctypesProgram) newType(depth int) both {
	n := p.r.IntN(10)
	switch {
	case depth == 0 || n < 4:
		return ctypesScalars[p.r.IntN(len(ctypesScalars))]
	case n < 5:
		size := 1 + p.r.IntN(9)
		return both{arrayOf(p.t, dtype.CChar, uint64(size)), fmt.Sprintf("(c_char * %d)", size)}
	case n < 7:
		elem := p.newType(depth - 1)
		if strings.HasPrefix(elem.py, "(c_char *") { // char[3][4] has no use in Python
			elem = ctypesScalars[0]
		}
		size := 1 + p.r.IntN(4)
		return both{arrayOf(p.t, elem.c, uint64(size)), fmt.Sprintf("(%s * %d)", elem.py, size)}
	}
	return p.newRecord(depth)
}

func (p *ctypesProgram) newRecord(depth int) both {
	p.types++
	name := fmt.Sprintf("T%d_%d", p.id, p.types)
	var fields []dtype.Field
	var py []string
	var shared both // so that there is something to copy
	for i := range 1 + p.r.IntN(4) {
		ft := p.newType(depth - 1)
		if shared.c != nil && p.r.IntN(2) == 0 {
			ft = shared
		}
		shared = ft
		fields = append(fields, f(fmt.Sprintf("m%d", i), ft.c))
		py = append(py, fmt.Sprintf("('m%d', %s)", i, ft.py))
	}
	base, attr, pack := "Structure", dtype.Attr{}, ""
	if p.r.IntN(4) == 0 {
		attr.Pack = 1 << p.r.IntN(4)
		pack = fmt.Sprintf("_pack_ = %d; ", attr.Pack)
	}
	var c dtype.Type
	var err error
	if p.r.IntN(4) == 0 {
		base = "Union"
		u := dtype.DeclareUnion(name)
		c, err = u, u.Define(attr, fields...)
	} else {
		s := dtype.DeclareStruct(name)
		c, err = s, s.Define(attr, fields...)
	}
	require.NoError(p.t, err)
	fmt.Fprintf(p.script, "class %s(%s): %s_fields_ = [%s]\n", name, base, pack, strings.Join(py, ", "))
	return both{c, name}
}

func (p *ctypesProgram) run(ops int) {
	typ := p.newRecord(3)
	v := must(p.arena.New(typ.c))(p.t)
	fmt.Fprintf(p.script, "s = %s()\ndef show(): print(string_at(addressof(s), sizeof(s)).hex())\n", typ.py)
	parts := p.parts(part{v, "s", typ}, nil)
	emit := func(format string, args ...any) {
		op := fmt.Sprintf(format, args...)
		for _, line := range strings.Split(op, "; ") {
			fmt.Fprintln(p.script, line)
		}
		fmt.Fprintln(p.script, "show()")
		p.what = append(p.what, fmt.Sprintf("%+v: %s", typ.c, op))
		p.want = append(p.want, hex.EncodeToString(must(v.Bytes())(p.t)))
	}
	emit("pass")
	for range ops {
		x := parts[p.r.IntN(len(parts))]
		switch n := p.r.IntN(8); {
		case n == 0 && x.v.Size() > 0:
			c, count := byte(p.r.Uint32())&1, 1+uint64(p.r.IntN(int(x.v.Size()))) // 0 or 1: for _Bool too
			require.NoError(p.t, Memset(x.v.Pointer().Cast(dtype.CUChar).Reinterpret(x.v.Size()), c, count))
			emit("memset(%s, %d, %d)", p.address(v, x), c, count)
		case n == 1:
			y := parts[p.r.IntN(len(parts))]
			count := uint64(p.r.IntN(int(min(x.v.Size(), y.v.Size())) + 1))
			if hasBool(x.t.c) != hasBool(y.t.c) {
				continue
			}
			bytesOf := func(v View) Pointer { return v.Pointer().Cast(dtype.CUChar).Reinterpret(v.Size()) }
			require.NoError(p.t, Memmove(bytesOf(x.v), bytesOf(y.v), count))
			emit("memmove(%s, %s, %d)", p.address(v, x), p.address(v, y), count)
		case n <= 4: // copy or swap with another one of the type
			for _, y := range parts {
				if y.py == x.py || y.t.py != x.t.py || x.py == "s" || strings.HasPrefix(x.t.py, "(c_char") {
					continue
				}
				if n == 4 && !overlap(x.v, y.v) && Swap(x.v, y.v) == nil {
					read := "%[1]s"
					if _, isScalar := x.v.scalar(); !isScalar {
						read = "%[2]s.from_buffer_copy(%[1]s)"
					}
					emit("t = "+read+"; %[1]s = %[3]s; %[3]s = t", x.py, x.t.py, y.py)
				} else if n != 4 && !overlap(x.v, y.v) {
					require.NoError(p.t, Copy(x.v, y.v))
					emit("%s = %s", x.py, y.py)
				}
				break
			}
		case strings.HasPrefix(x.t.py, "(c_char"):
			text := strings.Repeat("abc", 3)[:p.r.IntN(int(x.v.Size())+1)]
			require.NoError(p.t, x.v.SetText(text))
			emit("%s = b%q", x.py, text)
			require.Equal(p.t, text, must(Load[string](x.v))(p.t))
		default:
			p.assign(x, emit)
		}
	}
	p.read(parts)
}

// assign stores a random value in a scalar, or in some elements of an array of
// integers.
func (p *ctypesProgram) assign(x part, emit func(string, ...any)) {
	if s, ok := x.v.scalar(); ok {
		value, py := p.value(s)
		require.NoError(p.t, x.v.Store(value))
		emit("%s = %s", x.py, py)
		return
	}
	a, ok := dtype.Resolve(x.v.typ).(*dtype.Array)
	if !ok || x.v.Len() == 0 {
		return
	}
	if s, ok := cScalar(x.v.space.ABI(), a.Elem()); ok {
		start, stop := p.r.IntN(10)-5, p.r.IntN(10)-5
		step := []int{1, 1, 2, -1, -2}[p.r.IntN(5)]
		_, n, _, err := Range(start, stop, step).resolve(int(x.v.Len()))
		require.NoError(p.t, err)
		values, py := make([]any, n), make([]string, n)
		for i := range values {
			values[i], py[i] = p.value(s)
		}
		require.NoError(p.t, StoreSpan(x.v, Range(start, stop, step), values))
		emit("%s[%d:%d:%d] = [%s]", x.py, start, stop, step, strings.Join(py, ", "))
	}
}

// value is a random value of a scalar, here and in Python.
func (p *ctypesProgram) value(s scalar) (any, string) {
	switch s.kind {
	case boolScalar:
		b := p.r.IntN(2) == 1
		return b, map[bool]string{true: "True", false: "False"}[b]
	case floatScalar:
		x := float64(float32(p.r.NormFloat64() * 1000))
		return x, strconv.FormatFloat(x, 'g', -1, 64)
	case intScalar:
		x := int64(p.r.Uint64()) >> (64 - int(s.bits))
		return x, strconv.FormatInt(x, 10)
	}
	x := p.r.Uint64() >> (64 - int(s.bits))
	return x, strconv.FormatUint(x, 10)
}

// read compares what scalars and arrays of them read as.
func (p *ctypesProgram) read(parts []part) {
	for _, x := range parts {
		s, ok := x.v.scalar()
		if !ok || s.kind == boolScalar {
			continue
		}
		switch n := loadAny(p.t, x.v).(type) {
		case float32, float64:
			fmt.Fprintf(p.script, "number(%s)\n", x.py)
			f := must(Load[float64](x.v))(p.t)
			if f != f {
				p.want = append(p.want, "nan")
			} else {
				p.want = append(p.want, fmt.Sprintf("%016x", math.Float64bits(f)))
			}
		default:
			fmt.Fprintf(p.script, "print(%s)\n", x.py)
			p.want = append(p.want, fmt.Sprint(n))
		}
		p.what = append(p.what, "reading "+x.py)
	}
}

// parts are the sub-objects of an object that Python can name.
func (p *ctypesProgram) parts(of part, list []part) []part {
	list = append(list, of)
	switch c := dtype.Resolve(of.t.c).(type) {
	case *dtype.Array:
		if c.Elem() == dtype.Type(dtype.CChar) {
			break
		}
		elem := both{c.Elem(), of.t.py[1:strings.LastIndex(of.t.py, " * ")]}
		for i := range of.v.Len() {
			list = p.parts(part{must(of.v.Index(i))(p.t), fmt.Sprintf("%s[%d]", of.py, i), elem}, list)
		}
	case *dtype.Struct:
		list = p.members(of, c.Fields(), list)
	case *dtype.Union:
		list = p.members(of, c.Fields(), list)
	}
	return list
}

func (p *ctypesProgram) members(of part, fields []dtype.Field, list []part) []part {
	for _, m := range fields {
		list = p.parts(part{must(of.v.Field(m.Name))(p.t), of.py + "." + m.Name, both{m.Type, pythonType(m.Type)}}, list)
	}
	return list
}

// pythonType is the Python name of a type that a program uses.
func pythonType(t dtype.Type) string {
	for _, s := range ctypesScalars {
		if s.c == t {
			return s.py
		}
	}
	switch t := t.(type) {
	case *dtype.Array:
		if t.Elem() == dtype.Type(dtype.CChar) {
			return fmt.Sprintf("(c_char * %d)", t.Len())
		}
		return fmt.Sprintf("(%s * %d)", pythonType(t.Elem()), t.Len())
	case *dtype.Struct:
		return t.Tag()
	case *dtype.Union:
		return t.Tag()
	}
	return "?"
}

// address is the address of a part, which Python counts from the start.
func (p *ctypesProgram) address(root View, x part) string {
	return fmt.Sprintf("addressof(s) + %d", x.v.Addr()-root.Addr())
}

// hasBool: what is no 0 or 1 must not be copied into a _Bool.
func hasBool(t dtype.Type) bool { return strings.Contains(fmt.Sprintf("%+v", t), "Bool") }

// Random operations on the objects of an arena, beside what they must be.
func TestArenaModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %#x", seed)
	r := rand.New(rand.NewPCG(seed, 6))
	type entry struct {
		v    View
		data []byte
	}
	for range 30 {
		space := bufferOf(t, dtype.WASM32, 1<<12)
		arena := NewArena(space)
		var live, dead []entry
		for range 300 {
			switch n := r.IntN(10); {
			case n < 3:
				e := entry{data: make([]byte, 1+r.IntN(200))}
				var err error
				if e.v, err = arena.NewArray(dtype.CUChar, uint64(len(e.data))); err != nil {
					require.ErrorIs(t, err, ErrNoMemory)
					continue
				}
				live = append(live, e)
			case len(live) == 0:
			case n < 5:
				i := r.IntN(len(live))
				require.NoError(t, arena.Free(live[i].v))
				dead = append(dead, live[i])
				live = append(live[:i], live[i+1:]...)
			case n < 6:
				i := r.IntN(len(live))
				size := r.IntN(200)
				w, err := arena.Resize(live[i].v, uint64(size))
				if err != nil {
					require.ErrorIs(t, err, ErrNoMemory)
					continue
				}
				dead = append(dead, entry{v: live[i].v})
				data := make([]byte, size)
				copy(data, live[i].data)
				live[i] = entry{w, data}
			case n < 8:
				e := live[r.IntN(len(live))]
				if len(e.data) == 0 {
					continue
				}
				start := r.IntN(len(e.data))
				stop := start + r.IntN(len(e.data)-start+1)
				values := make([]byte, stop-start)
				for i := range values {
					values[i] = byte(r.Uint32())
				}
				require.NoError(t, StoreSpan(e.v, Range(start, stop, 1), values))
				copy(e.data[start:], values)
			default:
				a, b := live[r.IntN(len(live))], live[r.IntN(len(live))]
				count := r.IntN(min(len(a.data), len(b.data)) + 1)
				require.NoError(t, Memmove(a.v.Pointer(), b.v.Pointer(), uint64(count)))
				copy(a.data[:count], b.data[:count])
			}
			for _, e := range live {
				if got, err := e.v.Bytes(); !assert.NoError(t, err) || !assert.Equal(t, e.data, got) {
					return
				}
			}
			if len(dead) > 0 {
				e := dead[r.IntN(len(dead))]
				_, err := e.v.Bytes()
				require.ErrorIs(t, err, ErrEnded)
				require.ErrorIs(t, arena.Free(e.v), ErrEnded)
			}
		}
		require.Equal(t, len(live), allocated(space))
		require.NoError(t, arena.Close())
		require.Zero(t, allocated(space))
	}
}
