package main

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// wideBytes is a string as wchar_t of 2 (UTF-16) or 4 bytes (UTF-32).
// Surrogates that are no pair, and bytes that are no UTF-8, become the
// surrogates by which JSON strings escape them.
func wideBytes(text string, size int) []byte {
	var b []byte
	unit := func(r rune) {
		if size == 4 {
			b = binary.LittleEndian.AppendUint32(b, uint32(r))
			return
		}
		if r >= 0x10000 {
			hi, lo := utf16.EncodeRune(r)
			b = binary.LittleEndian.AppendUint16(b, uint16(hi))
			r = lo
		}
		b = binary.LittleEndian.AppendUint16(b, uint16(r))
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if n == 1 && text[i] >= utf8.RuneSelf {
			r, n = loneSurrogate(text[i:])
		}
		unit(r)
		i += n
	}
	return b
}

// loneSurrogate reads what [reader.unicode] wrote for a surrogate that is no
// pair, or one byte that is no UTF-8.
func loneSurrogate(s string) (r rune, n int) {
	if len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 && s[1] <= 0xbf && s[2]&0xc0 == 0x80 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return 0xdc00 | rune(s[0]), 1
}

// wideText is the string that units of wchar_t stand for, without trailing
// NULs. A unit that is no character at all becomes U+FFFD.
func wideText(data []byte, size int) string {
	var units []rune
	for i := 0; i+size <= len(data); i += size {
		if size == 4 {
			units = append(units, rune(binary.LittleEndian.Uint32(data[i:])))
		} else {
			units = append(units, rune(binary.LittleEndian.Uint16(data[i:])))
		}
	}
	var b []byte
	for i := 0; i < len(units); i++ {
		u := units[i]
		if size == 2 && i+1 < len(units) {
			if r := utf16.DecodeRune(u, units[i+1]); r != utf8.RuneError {
				b = utf8.AppendRune(b, r)
				i++
				continue
			}
		}
		switch {
		case u >= 0xdc80 && u <= 0xdcff:
			b = append(b, byte(u))
		case u >= 0xd800 && u <= 0xdfff:
			b = append(b, 0xe0|byte(u>>12), 0x80|byte(u>>6)&0x3f, 0x80|byte(u)&0x3f)
		default:
			b = utf8.AppendRune(b, u)
		}
	}
	return string(b)
}
