package wasmffi

// A Flusher is a Library whose C code may hold output back in stdio buffers.
type Flusher interface {
	// Flush writes out what C's stdio has buffered, as fflush(NULL) does.
	Flush() error
}

// Flush writes out what the library's C code has printed but still buffers, so
// that it appears before what Go prints next. Closing a library flushes too.
// Libraries without stdio have nothing to flush.
func Flush(lib Library) error {
	f, ok := lib.(Flusher)
	if !ok {
		return nil
	}
	if err := f.Flush(); err != nil {
		return wrapError("flush", lib.Name(), "", err)
	}
	return nil
}
