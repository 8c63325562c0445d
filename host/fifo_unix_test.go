//go:build unix

package host

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func makeFIFO(t testing.TB, name string) { require.NoError(t, syscall.Mkfifo(name, 0o666)) }
