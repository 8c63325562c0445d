package debuginfo

// A form says how an attribute is encoded: DWARF 5 section 7.5.6, and GNU's
// extensions for DWARF 4.
type form uint16

const (
	formAddr          form = 0x01
	formBlock2        form = 0x03
	formBlock4        form = 0x04
	formData2         form = 0x05
	formData4         form = 0x06
	formData8         form = 0x07
	formString        form = 0x08
	formBlock         form = 0x09
	formBlock1        form = 0x0a
	formData1         form = 0x0b
	formFlag          form = 0x0c
	formSdata         form = 0x0d
	formStrp          form = 0x0e
	formUdata         form = 0x0f
	formRefAddr       form = 0x10
	formRef1          form = 0x11
	formRef2          form = 0x12
	formRef4          form = 0x13
	formRef8          form = 0x14
	formRefUdata      form = 0x15
	formIndirect      form = 0x16
	formSecOffset     form = 0x17
	formExprloc       form = 0x18
	formFlagPresent   form = 0x19
	formStrx          form = 0x1a
	formAddrx         form = 0x1b
	formRefSup4       form = 0x1c
	formStrpSup       form = 0x1d
	formData16        form = 0x1e
	formLineStrp      form = 0x1f
	formRefSig8       form = 0x20
	formImplicitConst form = 0x21
	formLoclistx      form = 0x22
	formRnglistx      form = 0x23
	formRefSup8       form = 0x24
	formStrx1         form = 0x25
	formStrx2         form = 0x26
	formStrx3         form = 0x27
	formStrx4         form = 0x28
	formAddrx1        form = 0x29
	formAddrx2        form = 0x2a
	formAddrx3        form = 0x2b
	formAddrx4        form = 0x2c
	formGNURefAlt     form = 0x1f20
	formGNUStrpAlt    form = 0x1f21
)

// formSizes are what a unit's header says about the size of forms, in bytes.
type formSizes struct {
	address uint8 // an address
	offset  uint8 // an offset into a section: 4, or 8 in 64-bit DWARF
	refAddr uint8 // formRefAddr: an address in DWARF 2, an offset later
}

// of is the size of a form in bytes, -1 if it differs from entry to entry.
func (s formSizes) of(f form) int {
	switch f {
	case formFlagPresent, formImplicitConst:
		return 0
	case formData1, formRef1, formFlag, formStrx1, formAddrx1:
		return 1
	case formData2, formRef2, formStrx2, formAddrx2:
		return 2
	case formStrx3, formAddrx3:
		return 3
	case formData4, formRef4, formStrx4, formAddrx4, formRefSup4:
		return 4
	case formData8, formRef8, formRefSig8, formRefSup8:
		return 8
	case formData16:
		return 16
	case formAddr:
		return int(s.address)
	case formRefAddr:
		return int(s.refAddr)
	case formStrp, formSecOffset, formStrpSup, formLineStrp, formGNURefAlt, formGNUStrpAlt:
		return int(s.offset)
	}
	return -1
}

// A value is a decoded attribute.
type value struct {
	kind  valueKind
	n     uint64 // an integer, address, offset, index or signature
	str   string
	block []byte
}

type valueKind uint8

const (
	valueNone   valueKind = iota // a form without a use here
	valueConst                   // n, signed where the form says so
	valueAddr                    // n is an address
	valueRef                     // n is an offset of an entry in .debug_info
	valueSig                     // n is a type unit's signature
	valueAlt                     // an entry in a supplementary file
	valueOffset                  // n is an offset into another section
	valueIndex                   // n is an index into a list table
	valueString                  // str
	valueBlock                   // block is a location expression or data
)

