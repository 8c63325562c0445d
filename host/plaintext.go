package host

import (
	"io"
	"strconv"
	"unicode/utf8"
)

// A plainWriter writes text that no terminal takes for a command: what is not
// printable is written as Go would quote it.
type plainWriter struct {
	w    io.Writer
	held []byte // the beginning of a character
}

// Write reports all of p or nothing as written: how far the writer got cannot
// be told in bytes of p.
func (w *plainWriter) Write(p []byte) (int, error) {
	text := append(w.held, p...)
	out := make([]byte, 0, len(text))
	for len(text) > 0 && utf8.FullRune(text) {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '\n' || r == '\t':
			out = append(out, byte(r))
		case r == utf8.RuneError && n == 1:
			out = append(out, `\x`...)
			out = append(out, "0123456789abcdef"[text[0]>>4], "0123456789abcdef"[text[0]&15])
		case strconv.IsPrint(r):
			out = append(out, text[:n]...)
		default:
			quoted := strconv.QuoteRune(r)
			out = append(out, quoted[1:len(quoted)-1]...)
		}
		text = text[n:]
	}
	w.held = append([]byte(nil), text...)
	if len(out) > 0 {
		if _, err := w.w.Write(out); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}
