package native

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/internal/siggen"
)

// TestLoweringAgainstClang compares where this package has the values of random
// functions with where clang has them, for every convention: of those that do
// not run here too. clang's front end says which LLVM values a parameter becomes,
// and what LLVM does with those is simple. WASMFFI_LOWERINGS sets how many there
// are for each, WASMFFI_SEED draws others than the usual ones: another clang may
// have ways of its own.
func TestLoweringAgainstClang(t *testing.T) {
	seed := siggen.FromEnv(t, "WASMFFI_SEED", 2)
	t.Logf("WASMFFI_SEED=%d", seed)
	count := int(siggen.FromEnv(t, "WASMFFI_LOWERINGS", 150))
	conventions := map[*dtype.ABI]*convention{
		dtype.LinuxAMD64: sysV, dtype.LinuxARM64: aapcs64, dtype.DarwinARM64: appleARM64, dtype.WindowsAMD64: win64,
	}
	for i, c := range siggen.Lowering(t) {
		t.Run(c.Name, func(t *testing.T) {
			conv := conventions[c.ABI]
			g := siggen.New(c, siggen.Features{Wide: true, Aggregates: true}, seed, uint64(i))
			for left := count; left > 0 && !t.Failed(); left -= 200 {
				b := g.Batch(min(left, 200))
				ir := readIR(b.Lower(t))
				for _, f := range b.Functions {
					sig, err := dtype.NewFunc(f.Sig.Result(), f.Sig.Params()[:f.Sig.Fixed()], false)
					require.NoError(t, err)
					s, err := signatureOf(conv.abi, sig)
					require.NoError(t, err)
					low, err := conv.lower(s)
					require.NoError(t, err)
					got, want := ours(low), ir.theirs(t, conv, f.Name, s)
					if got != want {
						t.Errorf("%s\n%shere:  %s\nclang: %s\n%s", dtype.Declare(sig, f.Name), f.Definitions(), got, want, ir.functions[f.Name].line)
					}
				}
			}
		})
	}
}

// ours is a lowering as text: of the result and of each parameter the registers
// and stack offsets that it begins at.
func ours(low *lowering) string {
	var all []string
	for i, p := range append([]placement{low.result}, low.params...) {
		var at []string
		for _, q := range p.pieces {
			if i == 0 && p.indirect {
				continue // where the address is, is seen at the parameters
			}
			at = append(at, where(q.file, q.at))
		}
		all = append(all, placedAt(p.indirect, at))
	}
	return strings.Join(all, ", ")
}

func placedAt(indirect bool, at []string) string {
	s := strings.Join(at, "+")
	if indirect {
		s = "*" + s
	}
	if s == "" {
		s = "-"
	}
	return s
}

func where(f file, at uint64) string {
	return map[file]string{intFile: "i", floatFile: "f", resultFile: "r", x87File: "x", stackFile: "s"}[f] + strconv.FormatUint(at, 10)
}

// An irFile is what the test reads of LLVM's intermediate language.
type irFile struct {
	types     map[string]string // %struct.s: its definition
	functions map[string]irFunction
}

type irFunction struct {
	line   string
	result string
	args   []irArg
}

// An irArg is one LLVM parameter: of the C parameter number param, -1 for the
// address of the result.
type irArg struct {
	param int
	typ   string
	byval bool
	whole bool // not coerced: an address if it is a pointer and the parameter is none
	align uint64
}

var (
	irDefine = regexp.MustCompile(`^define (.*) @(f\d+)\((.*)\)[^()]*\{$`)
	irName   = regexp.MustCompile(`%p(\d+)(\.coerce\d*)?$`)
	irAlign  = regexp.MustCompile(`(?:byval\(.*\) align |alignstack\()(\d+)`)
)

