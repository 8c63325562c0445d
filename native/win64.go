package native

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// The Microsoft convention for x64: "x64 calling convention" in Microsoft's C++
// documentation. Every argument takes one slot of eight bytes, the first four
// in registers with room for them left on the stack.
var win64 = &convention{name: "win64", abi: dtype.WindowsAMD64, lower: lowerWin64}

// homeSpace is the stack room for the four register arguments.
const homeSpace = 32

func lowerWin64(sig *signature) (*lowering, error) {
	l := &lowering{align: 16}
	slot := uint64(0)
	if err := refuseWide(sig); err != nil {
		return nil, err
	}
	switch s := &sig.result; {
	case s.size == 0:
	case s.size == 16 && !s.aggregate && (s.parts[0].class == vectorClass || s.parts[0].class == integerClass):
		l.result.pieces = []piece{{file: floatFile, size: 16}} // __m128, __int128
	case inRegisterWin64(s):
		l.result.pieces = []piece{{file: intFile, size: s.size}}
		if s.scalar() && s.parts[0].class == floatClass {
			l.result.pieces[0].file = floatFile
		}
	default:
		l.result = placement{pieces: []piece{{file: intFile, size: 8}}, indirect: true}
		slot = 1
	}
	for i := range sig.params {
		s := &sig.params[i]
		var p placement
		float := s.scalar() && s.parts[0].class == floatClass
		size := s.size
		if !inRegisterWin64(s) {
			p.indirect, size = true, 8
		}
		switch {
		case slot >= 4:
			p.pieces = []piece{{file: stackFile, at: slot * 8, size: size}}
		case float:
			p.pieces = []piece{{file: floatFile, at: slot, size: size}}
			l.vectors = int(slot) + 1
			if sig.variadic { // the callee looks for it in the integer register
				p.pieces = append(p.pieces, piece{file: intFile, at: slot, size: size})
			}
		default:
			p.pieces = []piece{{file: intFile, at: slot, size: size}}
		}
		slot++
		l.params = append(l.params, p)
	}
	l.stack = max(homeSpace, slot*8)
	l.rest = vaState{stack: slot * 8}
	return l, nil
}

// inRegisterWin64 reports whether a value travels as itself: scalars, and
// structs of 1, 2, 4 or 8 bytes.
func inRegisterWin64(s *shape) bool {
	return s.size == 1 || s.size == 2 || s.size == 4 || s.size == 8
}

// refuseWide refuses vectors larger than a register of SSE's: gcc passes the
// address of a copy, clang halves in registers.
func refuseWide(sig *signature) error {
	for _, s := range append(sig.params[:len(sig.params):len(sig.params)], sig.result) {
		if !s.aggregate && s.size > 16 && s.parts[0].class == vectorClass {
			return fmt.Errorf("%w: a vector of %d bytes by value, on which compilers disagree", dtype.ErrNotSupported, s.size)
		}
	}
	return nil
}
