package guestabi

import "encoding/binary"

// appendU32 and its like append the encodings of the binary format.
func appendU32(b []byte, v uint32) []byte { return binary.AppendUvarint(b, uint64(v)) }

func appendS64(b []byte, v int64) []byte {
	for v < -0x40 || v > 0x3f {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v)&0x7f)
}

func appendBytes(b, body []byte) []byte {
	return append(appendU32(b, uint32(len(body))), body...)
}

func appendString(b []byte, s string) []byte {
	return append(appendU32(b, uint32(len(s))), s...)
}

func appendSection(b []byte, id SectionID, body []byte) []byte {
	return appendBytes(append(b, byte(id)), body)
}

func appendLimits(b []byte, l Limits) []byte {
	flags := byte(0)
	if l.HasMax {
		flags |= limitsMax
	}
	if l.Shared {
		flags |= limitsShared
	}
	b = appendU32(append(b, flags), l.Min)
	if l.HasMax {
		b = appendU32(b, l.Max)
	}
	return b
}

func appendTable(b []byte, t Table) []byte { return appendLimits(append(b, byte(t.Elem)), t.Limits) }

func appendGlobalType(b []byte, g GlobalType) []byte {
	if g.Mutable {
		return append(b, byte(g.Type), 1)
	}
	return append(b, byte(g.Type), 0)
}

func appendFuncType(b []byte, t FuncType) []byte {
	b = append(b, 0x60)
	for _, list := range [...][]ValueType{t.Params, t.Results} {
		b = appendU32(b, uint32(len(list)))
		for _, v := range list {
			b = append(b, byte(v))
		}
	}
	return b
}

func appendExport(b []byte, name string, k Kind, index uint32) []byte {
	return appendU32(append(appendString(b, name), byte(k)), index)
}

func appendOp(b []byte, op opcode) []byte {
	switch p := op &^ 0xff; {
	case p == 0:
		return append(b, byte(op))
	case p == prefixSIMD:
		return appendU32(append(b, byte(p>>8)), uint32(op&0xff))
	default:
		return append(b, byte(p>>8), byte(op))
	}
}
