//go:build !unix

package host

// nonblock is for systems where opening a FIFO waits.
const nonblock = 0
