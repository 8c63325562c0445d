package cdecl

import (
	"regexp"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
)

// C has no word for which way the data behind a pointer parameter goes, but its
// users have: the annotations of Microsoft's headers (_Out_, _In_opt_,
// _Inout_updates_(n), the older __out) and of its documentation and MIDL ([in,
// out]), and __attribute__((annotate("out"))). The lifter makes each an
// attribute of this name; other annotations of these kinds it drops.
const directionName = "direction"

var (
	salDirection = regexp.MustCompile(`^_(?:COM_)?(Inout|Inoutptr|Outptr|Out|In)(?:_[A-Za-z]+)*_$|^__(inout|out|in)(?:_(?:opt|z|nz|part|full|[beax]count))*$`)
	salOther     = regexp.MustCompile(`^_(?:Check_return|Deref|Field|Frees_ptr|Function|IRQL|Maybenull|Must_inspect_result|Notnull|Null_terminated|NullNull_terminated|Points_to_data|Post|Pre|Printf_format|Reserved|Result|Ret|Return_type|Scanf|Struct_size_bytes|Success|Use_decl_annotations|When|At)(?:_[A-Za-z]+)*_$`)
)

// salWord reports whether a word is an annotation, and which way it says that
// data goes.
func salWord(word string) (dir dtype.Direction, ok bool) {
	if len(word) < 4 || word[0] != '_' {
		return dtype.Unstated, false
	}
	m := salDirection.FindStringSubmatch(word)
	if m == nil {
		return dtype.Unstated, salOther.MatchString(word)
	}
	switch kind := strings.ToLower(m[1] + m[2]); {
	case kind == "in":
		return dtype.In, true
	case kind[:2] == "in", strings.Contains(word, "_to_"), strings.Contains(word, "_part"):
		// What C only partly writes must keep the rest.
		return dtype.InOut, true
	}
	return dtype.Out, true
}

// emptyDirections are what headers define as nothing and mean as a direction.
var emptyDirections = map[string]string{"IN": "_In_opt_", "OUT": "_Out_opt_", "INOUT": "_Inout_opt_", "IN_OUT": "_Inout_opt_", "INOUT_": "_Inout_opt_"}

// directionMacro is what a macro that is defined as nothing is read as, or
// nothing: headers for compilers without the annotations define them so. call is
// the macro's name with its parameters, if it has any.
func directionMacro(name, call string) string {
	if word := emptyDirections[name]; word != "" {
		return word
	}
	if dir, ok := salWord(name); !ok || dir == dtype.Unstated && !strings.HasPrefix(name, "_Ret_") {
		return ""
	}
	return call // a macro's own name is not replaced again
}

// annotation lifts the annotation at token i and gives the index after it.
func (l *lifter) annotation(i int, dir dtype.Direction) int {
	pos := l.all[i].pos
	a := &attribute{name: directionName, pos: pos, dir: dir, sal: string(l.text[pos:l.all[i].end])}
	l.attrs = append(l.attrs, a)
	if !plainAnnotation[a.sal] && l.punct(i+1, '(') {
		a.args = span{l.all[i+1].end, l.all[l.match[i+1]].pos}
		return l.match[i+1] + 1
	}
	return i + 1
}

// plainAnnotation are those after which ( begins something else.
var plainAnnotation = map[string]bool{"_In_": true, "_Out_": true, "_Inout_": true, "_In_opt_": true, "_Out_opt_": true, "_Inout_opt_": true}

// isName reports whether a word such as __in is the name of a parameter, as C
// libraries have them, since nothing follows that could be annotated.
func (l *lifter) isName(i int) bool {
	return l.text[l.all[i].pos+1] == '_' && (l.punct(i+1, ',') || l.punct(i+1, ')') || l.punct(i+1, '['))
}

// skipAnnotations is the token after annotations at i.
func (l *lifter) skipAnnotations(i int) int {
	for i < len(l.all) {
		word := string(l.text[l.all[i].pos:l.all[i].end])
		_, annotation := salWord(word)
		switch {
		case annotation && !l.isName(i), word == "__attribute__":
			if i++; l.punct(i, '(') {
				i = l.match[i] + 1
			}
		case l.punct(i, '[') && l.isMIDL(i):
			i = l.match[i] + 1
		default:
			return i
		}
	}
	return i
}

// direct records a direction for the parameter around pos.
func (l *lifter) direct(pos int, dir dtype.Direction) {
	if dir != dtype.Unstated {
		l.attrs = append(l.attrs, &attribute{name: directionName, pos: pos, dir: dir})
	}
}

// isMIDL reports whether [ at token i begins MIDL's attributes of a parameter:
// C has no [ there.
func (l *lifter) isMIDL(i int) bool {
	if i == 0 || !l.punct(i-1, '(') && !l.punct(i-1, ',') || l.all[i+1].kind != lexIdent {
		return false
	}
	switch string(l.text[l.all[i+1].pos:l.all[i+1].end]) {
	case "in", "out", "optional", "retval", "annotation":
		return true
	}
	return false
}

// midl lifts [in, out, size_is(n)] and gives the index after it.
func (l *lifter) midl(i int) int {
	end := l.match[i]
	var dir dtype.Direction
	for k := i + 1; k < end; k++ {
		switch word := string(l.text[l.all[k].pos:l.all[k].end]); {
		case l.punct(k, '('):
			k = l.match[k]
		case word == "in":
			dir |= dtype.In
		case word == "out":
			dir |= dtype.Out
		}
	}
	l.direct(l.all[i].pos, dir)
	return end + 1
}

// direction is what attributes of a parameter state, together.
func (r *reader) direction(attrs []*attribute) (dir dtype.Direction) {
	for _, a := range attrs {
		switch a.name {
		case directionName:
			dir |= a.dir
		case "annotate":
			switch text, _ := unquote([]byte(strings.TrimSpace(string(r.text[a.args.pos:a.args.end])))); text {
			case "in":
				dir |= dtype.In
			case "out":
				dir |= dtype.Out
			case "inout":
				dir |= dtype.InOut
			}
		}
	}
	return dir
}
