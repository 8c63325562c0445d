package cdecl

// hoistFrom takes out of a parameter list those parameters that the parser
// cannot read: where a pointer's parentheses hold further parentheses, as in
// "int (*(*f)(int))(int)". An int stands in for each.
func (l *lifter) hoistFrom(open int) {
	if open == 0 || !l.callable(open-1) {
		return
	}
	end := l.match[open]
	for start := open + 1; start < end; {
		start = l.skipAnnotations(start)
		stop, nested := start, false
		for stop < end && !l.punct(stop, ',') {
			nested = nested || l.nestedPointer(stop)
			stop = max(stop, l.match[stop]) + 1
		}
		if start >= end {
			return
		}
		pos := l.all[start].pos
		if size := l.all[stop-1].end - pos; nested && l.all[start].kind == lexIdent && size >= len("int") && size < maxHoisted {
			if l.hoist == nil {
				l.hoist, l.hoisted = map[int]int{}, map[int]int{}
			}
			l.hoist[start] = stop
			l.hoisted[pos] = pos + size
		}
		start = stop + 1
	}
}

// maxHoisted bounds a parameter that is read again on its own, in bytes.
const maxHoisted = 4096

// nestedPointer reports whether "(*(" begins at token i, qualifiers aside.
func (l *lifter) nestedPointer(i int) bool {
	if !l.punct(i, '(') || !l.punct(i+1, '*') {
		return false
	}
	for i += 2; i < len(l.all); i++ {
		t := l.all[i]
		if !l.punct(i, '*') && !(t.kind == lexIdent && isQualifier(string(l.text[t.pos:t.end]))) {
			break
		}
	}
	return l.punct(i, '(')
}

// callable reports whether a ( after token i begins a parameter list.
func (l *lifter) callable(i int) bool {
	if l.punct(i, ')') {
		return true
	}
	t := l.all[i]
	if t.kind != lexIdent {
		return false
	}
	switch string(l.text[t.pos:t.end]) {
	case "sizeof", "_Alignof", "__alignof__", "alignof", "typeof", "__typeof__", "return":
		return false
	}
	return true
}

func isQualifier(s string) bool {
	switch s {
	case "const", "volatile", "restrict", "_Atomic", "__const", "__restrict", "__restrict__", "__volatile", "__volatile__":
		return true
	}
	return false
}
