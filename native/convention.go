package native

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// A convention is a platform's rule for where arguments and results are while
// one function calls another. It is data in, data out: nothing here runs code
// of this machine, so every convention is tested on every machine.
type convention struct {
	name  string
	abi   *dtype.ABI
	lower func(sig *signature) (*lowering, error)
	// packsStack: stack arguments take their own size and alignment, not
	// multiples of eight bytes.
	packsStack bool
}

// A signature is a function type reduced to shapes.
type signature struct {
	params []shape
	fixed  int // parameters that are declared; the rest matched "..."
	// variadic functions differ from others on Apple's arm64 and on Windows.
	variadic bool
	result   shape
}

// A lowering says where a call's values are.
type lowering struct {
	params []placement
	result placement
	// stack is the size of the argument area in bytes, align its alignment.
	stack, align uint64
	vectors      int // vector registers that carry arguments
	// rest is where what matches "..." would go on behind these parameters: the
	// registers used, and the offset of the next stack argument.
	rest vaState
}

// A placement says where one value is. No pieces: nowhere, as for void and
// empty structs.
type placement struct {
	pieces []piece
	// indirect values are passed as the address of a copy, and the piece is
	// where that address goes. An indirect result is written by the callee to
	// an address that the caller passes.
	indirect bool
}

// A piece is a run of a value's bytes in one register or on the stack.
type piece struct {
	file file
	at   uint64 // register number, or offset from the start of the stack arguments
	off  uint64 // of the value
	size uint64
}

// A file is a set of registers of one kind, or the stack.
type file uint8

const (
	intFile    file = iota
	floatFile       // XMM, V
	resultFile      // AAPCS64's X8, which holds an indirect result's address
	x87File
	stackFile
)

// signatureOf reduces a function type.
func signatureOf(abi *dtype.ABI, t *dtype.Func) (*signature, error) {
	sig := &signature{fixed: t.Fixed(), variadic: t.Variadic()}
	for i, p := range t.Params() {
		s, err := shapeOf(abi, p.Type)
		if err != nil {
			return nil, fmt.Errorf("parameter %d: %w", i+1, err)
		}
		sig.params = append(sig.params, s)
	}
	var err error
	if sig.result, err = shapeOf(abi, t.Result()); err != nil {
		return nil, fmt.Errorf("result: %w", err)
	}
	return sig, nil
}

func alignUp(n, align uint64) uint64 { return (n + align - 1) &^ (align - 1) }
