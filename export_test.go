package wasmffi

// SetBackends replaces the registered backends for a test.
func SetBackends(bs ...Backend) (restore func()) {
	old := backends()
	registry.backends = nil
	for _, b := range bs {
		Register(b)
	}
	return func() { registry.backends = old }
}
