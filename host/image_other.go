//go:build !linux || !(amd64 || arm64)

package host

// pageScan is nothing: there is no telling which pages were written.
type pageScan struct{}

func (img *image) save(mem []byte) error {
	img.copyRuns(mem)
	return nil
}

// attach fills memory that is zero.
func (img *image) attach(region []byte) error {
	img.copyTo(region, img.runs)
	return nil
}

func (img *image) detach([]byte) error { return nil }

// undo brings back, in b, the image that was attached.
func (m *linear) undo(b span) error {
	m.image.copyTo(m.region, []span{b})
	return nil
}

// discardRegion makes the bytes zero.
func discardRegion(b []byte) error {
	clear(b)
	return nil
}
