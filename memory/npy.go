package memory

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

const (
	npyMagic = "\x93NUMPY"
	// maxNPYHeader is more than any dtype takes; NumPy itself stops at 10,000.
	maxNPYHeader = 1 << 18
)

// WriteNPY writes an array as numpy.save does: structured types and texts
// included, Fortran's order kept where the array has it.
func WriteNPY(w io.Writer, a Array) error {
	if a.space == nil {
		return a.fail("npy", ErrNull)
	}
	fortran := a.order() == FContiguous
	dict, err := a.space.ABI().FormatNPYHeader(dtype.NPYHeader{Type: a.elem, BigEndian: a.BigEndian(), Fortran: fortran, Shape: a.shape})
	if err != nil {
		return a.fail("npy", err)
	}
	data := a
	if fortran {
		if data, err = a.Transpose(); err != nil {
			return err
		}
	}
	b, err := data.ToBytes()
	if err != nil {
		return err
	}
	head := []byte(npyMagic + "\x01\x00\x00\x00")
	if len(dict) > 1<<16-128 {
		head = []byte(npyMagic + "\x02\x00\x00\x00\x00\x00")
	}
	n := len(head)
	head = append(head, dict...)
	for len(head)%64 != 63 {
		head = append(head, ' ')
	}
	head = append(head, '\n')
	if n == 10 {
		binary.LittleEndian.PutUint16(head[8:], uint16(len(head)-n))
	} else {
		binary.LittleEndian.PutUint32(head[8:], uint32(len(head)-n))
	}
	for _, part := range [][]byte{head, b} {
		if _, err := w.Write(part); err != nil {
			return a.fail("npy", err)
		}
	}
	return nil
}

// ReadNPY reads an array that numpy.save wrote, into memory of Go's own. More
// than limit bytes of elements are an error wrapping [ErrNoMemory], before any
// are read. Objects, dates and other types without a C type are errors.
func ReadNPY(r io.Reader, abi *dtype.ABI, limit uint64) (Array, error) {
	fail := func(err error) (Array, error) { return Array{}, &Error{Op: "npy", Err: err} }
	text, err := readNPYHeader(r)
	if err != nil {
		return fail(err)
	}
	h, err := abi.ParseNPYHeader(text)
	if err != nil {
		return fail(err)
	}
	size, err := abi.Size(h.Type)
	if err != nil {
		return fail(err)
	}
	count, err := product(h.Shape)
	if err != nil {
		return fail(err)
	}
	if size > 0 && count > min(limit, maxBuffer)/size {
		return fail(fmt.Errorf("%w: %d elements of %d bytes, %d bytes allowed", ErrNoMemory, count, size, limit))
	}
	data, err := io.ReadAll(io.LimitReader(r, int64(count*size))) // grows with what is there
	if err == nil && uint64(len(data)) < count*size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fail(err)
	}
	a, err := newArray(abi, nil, h.Type, h.Shape, fileOrder(h))
	if err != nil {
		return fail(err)
	}
	if h.BigEndian {
		a.from = &origin{root: h.Type, big: hasByteOrder(h.Type)}
	}
	if len(data) > 0 {
		err = a.space.WriteAt(data, a.addr)
	}
	return a, err
}

// fileOrder is the axes in the order in which they lie in the file.
func fileOrder(h dtype.NPYHeader) []int {
	if !h.Fortran {
		return nil
	}
	order := make([]int, len(h.Shape))
	for i := range order {
		order[i] = i
	}
	return order
}

func readNPYHeader(r io.Reader) (string, error) {
	var head [12]byte
	if _, err := io.ReadFull(r, head[:10]); err != nil {
		return "", fmt.Errorf("%w: no .npy file: %w", ErrType, err)
	}
	if string(head[:6]) != npyMagic || head[6] < 1 || head[6] > 3 {
		return "", fmt.Errorf("%w: no .npy file, or of a version unknown", ErrType)
	}
	n := uint32(binary.LittleEndian.Uint16(head[8:]))
	if head[6] > 1 {
		if _, err := io.ReadFull(r, head[10:]); err != nil {
			return "", err
		}
		n = binary.LittleEndian.Uint32(head[8:])
	}
	if n > maxNPYHeader {
		return "", fmt.Errorf("%w: a header of %d bytes", ErrRange, n)
	}
	text := make([]byte, n)
	_, err := io.ReadFull(r, text)
	return string(text), err
}

// WriteNPZ writes named arrays as numpy.savez does, or numpy.savez_compressed.
func WriteNPZ(w io.Writer, compress bool, arrays map[string]Array) error {
	z := zip.NewWriter(w)
	method := zip.Store
	if compress {
		method = zip.Deflate
	}
	for _, name := range sortedKeys(arrays) {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: method})
		if err != nil {
			return &Error{Op: "npz", Path: name, Err: err}
		}
		if err := WriteNPY(f, arrays[name]); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return &Error{Op: "npz", Err: err}
	}
	return nil
}

// ReadNPZ reads the arrays of an archive of size bytes that numpy.savez wrote.
// All of them together may have limit bytes of elements. See [ReadNPY].
func ReadNPZ(r io.ReaderAt, size int64, abi *dtype.ABI, limit uint64) (map[string]Array, error) {
	fail := func(name string, err error) (map[string]Array, error) {
		return nil, &Error{Op: "npz", Path: name, Err: err}
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return fail("", err)
	}
	arrays := map[string]Array{}
	for _, file := range z.File {
		f, err := file.Open()
		if err != nil {
			return fail(file.Name, err)
		}
		a, err := ReadNPY(f, abi, limit)
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			return fail(file.Name, err)
		}
		limit -= uint64(a.Len()) * a.size
		arrays[strings.TrimSuffix(file.Name, ".npy")] = a
	}
	return arrays, nil
}

func sortedKeys(m map[string]Array) []string { return slices.Sorted(maps.Keys(m)) }
