package debuginfo

import (
	"debug/dwarf"
	"encoding/binary"
	"errors"
	"hash/maphash"
)

// A signature tells definitions of structs, unions and enums apart. A header
// included by a thousand files is a thousand entries of each struct in it;
// entries of one signature become one type. It covers the members with their
// places and what their types are called, down to the next tag.
type signature struct {
	hash maphash.Hash
	left int // entries that may still be visited
}

// maxSignature bounds the entries that one signature covers. Larger types are
// taken as unlike any other.
const maxSignature = 500

var (
	signatureSeed = maphash.MakeSeed()
	errTooLarge   = errors.New("type too large")
)

// signatureOf gives false for an entry that has none.
func signatureOf(e *entry) (uint64, bool) {
	s := signature{left: maxSignature}
	s.hash.SetSeed(signatureSeed)
	s.head(e)
	s.children(e)
	return s.hash.Sum64(), s.left > 0
}

func (s *signature) numbers(list ...uint64) {
	var buf [8]byte
	for _, n := range list {
		binary.LittleEndian.PutUint64(buf[:], n)
		s.hash.Write(buf[:])
	}
}

// head adds an entry's own attributes.
func (s *signature) head(e *entry) {
	s.numbers(uint64(e.tag), uint64(e.present), e.byteSize, e.bitSize, e.bitOffset, e.dataBitOffset, e.memberOffset,
		e.alignment, e.encoding, e.upperBound, e.count, e.constValue)
	for _, b := range []bool{e.declaration, e.prototyped, e.bigEndian, e.vector} {
		s.numbers(map[bool]uint64{true: 1}[b])
	}
	s.hash.WriteString(e.name)
	s.hash.WriteByte(0)
}

// children adds what is inside an entry, and what types that has.
func (s *signature) children(e *entry) {
	err := e.eachChild(func(c *entry) error {
		if s.left--; s.left <= 0 {
			return errTooLarge
		}
		s.head(c)
		s.typ(e.unit.data, c.typ)
		return nil
	})
	if err != nil {
		s.left = 0
	}
	s.numbers(0)
}

// typ adds a type: to the end if it has no tag, else up to the tag.
func (s *signature) typ(d *dwarfData, off int) {
	for off != 0 {
		var e entry
		u := d.unitAt(off)
		if s.left--; s.left <= 0 || u == nil || !u.entry(off, &e) {
			s.left = 0
			return
		}
		if e.full != 0 {
			off = e.full
			continue
		}
		s.head(&e)
		switch e.tag {
		case dwarf.TagStructType, dwarf.TagClassType, dwarf.TagUnionType, dwarf.TagEnumerationType:
			if e.name == "" {
				s.children(&e)
			}
			return
		case dwarf.TagArrayType, dwarf.TagSubroutineType:
			s.children(&e)
		}
		off = e.typ
	}
	s.numbers(1)
}
