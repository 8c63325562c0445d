package dtype

import (
	"fmt"
	"strconv"
	"strings"
)

// FromBufferFormat is the C type of a PEP 3118 buffer format, the extension of
// Python's struct module in which buffers state their elements:
//
//	T{<i:timestamp:12s:desc:(2,3)<d:m:}   struct { int timestamp; char desc[12]; double m[2][3]; }
//
// "@" (the start) and "^" mean the ABI's sizes, "@" its alignment too; "=",
// "<", ">" and "!" fixed sizes without alignment. Several items without T{} are
// a struct. Half floats, Python objects, bits and functions wrap
// [ErrNotSupported].
func (a *ABI) FromBufferFormat(format string) (Type, error) {
	if err := checkItemText(format); err != nil {
		return nil, &Error{Op: "buffer format", Err: err}
	}
	p := bufferParser{abi: a, rest: format, order: '@'}
	t, err := p.top()
	if err != nil {
		return nil, &Error{Op: "buffer format", Path: format, Err: err}
	}
	return t, nil
}

type bufferParser struct {
	abi   *ABI
	rest  string
	order byte // the byte order character in force
}

func (p *bufferParser) top() (Type, error) {
	fields, size, _, err := p.fields(endOfText, 0)
	if err != nil {
		return nil, err
	}
	if len(fields) == 1 && fields[0].name == "" {
		if n, err := p.abi.Size(fields[0].typ); err == nil && n == size {
			if fields[0].big && !isByte(fields[0].typ) {
				return nil, fmt.Errorf("%w: big-endian outside T{}", ErrNotSupported)
			}
			return fields[0].typ, nil
		}
	}
	return p.record(fields, size)
}

// record makes a struct; a field without a name is called f and its number.
func (p *bufferParser) record(fields []itemField, size uint64) (Type, error) {
	for i := range fields {
		if fields[i].name == "" {
			fields[i].name = fmt.Sprintf("f%d", i)
		}
	}
	return p.abi.itemRecord(fields, size)
}

// endOfText is what peek gives at the end: no UTF-8 text holds this byte.
const endOfText = 0xff

func (p *bufferParser) peek() byte {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	if p.rest == "" {
		return endOfText
	}
	return p.rest[0]
}

// fields reads items up to the closing character and gives their size together
// and the alignment that those have which are aligned. As in NumPy, a byte order
// is in force until the next one, out of a T{} too, and what is in force behind
// an item decides whether it is aligned.
func (p *bufferParser) fields(closing byte, depth int) (fields []itemField, size, most uint64, err error) {
	fail := func(err error) ([]itemField, uint64, uint64, error) { return nil, 0, 0, err }
	if depth > maxNesting {
		return fail(fmt.Errorf("%w: nested more than %d deep", ErrInvalid, maxNesting))
	}
	most = 1
	for p.peek() != closing {
		shape, err := p.shape()
		if err != nil {
			return fail(err)
		}
		if shape == nil && p.peek() == closing {
			break // after a byte order
		}
		if p.peek() == 'x' && !strings.HasPrefix(p.rest, "x:") {
			p.rest = p.rest[1:]
			n, err := padding3118(shape)
			if err != nil {
				return fail(err)
			}
			if size += n; size > p.abi.maxSize() {
				return fail(ErrOverflow)
			}
			continue
		}
		it, align, err := p.item(shape, depth)
		if err != nil {
			return fail(err)
		}
		info, err := p.abi.complete(it.typ)
		if err != nil {
			return fail(err)
		}
		if p.order == '@' {
			size, most = alignUp(size, align), max(most, align)
		}
		name, err := p.name()
		if err != nil {
			return fail(err)
		}
		fields = append(fields, itemField{it, name, size})
		if size += info.size; size > p.abi.maxSize() {
			return fail(ErrOverflow)
		}
	}
	if p.rest != "" {
		p.rest = p.rest[1:]
	}
	if p.order == '@' {
		size = alignUp(size, most)
	}
	return fields, size, most, nil
}

// padding3118 is the number of bytes that x with this count means.
func padding3118(shape []uint64) (uint64, error) {
	switch len(shape) {
	case 0:
		return 1, nil
	case 1:
		return shape[0], nil
	}
	return 0, fmt.Errorf("%w: padding with a shape", ErrInvalid)
}

