package cdecl

// isEnumBits reports whether "enum tag : width" begins at token i: a bit-field
// without a name. The parser takes what follows the colon for the enum's type,
// as C23 has it; which is meant depends on whether a type follows.
func (l *lifter) isEnumBits(i int) bool {
	if l.depth == 0 || i+3 >= len(l.all) || l.all[i+1].kind != lexIdent || !l.punct(i+2, ':') {
		return false
	}
	t := l.all[i+3]
	if t.kind != lexIdent {
		return true
	}
	switch word := string(l.text[t.pos:t.end]); word {
	case "sizeof", "_Alignof", "__alignof", "__alignof__", "alignof":
		return true
	default:
		// A type's name is followed by enumerators or a declarator, an
		// enumeration constant by neither.
		next := i + 4
		return !keywords[word] && !l.punct(next, '{') && (next == len(l.all) || l.all[next].kind == lexPunct)
	}
}

// enumBits lets an int stand in for "enum tag" at token i.
func (l *lifter) enumBits(i int) int {
	pos, tag := l.all[i].pos, l.all[i+1]
	if l.enumTags == nil {
		l.enumTags = map[int]string{}
	}
	l.enumTags[pos] = string(l.text[tag.pos:tag.end])
	l.keep(lexeme{lexIdent, pos, pos + len("int")})
	copy(l.clean[pos:], "int")
	return i + 2
}
