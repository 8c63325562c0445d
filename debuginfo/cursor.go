package debuginfo

import (
	"encoding/binary"
	"strings"
)

// A cursor reads little-endian data from untrusted bytes. A read past the end
// gives zero and sets bad, so that callers check once, after a group of reads.
// Every ABI of dtype is little-endian.
type cursor struct {
	data []byte
	pos  int
	bad  bool
}

// take is the next n bytes, nil if there are not as many.
func (c *cursor) take(n uint64) []byte {
	if c.bad || n > uint64(len(c.data)-c.pos) {
		c.bad = true
		return nil
	}
	b := c.data[c.pos : c.pos+int(n)]
	c.pos += int(n)
	return b
}

func (c *cursor) u8() uint8 {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

// uint reads an unsigned integer of n bytes, n being at most 8.
func (c *cursor) uint(n uint64) uint64 {
	b := c.take(n)
	if b == nil {
		return 0
	}
	var buf [8]byte
	copy(buf[:], b)
	return binary.LittleEndian.Uint64(buf[:])
}

// uleb reads an unsigned LEB128 number of at most 64 bits.
func (c *cursor) uleb() uint64 {
	var v uint64
	for shift := 0; shift < 70; shift += 7 {
		b := c.u8()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	c.bad = true
	return 0
}

// sleb reads a signed LEB128 number of at most 64 bits.
func (c *cursor) sleb() int64 {
	var v int64
	for shift := 0; shift < 70; shift += 7 {
		b := c.u8()
		v |= int64(b&0x7f) << shift
		if b < 0x80 {
			if b&0x40 != 0 && shift+7 < 64 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
	c.bad = true
	return 0
}

// maxName bounds strings, so that one without an end cannot be searched for
// its end over and over.
const maxName = 4096

// cstring reads a string up to its NUL.
func (c *cursor) cstring() string {
	if c.bad {
		return ""
	}
	rest := c.data[c.pos:]
	rest = rest[:min(len(rest), maxName+1)]
	for i, b := range rest {
		if b == 0 {
			c.pos += i + 1
			return string(rest[:i])
		}
	}
	c.bad = true
	return ""
}

// stringAt is the string at an offset of a string section.
func stringAt(section string, off uint64) (string, bool) {
	if off >= uint64(len(section)) {
		return "", false
	}
	rest := section[off:]
	rest = rest[:min(len(rest), maxName+1)]
	end := strings.IndexByte(rest, 0)
	if end < 0 {
		return "", false
	}
	return rest[:end], true
}
