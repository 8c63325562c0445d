//go:build (linux || darwin) && (amd64 || arm64)

package native

type library struct {
	closed uint32
}
