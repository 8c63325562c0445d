package memory

import (
	"fmt"
	"math"

	"github.com/wasmffi/wasmffi/dtype"
)

// stringChunk is how much of a string is read at a time. Reads end at multiples
// of it, so that they reach no page that the string is not on.
const stringChunk = 512

// CString reads the NUL-terminated string at addr, of max bytes at most without
// the NUL; 0 is no limit but the end of memory. A string with no NUL by then
// is an error wrapping ErrOutOfBounds, NULL one wrapping ErrNull.
func CString(space Space, addr, max uint64) (string, error) {
	return readText(space, space.Lifetime(), addr, max, 1)
}

// WString reads the wchar_t string at addr, of max characters at most.
func WString(space Space, addr, max uint64) (string, error) {
	return readText(space, space.Lifetime(), addr, max, space.ABI().IntSize(dtype.WCharT))
}

// GoString is the NUL-terminated string that a pointer to characters points to.
// The length of the pointer does not count.
func (p Pointer) GoString() (string, error) { return p.CString(0) }

// CString is [Pointer.GoString] for strings of max characters at most.
func (p Pointer) CString(max uint64) (string, error) {
	if p.addr == 0 {
		return "", p.fail("string", ErrNull)
	}
	size := charSize(p.space.ABI(), p.elem)
	if size == 0 {
		return "", p.fail("string", fmt.Errorf("%w: no pointer to characters", ErrType))
	}
	return readText(p.space, p.life, p.addr, max, size)
}

// readText reads characters of size bytes up to a NUL.
func readText(space Space, life *Lifetime, addr, max, size uint64) (string, error) {
	fail := func(err error) (string, error) {
		return "", &Error{Op: "string", Addr: addr, Err: err}
	}
	if addr == 0 {
		return fail(ErrNull)
	}
	if err := life.Acquire(); err != nil {
		return fail(err)
	}
	defer life.Release()
	if max > math.MaxUint64/size {
		max = 0
	}
	var text []byte
	room := make([]byte, stringChunk)
	end := uint64(0) // no NUL before this
	for at := addr; ; {
		chunk := room[at%stringChunk:]
		n, err := readSome(space, chunk, at)
		if n == 0 && at == addr {
			return "", err
		}
		text = append(text, chunk[:n]...)
		for ; end+size <= uint64(len(text)); end += size {
			if max != 0 && end > max*size {
				return fail(fmt.Errorf("%w: no NUL after %d characters", ErrOutOfBounds, max))
			}
			if loadBytes(text[end:end+size], false) == 0 {
				return decodeText(text[:end], size, false), nil
			}
		}
		if n < len(chunk) {
			return fail(fmt.Errorf("%w: no NUL in the %d bytes before the end of memory", ErrOutOfBounds, len(text)))
		}
		at += uint64(n)
	}
}

// readSome reads as much of p as is mapped; an error means nothing is.
func readSome(space Space, p []byte, addr uint64) (int, error) {
	err := space.ReadAt(p, addr)
	if err == nil {
		return len(p), nil
	}
	if len(p) == 1 {
		return 0, err
	}
	// Find the end of the mapped bytes by halves.
	half := len(p) / 2
	n, err := readSome(space, p[:half], addr)
	if err != nil || n < half {
		return n, err
	}
	m, err := readSome(space, p[half:], addr+uint64(half))
	if err != nil {
		return n, nil
	}
	return n + m, nil
}
