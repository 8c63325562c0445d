package wasmffi

import (
	"github.com/wasmffi/wasmffi/dtype"
)

// A Shape is where the words of a frame are.
type Shape struct {
	Params []Slot
	Result Slot // Words 0 for a void function
	Words  int  // all of them
}

// A Slot is the place of one parameter or result in a frame.
type Slot struct {
	Type  dtype.Type
	First int    // index of its first word
	Words int    // how many it takes: 1 for a scalar, its size rounded up for others
	Size  uint64 // the type's size in bytes, which may end within a word
}

// FrameShape computes where a signature's parameters and result are in
// [Frame.Words]: the parameters in order, then the result, each beginning at a
// word of its own. Both sides of the boundary compute it, so it needs no
// negotiation.
func FrameShape(abi *dtype.ABI, sig *dtype.Func) (Shape, error) {
	var s Shape
	slot := func(t dtype.Type) (Slot, error) {
		size, err := abi.Size(t)
		if err != nil {
			return Slot{}, err
		}
		at := Slot{Type: t, First: s.Words, Words: int((size + 7) / 8), Size: size}
		s.Words += at.Words
		return at, nil
	}
	for _, p := range sig.Params() {
		at, err := slot(p.Type)
		if err != nil {
			return Shape{}, err
		}
		s.Params = append(s.Params, at)
	}
	s.Result = Slot{Type: sig.Result(), First: s.Words}
	if dtype.Resolve(sig.Result()) != dtype.CVoid {
		at, err := slot(sig.Result())
		if err != nil {
			return Shape{}, err
		}
		s.Result = at
	}
	return s, nil
}

// CallbackFrame is the signature that a callback's frame is laid out by: the
// callback's own, but with a va_list where C has "...", a pointer for
// [VaLister].
func CallbackFrame(sig *dtype.Func) *dtype.Func {
	if !sig.Variadic() {
		return sig
	}
	fixed := sig.Fixed()
	params := append(sig.Params()[:fixed:fixed], dtype.Param{Type: dtype.PointerTo(dtype.CVoid)})
	f, err := dtype.NewFunc(sig.Result(), params, false)
	if err != nil {
		return sig // its own types were valid
	}
	return f
}
