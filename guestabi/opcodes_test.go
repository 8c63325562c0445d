package guestabi

import "sync"

// eachOp calls f for every opcode there is.
func eachOp(f func(opcode, *opInfo)) {
	for _, p := range []opcode{0, prefixMisc, prefixSIMD, prefixAtomic} {
		for n := opcode(0); n < 256; n++ {
			if in := (p | n).info(); in != nil {
				f(p|n, in)
			}
		}
	}
}

// producers are the opcodes that the table says all about, by the type of their
// result.
var producers = sync.OnceValue(func() map[ValueType][]opcode {
	of := map[ValueType][]opcode{}
	eachOp(func(op opcode, in *opInfo) {
		switch in.imm {
		case immNone, immMemArg, immMemLane, immLane, immShuffle, immAtomic:
		case immMemory:
			if op != opMemorySize {
				return
			}
		default:
			return
		}
		// Those that wait or wake trap or do nothing in memory of one's own.
		if in.typed && in.push != 0 && (op < prefixAtomic || op >= prefixAtomic|0x10) {
			of[in.push] = append(of[in.push], op)
		}
	})
	return of
})

// storesOf are the opcodes that store to memory.
var storesOf = sync.OnceValue(func() (of []opcode) {
	eachOp(func(op opcode, in *opInfo) {
		if in.typed && in.push == 0 && in.npops == 2 && (in.imm == immMemArg || in.imm == immMemLane || in.imm == immAtomic) {
			of = append(of, op)
		}
	})
	return of
})
