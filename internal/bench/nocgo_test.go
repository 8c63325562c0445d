//go:build !cgo

package bench

import "testing"

const noCgo = "LEFT OUT: the cgo baseline needs CGO_ENABLED=1 and a C compiler"

func cgoCall2(b *testing.B)                          { b.Run("cgo", func(b *testing.B) { b.Skip(noCgo) }) }
func cgoCall2Float(b *testing.B)                     { cgoCall2(b) }
func cgoByValue(b *testing.B)                        { cgoCall2(b) }
func cgoCallback(b *testing.B, _ func(b *testing.B)) { cgoCall2(b) }
