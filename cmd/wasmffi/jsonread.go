package main

import (
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A value is a JSON value as it was written: numbers keep all their digits and
// objects the order of their members, which encoding/json would lose.
type value struct {
	kind    valueKind
	text    string  // of a number its digits, of a string its bytes
	elems   []value // of an array, or the values of an object's members
	members []string
}

type valueKind uint8

const (
	nullValue valueKind = iota
	falseValue
	trueValue
	numberValue
	stringValue
	arrayValue
	objectValue
)

func (v value) String() string {
	switch v.kind {
	case falseValue:
		return "false"
	case trueValue:
		return "true"
	case numberValue:
		return v.text
	case stringValue:
		return string(appendString(nil, v.text))
	case arrayValue:
		return "an array"
	case objectValue:
		return "an object"
	}
	return "null"
}

// member is an object's member of this name.
func (v value) member(name string) (value, bool) {
	for i, m := range v.members {
		if m == name {
			return v.elems[i], true
		}
	}
	return value{}, false
}

// readValue reads one JSON text.
func readValue(text []byte) (value, error) {
	if !json.Valid(text) { // also bounds the depth of nesting
		var x any
		if err := json.Unmarshal(text, &x); err != nil {
			return value{}, errors.New("not JSON: " + err.Error())
		}
	}
	r := reader{text: text}
	return r.value(), nil
}

// wordValue reads a word of the command line: JSON, or else a string.
func wordValue(word string) value {
	v, err := readValue([]byte(word))
	if err != nil {
		return value{kind: stringValue, text: word}
	}
	return v
}

// A reader reads JSON that is known to be valid.
type reader struct {
	text []byte
	at   int
}

// next skips white space and returns the byte after it.
func (r *reader) next() byte {
	for {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return c
		}
	}
}

func (r *reader) value() value {
	switch r.next() {
	case 'n':
		r.at += len("null")
		return value{}
	case 'f':
		r.at += len("false")
		return value{kind: falseValue}
	case 't':
		r.at += len("true")
		return value{kind: trueValue}
	case '"':
		return value{kind: stringValue, text: r.string()}
	case '[':
		v := value{kind: arrayValue}
		r.list(']', func() { v.elems = append(v.elems, r.value()) })
		return v
	case '{':
		v := value{kind: objectValue}
		r.list('}', func() {
			v.members = append(v.members, r.string())
			r.next()
			r.at++ // the colon
			v.elems = append(v.elems, r.value())
		})
		return v
	}
	start := r.at
	for r.at < len(r.text) && isNumberByte(r.text[r.at]) {
		r.at++
	}
	return value{kind: numberValue, text: string(r.text[start:r.at])}
}

func isNumberByte(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// list reads an opening bracket, items between commas, and the closing one.
func (r *reader) list(end byte, item func()) {
	for r.at++; r.next() != end; {
		item()
		if r.next() == ',' {
			r.at++
			r.next()
		}
	}
	r.at++
}

// string reads a string into the bytes it stands for: UTF-8, except that
// "\udc80" to "\udcff" are the single bytes 0x80 to 0xff, the escapes by which
// appendString writes bytes that are no UTF-8. (Python knows this as
// surrogateescape.) Bytes of the text that are no UTF-8 stand for themselves.
func (r *reader) string() string {
	var b []byte
	for r.at++; ; {
		switch c := r.text[r.at]; c {
		case '"':
			r.at++
			return string(b)
		case '\\':
			b = r.escape(b)
		default:
			b = append(b, c)
			r.at++
		}
	}
}

func (r *reader) escape(b []byte) []byte {
	c := r.text[r.at+1]
	r.at += 2
	switch c {
	case 'b':
		return append(b, '\b')
	case 'f':
		return append(b, '\f')
	case 'n':
		return append(b, '\n')
	case 'r':
		return append(b, '\r')
	case 't':
		return append(b, '\t')
	case 'u':
		return r.unicode(b)
	}
	return append(b, c)
}

func (r *reader) unicode(b []byte) []byte {
	u := r.hex4()
	if utf16.IsSurrogate(u) && r.at+6 <= len(r.text) && r.text[r.at] == '\\' && r.text[r.at+1] == 'u' {
		back := r.at
		r.at += 2
		if pair := utf16.DecodeRune(u, r.hex4()); pair != utf8.RuneError {
			return utf8.AppendRune(b, pair)
		}
		r.at = back
	}
	switch {
	case u >= 0xdc80 && u <= 0xdcff:
		return append(b, byte(u))
	case utf16.IsSurrogate(u):
		// As UTF-8 would encode it if it were a character, so that a wide
		// string gets the same code unit.
		return append(b, 0xe0|byte(u>>12), 0x80|byte(u>>6)&0x3f, 0x80|byte(u)&0x3f)
	}
	return utf8.AppendRune(b, u)
}

func (r *reader) hex4() rune {
	n, _ := strconv.ParseUint(string(r.text[r.at:r.at+4]), 16, 16)
	r.at += 4
	return rune(n)
}
