package wasmffi

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/memory"
)

// checkCast reports whether elements of type e, in an ABI, may become what a
// parameter of type p takes: integers any integers, whose range is checked when
// they are converted, others by the rule of same kinds.
func checkCast(abi *dtype.ABI, e, p dtype.Type) error {
	if isNumber(e) && (isInteger(e) && isInteger(p) || memory.CanCast(abi, e, p, memory.SameKind)) {
		return nil
	}
	return fmt.Errorf("%w: elements %v for C %v", memory.ErrType, e, p)
}

func isInteger(t dtype.Type) bool {
	switch dtype.Resolve(t).(type) {
	case *dtype.Int, *dtype.Enum:
		return true
	}
	return false
}

// sameScalar reports whether every object of type e is one of type p.
func sameScalar(abi *dtype.ABI, e, p dtype.Type) bool {
	elo, ehi, _ := intRange(abi, e)
	plo, phi, _ := intRange(abi, p)
	return abi.LayoutEqual(e, p) && elo == plo && ehi == phi
}

// checkRange reports whether the integers of a are all in the range of p, of
// another ABI perhaps.
func checkRange(abi *dtype.ABI, a memory.Array, p dtype.Type) error {
	if !isInteger(a.Elem()) || !isInteger(p) || a.Len() == 0 {
		return nil
	}
	lo, hi, narrow := intRange(abi, p)
	from, to, known := intRange(a.Space().ABI(), a.Elem())
	switch {
	case !narrow && (lo == 0) == (from == 0), narrow && known && from >= lo && to <= hi:
		return nil
	case !narrow || !known:
		return fmt.Errorf("%w: elements %v for C %v", ErrNotSupported, a.Elem(), p)
	}
	least, err := a.Min()
	if err != nil {
		return err
	}
	most, err := a.Max()
	if err != nil {
		return err
	}
	if from == 0 {
		n, err := memory.LoadItem[uint64](most)
		if err == nil && n > hi {
			err = fmt.Errorf("%w: element %d for C %v", memory.ErrRange, n, p)
		}
		return err
	}
	for _, item := range []memory.Array{least, most} {
		n, err := memory.LoadItem[int64](item)
		if err == nil && (n < lo || n > 0 && uint64(n) > hi) {
			err = fmt.Errorf("%w: element %d for C %v", memory.ErrRange, n, p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
