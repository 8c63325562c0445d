package dtype

import (
	"reflect"
	"structs"
)

// hostLayout marks a Go struct as laid out like C's; it has no bytes of its own.
var hostLayout = reflect.TypeFor[structs.HostLayout]()
