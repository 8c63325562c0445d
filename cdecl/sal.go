package cdecl

import "strings"

// Microsoft's annotations name a length or a string: _In_reads_(n),
// _Out_writes_bytes_(n), _In_z_, _Ret_writes_(n), and of old __in_ecount(n) and
// __out_bcount(n). Those without opt are no NULL.

// sal adds what an annotation says of parameter i's memory and reports whether
// that is a length.
func (l *ruleList) sal(i int, a *attribute) bool {
	has := words(a.sal)
	if len(has) == 0 {
		return false
	}
	if !has["opt"] && !has["maybenull"] && (a.sal[1] != '_' || strings.HasPrefix(a.sal, "__out") || strings.HasPrefix(a.sal, "__in")) {
		l.add("%s != NULL", ordinal(i))
	}
	if has["z"] && !has["or"] {
		l.add("string(%s)", ordinal(i))
	}
	return l.salLength(ordinal(i), has, a)
}

// salResult adds what an annotation before a function says of its result.
func (l *ruleList) salResult(a *attribute) {
	has := words(a.sal)
	if !has["Ret"] || !isPointer(l.f.Result()) {
		return
	}
	if !has["maybenull"] && !has["opt"] && (has["notnull"] || has["z"] || has["writes"]) {
		l.add("result != NULL")
	}
	l.salLength("result", has, a)
}

func (l *ruleList) salLength(name string, has map[string]bool, a *attribute) bool {
	sized := has["reads"] || has["writes"] || has["updates"] || has["ecount"] || has["bcount"]
	args := l.r.arguments(a)
	if !sized || has["ptr"] || has["or"] || len(args) == 0 {
		return false
	}
	n, err := l.r.countText(args[0], a.args.pos, l.f)
	if err != nil {
		return false // a length that only the function knows
	}
	if has["bytes"] || has["bcount"] {
		l.add("bytes(%s, %s)", name, n)
	} else {
		l.add("%s[%s]", name, n)
	}
	return true
}

// words are the parts of an annotation's name.
func words(sal string) map[string]bool {
	parts := map[string]bool{}
	for word := range strings.SplitSeq(sal, "_") {
		if word != "" {
			parts[word] = true
		}
	}
	return parts
}
