//go:build !unix

package sealed

const nonblock = 0 // there are no pipes in directories
