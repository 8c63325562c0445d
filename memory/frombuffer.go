package memory

import "github.com/wasmffi/wasmffi/dtype"

// FromBuffer views the bytes of buf from offset on as a C object of type t. The
// bytes are shared: what is stored in the view is in buf, and several views of
// one buffer may overlap. Too few bytes are an error wrapping ErrOutOfBounds.
// Pointers in them have nowhere to point to: see [BufferSpaceOf].
func FromBuffer(abi *dtype.ABI, t dtype.Type, buf []byte, offset uint64) (View, error) {
	part, err := bufferPart(abi, t, buf, offset)
	if err != nil {
		return View{}, err
	}
	space, err := BufferSpaceOf(abi, part)
	if err != nil {
		return View{}, err
	}
	return NewView(space, nil, space.Base(), 0, t)
}

// FromBytes makes a C object of type t with a copy of the bytes of buf from
// offset on.
func (a *Arena) FromBytes(t dtype.Type, buf []byte, offset uint64) (View, error) {
	part, err := bufferPart(a.space.ABI(), t, buf, offset)
	if err != nil {
		return View{}, err
	}
	v, err := a.New(t)
	if err != nil {
		return View{}, err
	}
	return v, v.SetBytes(part)
}

// bufferPart is the part of buf that an object of type t at offset is.
func bufferPart(abi *dtype.ABI, t dtype.Type, buf []byte, offset uint64) ([]byte, error) {
	size, err := abi.Size(t)
	if err != nil {
		return nil, err
	}
	have := uint64(len(buf))
	if offset > have || size > have-offset {
		return nil, &Error{Op: "view", Path: t.String(), Addr: offset, Len: size, Size: have, Err: ErrOutOfBounds}
	}
	return buf[offset : offset+size : offset+size], nil
}
