package guestabi

// Atomic operations, of the threads proposal. In a memory that one thread uses
// they are loads and stores; waiting traps and nobody is there to be notified.
var atomicRows = []opRow{
	{prefixAtomic, immAtomic, "ii>i", 2, "memory.atomic.notify"},
	{prefixAtomic | 0x01, immAtomic, "iil>i", 2, "memory.atomic.wait32"},
	{prefixAtomic | 0x02, immAtomic, "ill>i", 3, "memory.atomic.wait64"},
	{prefixAtomic | 0x03, immZero, ">", 0, "atomic.fence"},
	{prefixAtomic | 0x10, immAtomic, "i>i", 2, "i32.atomic.load"},
	{prefixAtomic | 0x11, immAtomic, "i>l", 3, "i64.atomic.load"},
	{prefixAtomic | 0x12, immAtomic, "i>i", 0, "i32.atomic.load8_u"},
	{prefixAtomic | 0x13, immAtomic, "i>i", 1, "i32.atomic.load16_u"},
	{prefixAtomic | 0x14, immAtomic, "i>l", 0, "i64.atomic.load8_u"},
	{prefixAtomic | 0x15, immAtomic, "i>l", 1, "i64.atomic.load16_u"},
	{prefixAtomic | 0x16, immAtomic, "i>l", 2, "i64.atomic.load32_u"},
	{prefixAtomic | 0x17, immAtomic, "ii>", 2, "i32.atomic.store"},
	{prefixAtomic | 0x18, immAtomic, "il>", 3, "i64.atomic.store"},
	{prefixAtomic | 0x19, immAtomic, "ii>", 0, "i32.atomic.store8"},
	{prefixAtomic | 0x1a, immAtomic, "ii>", 1, "i32.atomic.store16"},
	{prefixAtomic | 0x1b, immAtomic, "il>", 0, "i64.atomic.store8"},
	{prefixAtomic | 0x1c, immAtomic, "il>", 1, "i64.atomic.store16"},
	{prefixAtomic | 0x1d, immAtomic, "il>", 2, "i64.atomic.store32"},
}

// Those that read, compute and write come in seven widths each.
func init() {
	widths := [7]struct {
		typ    string
		suffix string
		align  uint8
	}{{"i", "", 2}, {"l", "", 3}, {"i", "8", 0}, {"i", "16", 1}, {"l", "8", 0}, {"l", "16", 1}, {"l", "32", 2}}
	for i, op := range []string{"add", "sub", "and", "or", "xor", "xchg", "cmpxchg"} {
		for j, w := range widths {
			name := map[string]string{"i": "i32", "l": "i64"}[w.typ] + ".atomic.rmw" + w.suffix + "." + op
			if w.suffix != "" {
				name += "_u"
			}
			sig := "i" + w.typ + ">" + w.typ
			if op == "cmpxchg" {
				sig = "i" + w.typ + w.typ + ">" + w.typ
			}
			opRow{prefixAtomic | opcode(0x1e+7*i+j), immAtomic, sig, w.align, name}.define()
		}
	}
}
