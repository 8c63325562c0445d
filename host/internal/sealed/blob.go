package sealed

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

// A file is its seal, which is the MAC of the head that follows: the blob's length
// in 8 bytes and the hashes of its parts. Then the blob.
const (
	// part is how much of a blob is hashed at a time: enough to keep another
	// processor busy, few enough that it is in the cache after it was read.
	part     = 256 << 10
	sealSize = sha256.Size
	minHead  = 8 // of an empty blob
)

// Overhead is how much larger a file is than its blob of n bytes.
func Overhead(n int64) int64 { return sealSize + headSize(n) }

func headSize(n int64) int64 { return minHead + parts(n)*sha256.Size }

func parts(n int64) int64 { return n/part + min(n%part, 1) }

// headOf is the head of a blob.
func headOf(blob []byte) []byte {
	head := make([]byte, headSize(int64(len(blob))))
	binary.LittleEndian.PutUint64(head, uint64(len(blob)))
	_ = together(parts(int64(len(blob))), func(i int64) error { // which does not fail
		sum := sha256.Sum256(blob[i*part : min((i+1)*part, int64(len(blob)))])
		copy(head[minHead+i*sha256.Size:], sum[:])
		return nil
	})
	return head
}

// A Blob is read from its file once and in order. What Read gives was compared
// with what was sealed, in the memory that it is given in.
type Blob struct {
	f    *os.File
	len  int64
	head []byte // sealed
	next int64  // the next part to be read
	rest []byte // of the part before, not given yet
	buf  []byte
	err  error
}

// Err is why reading has failed: the operating system's error, or ErrForged.
func (b *Blob) Err() error { return b.err }

// Close closes the file.
func (b *Blob) Close() error { return b.f.Close() }

// Read reads all of p, unless the blob ends before. After an error what is in p
// means nothing.
func (b *Blob) Read(p []byte) (int, error) {
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	if n == len(p) || b.err != nil {
		return n, b.err
	}
	// Parts that p has room for are read where they are to be.
	left, into := max(0, b.len-b.next*part), p[n:]
	direct := int64(len(into)) / part
	if int64(len(into)) >= left {
		direct = parts(left)
	}
	if b.err = together(direct, func(i int64) error {
		return b.read(into[i*part:min((i+1)*part, left)], b.next+i)
	}); b.err != nil {
		return 0, b.err
	}
	b.next += direct
	n += int(min(direct*part, left))
	if left -= direct * part; n < len(p) && left > 0 {
		if b.buf == nil {
			b.buf = make([]byte, min(part, left))
		}
		b.rest = b.buf[:min(part, left)]
		if b.err = b.read(b.rest, b.next); b.err != nil {
			b.rest = nil
			return 0, b.err
		}
		b.next++
		more := copy(p[n:], b.rest)
		b.rest = b.rest[more:]
		n += more
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Check reads the whole blob beforehand, and keeps nothing of it: what Read finds
// can be wrong after that only if it was changed meanwhile.
func (b *Blob) Check() error {
	if b.err == nil {
		b.err = together(parts(b.len), func(i int64) error {
			return b.read(make([]byte, min(part, b.len-i*part)), i)
		})
	}
	return b.err
}

// read reads part i and compares it with its hash.
func (b *Blob) read(p []byte, i int64) error {
	if _, err := b.f.ReadAt(p, sealSize+int64(len(b.head))+i*part); err == io.EOF {
		return fmt.Errorf("%w: it was cut", ErrForged)
	} else if err != nil {
		return err
	}
	if sum := sha256.Sum256(p); string(sum[:]) != string(b.head[minHead+i*sha256.Size:][:sha256.Size]) {
		return fmt.Errorf("%w: bytes from %d are others", ErrForged, i*part)
	}
	return nil
}

// together calls f for all numbers below n, several at a time where there are
// several processors, and returns an error of f's. No call begins after one.
func together(n int64, f func(i int64) error) error {
	var (
		next  atomic.Int64
		once  sync.Once
		first error
		wg    sync.WaitGroup
	)
	work := func() {
		for i := next.Add(1) - 1; i < n; i = next.Add(1) - 1 {
			if err := f(i); err != nil {
				once.Do(func() { first = err })
				next.Store(n)
				return
			}
		}
	}
	for range min(n, int64(runtime.GOMAXPROCS(0))) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	return first
}
