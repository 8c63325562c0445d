package memory

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// An Op is an operation on the elements of two arrays, as NumPy's universal
// functions:
//
//	c, err := memory.Add.Of(a, b)          // np.add(a, b)
//	err = memory.Add.Into(out, a, b)       // np.add(a, b, out=out)
//
// The arrays are broadcast to one shape, the elements converted to the type
// that [ResultType] gives. Integers wrap around. Div is true division: of
// integers, doubles. Minimum and Maximum give a NaN where one is; complex
// numbers are ordered by their real parts first. Comparisons give bool.
type Op uint8

const (
	Add Op = iota + 1
	Sub
	Mul
	Div
	Minimum
	Maximum
	Equal
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
)

var opNames = [...]string{Add: "add", Sub: "subtract", Mul: "multiply", Div: "divide", Minimum: "minimum", Maximum: "maximum",
	Equal: "equal", NotEqual: "not equal", Less: "less", LessEqual: "less or equal", Greater: "greater", GreaterEqual: "greater or equal"}

// String is the name, for errors.
func (op Op) String() string {
	if op >= Add && op <= GreaterEqual {
		return opNames[op]
	}
	return fmt.Sprintf("Op(%d)", uint8(op))
}

func (op Op) compares() bool { return op >= Equal && op <= GreaterEqual }

// holds is the result of a comparison of what is ordered so; of what has no
// order, being NaN, only NotEqual holds.
func (op Op) holds(order int, comparable bool) bool {
	switch {
	case !comparable:
		return op == NotEqual
	case op == Equal:
		return order == 0
	case op == NotEqual:
		return order != 0
	case op == Less:
		return order < 0
	case op == LessEqual:
		return order <= 0
	case op == Greater:
		return order > 0
	}
	return order >= 0
}

// kernel is the loop of an operation for operands of these kinds: the kind it
// works on and that of its result.
func (op Op) kernel(wide wideFormat, a, b numKind) (loop loop2, in, out numKind, err error) {
	in = promote(a, b)
	if op == Div && (in == numBool || in.integer() && !in.wide()) {
		in = numF64
	}
	switch {
	case op < Add || op > GreaterEqual:
		return nil, 0, 0, fmt.Errorf("%w: no such operation %v", ErrType, op)
	case in == noNum:
		return nil, 0, 0, fmt.Errorf("%w: %v and %v have no common type", ErrType, numTypes[a], numTypes[b])
	case op.compares():
		return compareLoop(wide, op, in), in, numBool, nil
	}
	loop = arithmeticLoop(wide, op, in)
	if loop == nil {
		return nil, 0, 0, fmt.Errorf("%w: %v of %v", dtype.ErrNotSupported, op, numTypes[in])
	}
	return loop, in, in, nil
}
