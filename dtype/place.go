package dtype

// A placer puts the members of one struct or union, in order. Positions and
// sizes of what it keeps are in bits. They cannot overflow: a member that ends
// behind [ABI.maxSize] is refused before the next is placed.
type placer interface {
	// place gives the bit a member starts at.
	place(m member) uint64
	// finish gives size and alignment in bytes, and the alignment that
	// Microsoft's rules keep in packed structs.
	finish() (size, align, kept uint64)
}

// newPlacer chooses the rules. They are those of clang, which follows each
// platform's own compiler; see RecordLayoutBuilder.cpp of LLVM for the order in
// which attributes override each other, on which the ABI documents are silent.
func newPlacer(a *ABI, union bool, attr Attr) placer {
	dialect := attr.Dialect
	if dialect == NativeDialect {
		dialect = a.dialect
	}
	switch {
	case dialect == SysVDialect:
		return &sysvPlacer{attr: attr, union: union, align: 1, anonAlign: a.anonAlign}
	case a.msvc:
		return newMSVCPlacer(a, union, attr)
	default:
		return &msStructPlacer{attr: attr, union: union, align: 1}
	}
}

// memberAlign is the alignment of a member that is no bit-field under the
// rules shared by System V and ms_struct: packed lowers it, aligned(n) raises
// it, #pragma pack(n) has the last word.
func memberAlign(m member, attr Attr) uint64 {
	align := m.align
	if attr.Packed || m.Packed {
		align = 1
	}
	return capAlign(max(align, m.Align), attr)
}

func capAlign(align uint64, attr Attr) uint64 {
	if attr.Pack != 0 {
		return min(align, attr.Pack)
	}
	return align
}
