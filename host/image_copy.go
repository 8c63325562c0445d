package host

// copiedData is the bytes of an image in Go's memory, for systems where memory
// cannot be mapped copy-on-write.
type copiedData []byte

func copyRuns(mem []byte, runs []span) copiedData {
	var data copiedData
	for _, r := range runs {
		data = append(data, mem[r.start:r.end]...)
	}
	return data
}

func (d copiedData) fill(region []byte, runs []span) {
	for _, r := range runs {
		n := copy(region[r.start:r.end], d)
		d = d[n:]
	}
}
