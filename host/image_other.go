//go:build !linux || !(amd64 || arm64)

package host

// imageData is the bytes of an image's runs.
type imageData struct{ copiedData }

func newImageData(mem []byte, runs []span) (imageData, error) {
	return imageData{copyRuns(mem, runs)}, nil
}

func (d imageData) attach(region []byte, runs []span) error { return d.refill(region, runs) }

// refill fills the runs, which are zero.
func (d imageData) refill(region []byte, runs []span) error {
	d.fill(region, runs)
	return nil
}

func (d imageData) detach([]byte, []span) error { return nil }

// discardRegion makes the bytes zero.
func discardRegion(b []byte) error {
	clear(b)
	return nil
}
