package main

// maxText is the longest C string that is read, in bytes.
const maxText = 64 << 20

// textAt reads the C string at addr, whose characters have so many bytes. It
// reports false if there is none: nothing is mapped there, or its end is
// nowhere to be found.
func (s *scratch) textAt(addr uint64, size int) (string, bool) {
	const page = 4096 // memory is mapped in multiples of this everywhere
	var data []byte
	for scanned := 0; len(data) < maxText; {
		chunk := make([]byte, page-addr%page)
		if err := s.space.ReadAt(chunk, addr); err != nil {
			return "", false
		}
		data = append(data, chunk...)
		addr += uint64(len(chunk))
		scanned += indexNUL(data[scanned:], size)
		if scanned+size <= len(data) {
			return textOf(data[:scanned], size), true
		}
	}
	return "", false
}

// indexNUL is where the first character of size zero bytes begins, or where
// the whole characters of data end.
func indexNUL(data []byte, size int) int {
next:
	for i := 0; i+size <= len(data); i += size {
		for _, c := range data[i : i+size] {
			if c != 0 {
				continue next
			}
		}
		return i
	}
	return len(data) / size * size
}

// textOf is a string of characters of so many bytes.
func textOf(data []byte, size int) string {
	if size == 1 {
		return string(data)
	}
	return wideText(data, size)
}