// shape reads a shape in parentheses, a count, or both, as arrays of strings
// have, and the byte orders before and after them.
func (p *bufferParser) shape() ([]uint64, error) {
	p.byteOrder()
	defer p.byteOrder()
	var parts []string
	if p.peek() == '(' {
		end := strings.IndexByte(p.rest, ')')
		if end < 0 {
			return nil, fmt.Errorf("%w: shape without )", ErrInvalid)
		}
		parts, p.rest = strings.Split(strings.TrimSuffix(p.rest[1:end], ","), ","), p.rest[end+1:]
		p.byteOrder()
	}
	if c := p.peek(); c >= '0' && c <= '9' {
		n := len(p.rest) - len(strings.TrimLeft(p.rest, "0123456789"))
		parts, p.rest = append(parts, p.rest[:n]), p.rest[n:]
	}
	var shape []uint64
	for _, part := range parts {
		n, err := strconv.ParseUint(strings.TrimSpace(part), 10, 63)
		if err != nil {
			return nil, fmt.Errorf("%w: shape: %w", ErrInvalid, err)
		}
		shape = append(shape, n)
	}
	return shape, nil
}

func (p *bufferParser) byteOrder() {
	for strings.IndexByte("@=<>!^", p.peek()) >= 0 {
		p.order, p.rest = p.rest[0], p.rest[1:]
	}
}

// name reads ":name:" if there is one.
func (p *bufferParser) name() (string, error) {
	if p.peek() != ':' {
		return "", nil
	}
	name, rest, ok := strings.Cut(p.rest[1:], ":")
	if !ok || name == "" {
		return "", fmt.Errorf("%w: name without end", ErrInvalid)
	}
	p.rest = rest
	return name, nil
}

// item reads one code and makes the arrays that its shape asks for. The
// alignment is what counts in mode @.
func (p *bufferParser) item(shape []uint64, depth int) (it item, align uint64, err error) {
	it.big = p.order == '>' || p.order == '!'
	rest := p.rest
	switch {
	case strings.HasPrefix(rest, "T{"):
		p.rest = rest[2:]
		var fields []itemField
		var size uint64
		if fields, size, align, err = p.fields('}', depth+1); err == nil {
			it.typ, err = p.record(fields, size)
		}
		it.big = false
	case strings.HasPrefix(rest, "&"):
		p.rest = rest[1:]
		var to item
		if to, err = p.pointee(depth); err == nil {
			it.typ = PointerTo(to.typ)
		}
	case rest == "":
		err = fmt.Errorf("%w: the format ends where an item is wanted", ErrInvalid)
	default:
		n := 1
		if rest[0] == 'Z' && len(rest) > 1 && strings.IndexByte("fdg", rest[1]) >= 0 {
			n = 2
		}
		p.rest = rest[n:]
		it.typ, err = p.scalar(rest[:n])
	}
	if err == nil && align == 0 {
		align, err = p.abi.Align(it.typ)
	}
	if err != nil {
		return item{}, 0, err
	}
	it.typ, err = arrayOf(it.typ, shape)
	return it, align, err
}

// pointee reads what & points to.
func (p *bufferParser) pointee(depth int) (item, error) {
	if depth > maxNesting {
		return item{}, fmt.Errorf("%w: nested more than %d deep", ErrInvalid, maxNesting)
	}
	shape, err := p.shape()
	if err != nil {
		return item{}, err
	}
	it, _, err := p.item(shape, depth+1)
	return it, err
}

// bufferTypes are the codes whose types are the same in every mode.
var bufferTypes = map[string]Type{
	"?": CBool, "c": CChar, "s": CChar, "b": CSChar, "B": CUChar, "h": CShort, "H": CUShort, "i": CInt, "I": CUInt,
	"q": CLongLong, "Q": CULongLong, "f": CFloat, "d": CDouble, "g": CLongDouble, "u": Char16T, "w": Char32T,
	"Zf": ComplexOf(CFloat), "Zd": ComplexOf(CDouble), "Zg": ComplexOf(CLongDouble),
	"P": PointerTo(CVoid), "z": PointerTo(CChar), "Z": PointerTo(WCharT), // these two are ctypes' own
	"x": CUChar, // with a name, bytes that mean nothing to NumPy either
}

func (p *bufferParser) scalar(code string) (Type, error) {
	native := p.order == '@' || p.order == '^'
	switch code {
	case "l":
		if native {
			return CLong, nil
		}
		return Int32, nil
	case "L":
		if native {
			return CULong, nil
		}
		return Uint32, nil
	case "n":
		return SSizeT, nil
	case "N":
		return SizeT, nil
	}
	if t, ok := bufferTypes[code]; ok {
		return t, nil
	}
	if strings.Contains("eOptXFDG", code) {
		return nil, fmt.Errorf("%w: code %s", ErrNotSupported, code)
	}
	return nil, fmt.Errorf("%w: code %q", ErrInvalid, code)
}