// value decodes one attribute. An unknown form sets c.bad, since its size is
// not known.
func (u *unit) value(c *cursor, f form, implicit int64) value {
	if f == formIndirect {
		f = form(c.uleb())
		if f == formIndirect || f == formImplicitConst {
			c.bad = true
		}
	}
	switch f {
	case formAddr:
		return value{kind: valueAddr, n: c.uint(uint64(u.sizes.address))}
	case formAddrx:
		return u.addrx(c, c.uleb())
	case formAddrx1, formAddrx2, formAddrx3, formAddrx4:
		return u.addrx(c, c.uint(uint64(u.sizes.of(f))))
	case formData1, formData2, formData4, formData8, formFlag:
		return value{kind: valueConst, n: c.uint(uint64(u.sizes.of(f)))}
	case formUdata:
		return value{kind: valueConst, n: c.uleb()}
	case formSdata:
		return value{kind: valueConst, n: uint64(c.sleb())}
	case formImplicitConst:
		return value{kind: valueConst, n: uint64(implicit)}
	case formFlagPresent:
		return value{kind: valueConst, n: 1}
	case formRef1, formRef2, formRef4, formRef8:
		return value{kind: valueRef, n: uint64(u.off) + c.uint(uint64(u.sizes.of(f)))}
	case formRefUdata:
		return value{kind: valueRef, n: uint64(u.off) + c.uleb()}
	case formRefAddr:
		n := c.uint(uint64(u.sizes.refAddr))
		if u.supplement {
			n += uint64(u.data.supInfo)
		}
		return value{kind: valueRef, n: n}
	case formRefSig8:
		return value{kind: valueSig, n: c.uint(8)}
	case formRefSup4, formRefSup8, formGNURefAlt:
		n := c.uint(uint64(u.sizes.of(f)))
		if u.data.supInfo == 0 {
			return value{kind: valueAlt}
		}
		return value{kind: valueRef, n: n + uint64(u.data.supInfo)}
	case formSecOffset:
		return value{kind: valueOffset, n: c.uint(uint64(u.sizes.offset))}
	case formRnglistx, formLoclistx:
		return value{kind: valueIndex, n: c.uleb()}
	case formString:
		return value{kind: valueString, str: c.cstring()}
	case formStrp:
		return u.str(c, u.data.str, c.uint(uint64(u.sizes.offset)), u.data.supStr)
	case formLineStrp:
		return u.str(c, u.data.lineStr, c.uint(uint64(u.sizes.offset)), u.data.supLineStr)
	case formStrx:
		return u.strx(c, c.uleb())
	case formStrx1, formStrx2, formStrx3, formStrx4:
		return u.strx(c, c.uint(uint64(u.sizes.of(f))))
	case formExprloc, formBlock:
		return value{kind: valueBlock, block: c.take(c.uleb())}
	case formBlock1:
		return value{kind: valueBlock, block: c.take(c.uint(1))}
	case formBlock2:
		return value{kind: valueBlock, block: c.take(c.uint(2))}
	case formBlock4:
		return value{kind: valueBlock, block: c.take(c.uint(4))}
	case formStrpSup, formGNUStrpAlt:
		off := c.uint(uint64(u.sizes.offset))
		if u.data.supInfo == 0 {
			return value{}
		}
		s, ok := stringAt(u.data.str, u.data.supStr+off)
		c.bad = c.bad || !ok
		return value{kind: valueString, str: s}
	case formData16:
		c.take(uint64(u.sizes.of(f)))
		return value{}
	}
	c.bad = true
	return value{}
}

// str reads a string of a section, which begins at sup for supplementary units.
func (u *unit) str(c *cursor, section string, off, sup uint64) value {
	if u.supplement {
		off += sup
	}
	s, ok := stringAt(section, off)
	c.bad = c.bad || !ok
	return value{kind: valueString, str: s}
}

// strx reads a string through the unit's part of .debug_str_offsets. Before
// the base is known (the unit's own first entry may name strings before it
// gives the base) there is no string.
func (u *unit) strx(c *cursor, i uint64) value {
	if u.strOffsetsBase == 0 {
		return value{}
	}
	return u.str(c, u.data.str, c.indexed(u.data.strOffsets, u.strOffsetsBase, i, u.sizes.offset), 0)
}

// addrx reads an address through the unit's part of .debug_addr.
func (u *unit) addrx(c *cursor, i uint64) value {
	if u.addrBase == 0 {
		return value{}
	}
	return value{kind: valueAddr, n: c.indexed(u.data.addr, u.addrBase, i, u.sizes.address)}
}

// indexed reads element i of the table of size-byte integers at base.
func (c *cursor) indexed(table []byte, base, i uint64, size uint8) uint64 {
	t := cursor{data: table}
	t.take(base)
	if i > uint64(len(table)) {
		t.bad = true
	} else {
		t.take(i * uint64(size))
	}
	n := t.uint(uint64(size))
	c.bad = c.bad || t.bad
	return n
}
