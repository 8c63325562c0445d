package wasmffi

import (
	"context"
	"fmt"
	"unsafe"
)

// The functions here copy between a Go value and a frame's words. The moves'
// offsets and sizes are those of the value's type, so that every access is
// inside it (unsafe.Pointer rule 3); the caller's variable keeps it alive. What
// is copied is free of Go pointers: prepare has seen to that.

// Call calls the function. It panics with the *Error that CallContext would
// return.
func (p *Prepared[A, R]) Call(args A) (r R) {
	if err := p.do(nil, unsafe.Pointer(&args), unsafe.Pointer(&r)); err != nil {
		panic(err)
	}
	return r
}

// CallContext calls the function under a context, which may be nil.
func (p *Prepared[A, R]) CallContext(ctx context.Context, args A) (r R, err error) {
	err = p.do(ctx, unsafe.Pointer(&args), unsafe.Pointer(&r))
	return r, err
}

// do makes a call with the arguments at args and stores the result at result.
func (p *prepared) do(ctx context.Context, args, result unsafe.Pointer) error {
	if p.plan == nil {
		return errUnbound
	}
	if n := p.plan.shape.Words; n > fewWords {
		f := takeFrame(n)
		defer frames.Put(f)
		return p.doIn(*f, ctx, args, result)
	}
	return p.doHere(ctx, args, result)
}

// doHere is do with the frame's words on the stack.
func (p *prepared) doHere(ctx context.Context, args, result unsafe.Pointer) error {
	var words [fewWords]uint64
	return p.doIn(words[:p.plan.shape.Words], ctx, args, result)
}

func (p *prepared) doIn(words []uint64, ctx context.Context, args, result unsafe.Pointer) error {
	for i := range p.args {
		if err := p.args[i].put(words, args); err != nil {
			return p.plan.fail(i+1, err)
		}
	}
	if p.fast != nil && ctx == nil {
		if err := callWords(p.fast, nil, words); err != nil {
			return p.plan.fail(0, err)
		}
	} else {
		f := Frame{Words: words}
		if err := p.plan.enter(ctx, &f); err != nil {
			return err
		}
	}
	if p.result.size == 0 {
		return nil
	}
	if err := p.result.take(words, result); err != nil {
		return p.plan.fail(0, fmt.Errorf("result: %w", err))
	}
	return nil
}

// put copies a value of the struct at args to the words.
func (m *move) put(words []uint64, args unsafe.Pointer) error {
	from := unsafe.Add(args, m.offset)
	if !m.scalar {
		copy(wordBytes(words[m.first:]), unsafe.Slice((*byte)(from), m.size))
		return nil
	}
	var w uint64
	switch m.size {
	case 1:
		w = uint64(*(*uint8)(from))
	case 2:
		w = uint64(*(*uint16)(from))
	case 4:
		w = uint64(*(*uint32)(from))
	default:
		w = *(*uint64)(from)
	}
	w = uint64(int64(w<<(m.shift&63)) >> (m.shift & 63))
	if m.conv != nil {
		var err error
		if w, err = m.conv.convert(w); err != nil {
			return err
		}
	}
	words[m.first] = w
	return nil
}

// take copies a value from the words to result.
func (m *move) take(words []uint64, result unsafe.Pointer) error {
	if !m.scalar {
		copy(unsafe.Slice((*byte)(result), m.size), wordBytes(words[m.first:]))
		return nil
	}
	w := words[m.first]
	if m.conv != nil {
		var err error
		if w, err = m.conv.convert(w); err != nil {
			return err
		}
	}
	switch m.size {
	case 1:
		*(*uint8)(result) = uint8(w)
	case 2:
		*(*uint16)(result) = uint16(w)
	case 4:
		*(*uint32)(result) = uint32(w)
	default:
		*(*uint64)(result) = w
	}
	return nil
}
