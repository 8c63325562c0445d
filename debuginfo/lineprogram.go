package debuginfo

// A lineRow is a row of a line table: the position of the code from its address
// up to that of the next row.
type lineRow struct {
	address    uint64
	file, line uint64
	column     uint64
}

// Opcodes of line programs: DWARF 5 section 7.22.
const (
	lnsExtended       = 0
	lnsCopy           = 1
	lnsAdvancePC      = 2
	lnsAdvanceLine    = 3
	lnsSetFile        = 4
	lnsSetColumn      = 5
	lnsConstAddPC     = 8
	lnsFixedAdvancePC = 9

	lneEndSequence = 1
	lneSetAddress  = 2
)

// seek runs the line program up to the row that holds addr. Sequences whose
// code the linker removed are passed over: their addresses are not code's.
func (l *lineTable) seek(u *unit, addr uint64) (row lineRow, ok bool) {
	c := l.program
	var last lineRow
	inSequence, removed := false, true
	now := lineRow{file: 1, line: 1}
	// emit appends a row, and tells whether addr is in the one before it.
	emit := func() bool {
		found := inSequence && !removed && last.address <= addr && addr < now.address
		if !found {
			last, inSequence = now, true
		}
		return found
	}
	for !c.bad && c.pos < len(c.data) {
		op := c.u8()
		if op >= l.opcodeBase {
			adjust := op - l.opcodeBase
			now.address += uint64(adjust/l.lineRange) * l.minInstruction
			now.line += uint64(l.lineBase + int64(adjust%l.lineRange))
			if emit() {
				return last, true
			}
			continue
		}
		switch op {
		case lnsExtended:
			args := cursor{data: c.take(c.uleb())}
			switch args.u8() {
			case lneEndSequence:
				if emit() {
					return last, true
				}
				now, inSequence, removed = lineRow{file: 1, line: 1}, false, true
			case lneSetAddress:
				now.address = args.uint(l.address)
				removed = args.bad || u.removed(now.address)
			}
		case lnsCopy:
			if emit() {
				return last, true
			}
		case lnsAdvancePC:
			now.address += c.uleb() * l.minInstruction
		case lnsAdvanceLine:
			now.line += uint64(c.sleb())
		case lnsSetFile:
			now.file = c.uleb()
		case lnsSetColumn:
			now.column = c.uleb()
		case lnsConstAddPC:
			now.address += uint64((255-l.opcodeBase)/l.lineRange) * l.minInstruction
		case lnsFixedAdvancePC:
			now.address += c.uint(2)
		default:
			for range l.standardLengths[op-1] {
				c.uleb()
			}
		}
	}
	return lineRow{}, false
}
