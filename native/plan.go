//go:build ((linux || darwin) && (amd64 || arm64)) || (windows && amd64)

package native

import (
	"math"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
)

// A plan is a lowering turned into copies between a frame's words and a call's
// image: the words that the assembly loads registers and stack from. One plan
// serves every call of a signature, and callbacks, whose copies go the other
// way.
type plan struct {
	shape wasmffi.Shape
	// target lacks the function and the library.
	target callTarget
	// direct: every parameter and the result are one word each, which the
	// assembly loads from the frame and stores there itself.
	direct     bool
	resultWord int
	resultEx   extension

	params   copies // frame to image
	incoming []incoming
	// refs are parameters passed as the address of a copy, kept behind the
	// image proper. If the result is indirect, the room for it is the last.
	refs     []reference
	indirect bool
	result   copies // the room's results to the frame

	// irregular: a callback has more to do than to copy words.
	irregular bool
	// variadic: a callback's "..." become a va_list, whose address goes into
	// the frame's word vaWord. It begins at rest.
	variadic bool
	vaWord   int
	rest     vaState

	imageWords int // registers, stack and copies
	stackWords int
}

// An incoming is a word that a callback takes from C.
type incoming struct {
	extension
	offset uint32 // in the image, in bytes
	frame  uint32 // word in the frame
}

// copies are copies of whole words, and of shorter runs of bytes.
type copies struct {
	words []wordCopy
	bytes []byteCopy
}

type wordCopy struct{ from, to uint32 } // indices of words

type byteCopy struct{ from, to, size uint32 } // in bytes

// A reference is a value whose address is passed.
type reference struct {
	frame uint32 // first word in the frame
	words uint32
	size  uint64 // in bytes
	copy  uint32 // in the image: first word of the room for its copy
	align uint64 // of the copy, in bytes
	at    uint32 // the image's word that takes the address
}

// newCallbackPlan lowers the signature of a function that C calls.
func newCallbackPlan(conv *convention, t *dtype.Func) (*plan, error) {
	if !t.Variadic() {
		return newPlan(conv, t)
	}
	declared, err := dtype.NewFunc(t.Result(), t.Params()[:t.Fixed()], true)
	if err != nil {
		return nil, err
	}
	p, err := planFor(conv, declared, wasmffi.CallbackFrame(t))
	if err != nil {
		return nil, err
	}
	p.variadic, p.irregular = true, true
	p.vaWord = p.shape.Params[t.Fixed()].First
	return p, nil
}

// newPlan lowers a signature.
func newPlan(conv *convention, t *dtype.Func) (*plan, error) { return planFor(conv, t, t) }

// planFor lowers a signature for frames that are laid out by another, which
// may have more parameters.
func planFor(conv *convention, t, frame *dtype.Func) (*plan, error) {
	sig, err := signatureOf(conv.abi, t)
	if err != nil {
		return nil, err
	}
	low, err := conv.lower(sig)
	if err != nil {
		return nil, err
	}
	shape, err := wasmffi.FrameShape(conv.abi, frame)
	if err != nil {
		return nil, err
	}
	p := &plan{shape: shape, resultWord: shape.Result.First, resultEx: extensionOf(&sig.result), rest: low.rest}
	p.stackWords = int(alignUp(low.stack, 16) / 8)
	p.imageWords = firstStack + p.stackWords
	for i, pl := range low.params {
		if pl.indirect {
			p.refs = append(p.refs, p.reserve(shape.Params[i], &sig.params[i], pl.pieces[0]))
			continue
		}
		before := len(p.params.words)
		for _, q := range pl.pieces {
			p.params.add(uint64(shape.Params[i].First)*8+q.off, imageOffset(q), q.size, q.file != stackFile || !conv.packsStack)
		}
		for _, w := range p.params.words[before:] {
			p.incoming = append(p.incoming, incoming{extensionOf(&sig.params[i]), 8 * w.to, w.from})
		}
	}
	if low.result.indirect {
		p.indirect = true
		p.refs = append(p.refs, p.reserve(shape.Result, &sig.result, low.result.pieces[0]))
	} else {
		for _, q := range low.result.pieces {
			p.result.add(resultOffset(q), uint64(shape.Result.First)*8+q.off, q.size, true)
		}
	}
	p.aim(low, sig)
	p.irregular = len(p.refs)+len(p.params.bytes)+len(p.result.bytes)+int(p.target.x87)+int(p.target.wide) != 0
	return p, nil
}