func readIR(text string) *irFile {
	f := &irFile{map[string]string{}, map[string]irFunction{}}
	for _, line := range strings.Split(text, "\n") {
		if name, def, ok := strings.Cut(line, " = type "); ok {
			f.types[name] = def
		}
		m := irDefine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		fn := irFunction{line: line, result: irType(m[1])}
		last := -1
		for _, a := range splitIR(m[3]) {
			arg := irArg{typ: irType(a), byval: strings.Contains(a, "byval("), whole: !strings.Contains(a, ".coerce")}
			if n := irAlign.FindStringSubmatch(a); n != nil {
				arg.align, _ = strconv.ParseUint(n[1], 10, 64)
			}
			switch n := irName.FindStringSubmatch(a); {
			case strings.HasSuffix(a, "%agg.result"):
				arg.param = -1
			case n != nil:
				arg.param, _ = strconv.Atoi(n[1])
				last = arg.param
			default: // a scalar by address has no name
				last++
				arg.param = last
			}
			fn.args = append(fn.args, arg)
		}
		f.functions[m[2]] = fn
	}
	return f
}

// splitIR splits at the commas that are in no brackets.
func splitIR(s string) (parts []string) {
	depth, from := 0, 0
	for i, c := range s {
		switch c {
		case '(', '[', '{', '<':
			depth++
		case ')', ']', '}', '>':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, strings.TrimSpace(s[from:i]))
				from = i + 1
			}
		}
	}
	if s = strings.TrimSpace(s[from:]); s != "" {
		parts = append(parts, s)
	}
	return parts
}

var irWords = regexp.MustCompile(`^(dso_local|internal|noundef|zeroext|signext|noalias|nonnull|inreg|align|\d+|%p\d+.*|%\d+|%agg.*|byval.*|sret.*|alignstack.*|dereferenceable.*)$`)

// irType is the type in a parameter or before a function's name: "*" for every
// pointer.
func irType(s string) string {
	depth, from := 0, 0
	var words []string
	for i, c := range s + " " {
		switch c {
		case '(', '[', '{', '<':
			depth++
		case ')', ']', '}', '>':
			depth--
		case ' ':
			if depth == 0 {
				if w := s[from:i]; w != "" && !irWords.MatchString(w) {
					words = append(words, w)
				}
				from = i + 1
			}
		}
	}
	typ := strings.Join(words, " ")
	if typ == "ptr" || strings.HasSuffix(typ, "*") {
		return "*"
	}
	return typ
}

// parts are the scalars that a type consists of.
func (f *irFile) parts(typ string) []string {
	typ = strings.TrimSpace(typ)
	switch {
	case typ == "void":
		return nil
	case strings.HasPrefix(typ, "%"):
		return f.parts(f.types[typ])
	case strings.HasPrefix(typ, "["):
		n, elem, _ := strings.Cut(strings.TrimSuffix(typ[1:], "]"), " x ")
		count, _ := strconv.Atoi(n)
		var all []string
		for range count {
			all = append(all, f.parts(elem)...)
		}
		return all
	case strings.HasPrefix(typ, "{"), strings.HasPrefix(typ, "<{"):
		var all []string
		fields := typ[strings.IndexByte(typ, '{')+1 : strings.LastIndexByte(typ, '}')]
		for _, p := range splitIR(fields) {
			all = append(all, f.parts(irType(p))...)
		}
		return all
	}
	return []string{typ}
}

// An irPlacer is what LLVM's back ends do with values: the next register of the
// kind, or the stack.
type irPlacer struct {
	conv         *convention
	ints, floats uint64
	stack        uint64
	slot         uint64 // Windows' registers go by position
}

// theirs is clang's lowering as ours writes it.
func (f *irFile) theirs(t *testing.T, conv *convention, name string, sig *signature) string {
	fn, ok := f.functions[name]
	require.True(t, ok, "%s is not in clang's output", name)
	at := irPlacer{conv: conv}
	all := make([]string, len(sig.params)+1)
	all[0] = placedAt(false, at.results(f.parts(fn.result)))
	places := make([][]string, len(sig.params))
	indirect := make([]bool, len(sig.params))
	for _, a := range fn.args {
		if a.param < 0 {
			all[0] = placedAt(true, nil)
			if conv == sysV || conv == win64 { // the others have a register for it
				at.integer()
				at.slot++
			}
			continue
		}
		s := &sig.params[a.param]
		if a.byval {
			places[a.param] = append(places[a.param], at.onStack(max(8, a.align), alignUp(s.size, 8)))
			continue
		}
		indirect[a.param] = a.typ == "*" && a.whole && (!s.scalar() || s.size != 8)
		places[a.param] = append(places[a.param], at.place(t, f.parts(a.typ), a.align)...)
	}
	for i := range places {
		all[i+1] = placedAt(indirect[i], places[i])
	}
	return strings.Join(all, ", ")
}

