//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"encoding/binary"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// VaList implements wasmffi.VaLister.
func (l *library) VaList(words []uint64) (wasmffi.VaArgs, error) {
	a := &vaArgs{space: &l.space, rule: vaRules[hostConvention.name], addr: words[0]}
	if a.rule.size == 0 {
		a.state.stack = words[0]
		return a, nil
	}
	b := make([]byte, a.rule.size)
	if len(words) > 1 { // the struct itself, not its address
		a.addr = 0
		copy(b, wordBytes(words))
	} else if err := a.space.ReadAt(b, a.addr); err != nil {
		return nil, err
	}
	a.state.unpack(b)
	return a, nil
}

// vaArgs is a va_list being read. Its place in C's memory is brought up to date
// only when C is to go on with it.
type vaArgs struct {
	space memory.Space
	rule  vaRule
	addr  uint64 // of C's va_list; what it is, where that is a pointer; or 0
	state vaState
}

func (a *vaArgs) Next(t dtype.Type, dst []byte) error {
	s, err := shapeOf(a.space.ABI(), t)
	if err != nil {
		return err
	}
	st := a.state
	pieces, indirect := a.rule.next(&st, &s)
	for _, p := range pieces {
		if indirect {
			var to [8]byte
			if err := a.space.ReadAt(to[:], p.addr); err != nil {
				return err
			}
			p = vaPiece{binary.LittleEndian.Uint64(to[:]), 0, s.size}
		}
		if err := a.space.ReadAt(dst[p.off:][:p.size], p.addr); err != nil {
			return err
		}
	}
	a.state = st
	return nil
}

func (a *vaArgs) Word() (uint64, error) {
	if a.rule.size == 0 {
		return a.state.stack, nil
	}
	if a.addr == 0 {
		return 0, memory.ErrNull
	}
	b := make([]byte, a.rule.size)
	a.state.pack(b)
	return a.addr, a.space.WriteAt(b, a.addr)
}
