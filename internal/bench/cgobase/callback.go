//go:build cgo

package cgobase

import "C"

//export cgobaseCallback
func cgobaseCallback(x C.double) C.double { return x + 1 }