// aim fills in the target: from the frame's words if each value is one, else
// from the image.
func (p *plan) aim(low *lowering, sig *signature) {
	t := &p.target
	t.nstack = uintptr(p.stackWords)
	t.spmask = ^uintptr(low.align - 1)
	t.nvec = uintptr(low.vectors)
	for _, q := range low.result.pieces {
		if q.file == x87File {
			t.x87++
		}
		if q.whole() {
			t.wide = 1
		}
	}
	p.direct = len(p.params.bytes) == 0 && len(p.refs) == 0 && p.shape.Words <= math.MaxUint16 &&
		len(low.result.pieces) <= 1 && sig.result.size <= 8
	for _, pl := range low.params {
		for _, q := range pl.pieces {
			if q.whole() {
				p.direct, t.wide = false, 1
			}
		}
	}
	stack := make([]uint32, p.stackWords)
	if p.direct {
		for _, w := range p.params.words {
			switch {
			case w.to >= firstStack:
				stack[w.to-firstStack] = w.from
			case w.to >= firstFloat:
				t.floats[(w.to-firstFloat)/floatWords] = uint16(w.from)
			default:
				t.ints[w.to] = uint16(w.from)
				t.nints = max(t.nints, w.to+1)
			}
		}
		t.result, t.shift = p.resultEx.mode()
		switch {
		case len(low.result.pieces) == 0:
			t.result = resultNone
		case low.result.pieces[0].file == floatFile:
			t.result = resultFloat
		}
	} else {
		for i := range t.ints {
			t.ints[i] = uint16(i)
		}
		for i := range t.floats {
			t.floats[i] = uint16(firstFloat + floatWords*i)
		}
		for i := range stack {
			stack[i] = uint32(firstStack + i)
		}
		if t.wide != 0 {
			t.nvec = uintptr(len(t.floats)) // System V wants no more than an upper bound
		}
		t.nints = uint32(len(t.ints))
		t.result = resultAll
	}
	t.setStack(stack)
}

// whole reports whether a piece takes more than a word of a vector register: a
// vector, or a long double on arm64.
func (q piece) whole() bool { return q.file == floatFile && q.size > 8 }

// reserve makes room behind the image for a copy of a value, wherever the
// image happens to be aligned.
func (p *plan) reserve(s wasmffi.Slot, v *shape, at piece) reference {
	align := max(v.align, 16)
	r := reference{frame: uint32(s.First), words: uint32(s.Words), size: v.size, copy: uint32(p.imageWords), align: align, at: uint32(imageOffset(at) / 8)}
	p.imageWords += s.Words + int(align/8) - 1
	return r
}

// add appends the copy of a run of bytes. A run shorter than its words may
// take the whole words where nothing else is in them.
func (c *copies) add(from, to, size uint64, alone bool) {
	if from%8 == 0 && to%8 == 0 && (alone || size%8 == 0) {
		for i := uint64(0); i < size; i += 8 {
			c.words = append(c.words, wordCopy{uint32((from + i) / 8), uint32((to + i) / 8)})
		}
		return
	}
	c.bytes = append(c.bytes, byteCopy{uint32(from), uint32(to), uint32(size)})
}

// run copies words from src to dst.
func (c *copies) run(dst, src []uint64) {
	for _, w := range c.words {
		dst[w.to] = src[w.from]
	}
	for _, b := range c.bytes {
		b.copy(dst, src)
	}
}

// back copies in the other direction.
func (b byteCopy) back(dst, src []uint64) { byteCopy{b.to, b.from, b.size}.copy(dst, src) }

func (b byteCopy) copy(dst, src []uint64) {
	from, to := uint(b.from%8*8), uint(b.to%8*8)
	if bits := uint(b.size) * 8; from+bits <= 64 && to+bits <= 64 {
		mask := ^uint64(0) >> (64 - bits) // bits is not 0: no piece is empty
		d := &dst[b.to/8]
		*d = *d&^(mask<<to) | src[b.from/8]>>from&mask<<to
		return
	}
	for i := range b.size {
		byteCopy{b.from + i, b.to + i, 1}.copy(dst, src)
	}
}

// imageOffset is where a piece is in the image, in bytes.
func imageOffset(q piece) uint64 {
	switch q.file {
	case floatFile:
		return (firstFloat + floatWords*q.at) * 8
	case resultFile:
		return resultReg * 8
	case stackFile:
		return firstStack*8 + q.at
	}
	return q.at * 8
}

// resultOffset is where a piece of a result is among the image's results.
func resultOffset(q piece) uint64 {
	switch q.file {
	case floatFile:
		return (vectorResult + floatWords*q.at) * 8
	case x87File:
		return (x87Result + 2*q.at) * 8
	}
	return q.at * 8
}

// An extension makes a word canonical. Neither callers nor callees define the
// bits above a scalar's type; shifting them out and back clears them or gives
// them the sign. The zero extension leaves a word as it is.
type extension struct {
	shift  uint8
	signed bool
	truth  bool // _Bool: 0 or 1
}

func extensionOf(s *shape) extension {
	if !s.scalar() {
		return extension{}
	}
	return extension{uint8(64 - 8*s.size), s.signed, s.boolean}
}

// mode is how the assembly applies the extension to an integer result.
func (e extension) mode() (result, shift uint32) {
	switch {
	case e.truth:
		return resultBool, 0
	case e.signed:
		return resultSigned, uint32(e.shift)
	}
	return resultUnsigned, uint32(e.shift)
}

func (e extension) apply(w uint64) uint64 {
	w <<= e.shift & 63
	switch {
	case e.truth && w != 0:
		return 1
	case e.signed:
		return uint64(int64(w) >> (e.shift & 63))
	}
	return w >> (e.shift & 63)
}
