//go:build amd64 || arm64

package native

// guardFaults does nothing: a fault in C ends the process here.
func guardFaults() error { return nil }

func (l *library) locate(*FaultError) {}
