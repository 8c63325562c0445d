package native

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// The System V convention for AMD64, also Apple's and FreeBSD's: "System V
// Application Binary Interface, AMD64 Architecture Processor Supplement",
// section 3.2.3.
var sysV = &convention{name: "sysv", abi: dtype.LinuxAMD64, lower: lowerSysV}

// An eightbyte is the class of eight bytes of a value.
type eightbyte uint8

const (
	noClass eightbyte = iota
	integerEight
	sseEight
	sseUpEight // the second half of a 16-byte vector
	x87Eight
	x87UpEight
	memoryEight
)

// classifySysV gives the classes of a value of at most 16 bytes; ok is false
// for a value of class MEMORY. An aggregate inside is classified by itself
// first: if it is of class MEMORY, so is the whole.
func classifySysV(s *shape) (classes [2]eightbyte, ok bool) {
	if s.size > 16 {
		return classes, false
	}
	for _, g := range s.groups {
		if classes, ok = classifyParts(s.parts[g.first:g.end]); !ok {
			return classes, false
		}
	}
	return classifyParts(s.parts)
}

// classifyParts is the classification algorithm's rules 3 to 5 for one
// aggregate, or for a scalar.
func classifyParts(parts []part) (classes [2]eightbyte, ok bool) {
	for _, p := range parts {
		if p.off%p.align != 0 {
			return classes, false // an unaligned field
		}
		if p.class == emptyClass {
			continue
		}
		for i := p.off / 8; i <= (p.off+p.size-1)/8; i++ {
			c := integerEight
			switch p.class {
			case floatClass, quadClass:
				c = sseEight
			case vectorClass:
				c = sseEight
				if i > p.off/8 {
					c = sseUpEight
				}
			case doubleClass: // so gcc and clang have it
				c = memoryEight
			case x87Class:
				c = x87Eight
				if i > p.off/8 {
					c = x87UpEight
				}
			}
			classes[i] = mergeSysV(classes[i], c)
		}
	}
	if classes[0] == memoryEight || classes[1] == memoryEight {
		return classes, false
	}
	if classes[1] == sseUpEight && classes[0] != sseEight { // rule 5
		classes[1] = sseEight
	}
	return classes, classes[1] != x87UpEight || classes[0] == x87Eight
}

// mergeSysV is the table of rule 4 of the classification algorithm.
func mergeSysV(a, b eightbyte) eightbyte {
	switch {
	case a == b || b == noClass:
		return a
	case a == noClass:
		return b
	case a == memoryEight || b == memoryEight:
		return memoryEight
	case a == integerEight || b == integerEight:
		return integerEight
	case a >= x87Eight || b >= x87Eight:
		return memoryEight
	}
	return sseEight
}

func lowerSysV(sig *signature) (*lowering, error) {
	l := &lowering{align: 16}
	ints := uint64(0)
	if err := sig.result.avx(); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	if r := &sig.result; r.size == 8 && !r.aggregate && r.parts[0].class == doubleClass {
		return nil, fmt.Errorf("%w: result: a vector of one double, which gcc returns in memory and clang in XMM0", dtype.ErrNotSupported)
	}
	l.result = resultSysV(&sig.result)
	if l.result.indirect {
		ints = 1
	}
	floats := uint64(0)
	for i := range sig.params {
		s := &sig.params[i]
		if err := s.avx(); err != nil {
			return nil, fmt.Errorf("parameter %d: %w", i+1, err)
		}
		var p placement
		switch classes, ok := classifySysV(s); {
		case s.size == 0:
		case ok && fitsSysV(classes, ints, floats):
			for j, c := range classes {
				q := eightbytePiece(s, classes, j)
				switch c {
				case integerEight:
					q.file, q.at = intFile, ints
					ints++
				case sseEight:
					q.file, q.at = floatFile, floats
					floats++
				default:
					continue // padding
				}
				p.pieces = append(p.pieces, q)
			}
		default:
			// All of it or nothing goes in registers.
			align := max(8, s.align)
			l.align = max(l.align, align)
			l.stack = alignUp(l.stack, align)
			p.pieces = []piece{{file: stackFile, at: l.stack, size: s.size}}
			l.stack += alignUp(s.size, 8)
		}
		l.params = append(l.params, p)
	}
	l.vectors = int(floats)
	l.rest = vaState{ints: ints, floats: floats, stack: l.stack}
	return l, nil
}

// fitsSysV reports whether a value's eightbytes can all be in registers. X87
// classes never are, as arguments.
func fitsSysV(classes [2]eightbyte, ints, floats uint64) bool {
	for _, c := range classes {
		switch c {
		case integerEight:
			ints++
		case sseEight:
			floats++
		case x87Eight, x87UpEight:
			return false
		}
	}
	return ints <= 6 && floats <= 8
}

// resultSysV places a result: RAX and RDX, XMM0 and XMM1, ST0 and ST1, or
// memory whose address the caller passes in RDI.
func resultSysV(s *shape) placement {
	if s.size == 0 {
		return placement{}
	}
	if s.complex && s.parts[0].class == x87Class {
		return placement{pieces: []piece{
			{file: x87File, at: 0, off: 0, size: 16},
			{file: x87File, at: 1, off: 16, size: 16},
		}}
	}
	classes, ok := classifySysV(s)
	if !ok {
		return placement{pieces: []piece{{file: intFile, at: 0, size: 8}}, indirect: true}
	}
	var p placement
	var ints, floats uint64
	for j, c := range classes {
		q := eightbytePiece(s, classes, j)
		switch c {
		case integerEight:
			q.file, q.at = intFile, ints
			ints++
		case sseEight:
			q.file, q.at = floatFile, floats
			floats++
		case x87Eight:
			q.file, q.size = x87File, 16
		default:
			continue
		}
		p.pieces = append(p.pieces, q)
	}
	return p
}

// eightbytePiece is the j-th eightbyte of a value, with the second half of a
// vector that begins there.
func eightbytePiece(s *shape, classes [2]eightbyte, j int) piece {
	off := uint64(j) * 8
	if j == 0 && classes[1] == sseUpEight {
		return piece{size: 16}
	}
	return piece{off: off, size: min(8, s.size-min(s.size, off))}
}