// results are the registers of a result.
func (at *irPlacer) results(parts []string) (all []string) {
	var ints, floats, x87 uint64
	for _, p := range parts {
		switch size, float := irSize(p); {
		case p == "x86_fp80":
			all = append(all, where(x87File, x87))
			x87++
		case float:
			all = append(all, where(floatFile, floats))
			floats++
		default:
			for range (size + 7) / 8 {
				all = append(all, where(intFile, ints))
				ints++
			}
		}
	}
	return all
}

// irSize is the size of an LLVM scalar in bytes, and whether it travels in a
// vector register.
func irSize(typ string) (size uint64, float bool) {
	switch {
	case typ == "*":
		return 8, false
	case typ == "half":
		return 2, true
	case typ == "float":
		return 4, true
	case typ == "double":
		return 8, true
	case typ == "fp128" || typ == "x86_fp80":
		return 16, true
	case strings.HasPrefix(typ, "<"):
		n, elem, _ := strings.Cut(strings.Trim(typ, "<>"), " x ")
		count, _ := strconv.ParseUint(n, 10, 64)
		size, _ := irSize(elem)
		return count * size, true
	case strings.HasPrefix(typ, "i"):
		bits, _ := strconv.ParseUint(typ[1:], 10, 64)
		return (bits + 7) / 8, false
	}
	panic(fmt.Sprintf("LLVM type %q", typ))
}

func (at *irPlacer) integer() string {
	at.ints++
	return where(intFile, at.ints-1)
}

func (at *irPlacer) onStack(align, size uint64) string {
	at.stack = alignUp(at.stack, align)
	at.stack += size
	return where(stackFile, at.stack-size)
}

// place puts the scalars of one LLVM parameter: of an array on arm64 all or none
// in registers; stated is the alignment that clang states for the stack.
func (at *irPlacer) place(t *testing.T, parts []string, stated uint64) (all []string) {
	if len(parts) == 0 {
		return nil
	}
	size, float := irSize(parts[0])
	n := uint64(len(parts))
	switch at.conv {
	case win64:
		require.Len(t, parts, 1)
		at.slot++
		switch {
		case at.slot > 4:
			return []string{where(stackFile, 8*(at.slot-1))}
		case float:
			return []string{where(floatFile, at.slot-1)}
		}
		return []string{where(intFile, at.slot-1)}
	case sysV:
		for _, p := range parts {
			size, float := irSize(p)
			switch {
			case p == "x86_fp80":
				all = append(all, at.onStack(16, 16))
			case float && at.floats < 8:
				all = append(all, where(floatFile, at.floats))
				at.floats++
			case !float && at.ints < 6:
				all = append(all, at.integer())
			default:
				all = append(all, at.onStack(max(8, size), alignUp(size, 8)))
			}
		}
		return all
	}
	apple := at.conv == appleARM64
	if float {
		if at.floats+n <= 8 {
			for range n {
				all = append(all, where(floatFile, at.floats))
				at.floats++
			}
			return all
		}
		at.floats = 8
	} else {
		if size == 16 {
			if !apple {
				at.ints = alignUp(at.ints, 2)
			}
			size, n = 8, 2*n
		}
		if at.ints+n <= 8 {
			for range n {
				all = append(all, at.integer())
			}
			return all
		}
		at.ints = 8
	}
	align, _ := irSize(parts[0])
	align = max(align, stated)
	if !apple {
		return []string{at.onStack(max(8, align), alignUp(size*n, 8))}
	}
	return []string{at.onStack(align, size*n)}
}
