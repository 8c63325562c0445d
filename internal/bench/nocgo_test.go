//go:build !cgo

package bench

import "testing"

func noCgo(b *testing.B) []turn {
	b.Log("LEFT OUT: the cgo baseline needs CGO_ENABLED=1 and a C compiler")
	return nil
}

func cgoCall2(b *testing.B) []turn      { return noCgo(b) }
func cgoCall2Float(b *testing.B) []turn { return noCgo(b) }
func cgoByValue(b *testing.B) []turn    { return noCgo(b) }
func cgoCallback(b *testing.B) []turn   { return noCgo(b) }
