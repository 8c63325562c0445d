// A Go slice of structs is C's record array:
//
//	typedef struct { int timestamp; char desc[12]; } Weather;
//	void print_weather(const Weather *w, int n);
//
//	go run ./examples/weather                    # the embedded module, sandboxed
//	go run ./examples/weather ./libweather.so    # a shared library
package main

import (
	_ "embed"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/examples/internal/demo"
)

//go:embed weather.wasm
var module []byte

func main() { demo.Main("weather", module, run) }

// Weather has the layout of C's struct, so that native C reads it in place.
type Weather struct {
	Timestamp int32
	Desc      [12]dtype.Char
}

func weather(timestamp int32, desc string) Weather {
	w := Weather{Timestamp: timestamp}
	for i := range min(len(desc), len(w.Desc)-1) {
		w.Desc[i] = dtype.Char(desc[i])
	}
	return w
}

func run(lib wasmffi.Library) error {
	print, err := wasmffi.Bind[func(w wasmffi.In[Weather], n int32)](lib, "print_weather")
	if err != nil {
		return err
	}
	reports := []Weather{
		weather(1126877361, "sunny"),
		weather(1126877371, "rain"),
		weather(1126877385, "damn nasty"),
		weather(1126877387, "sunny"),
	}
	print(reports, int32(len(reports)))
	return wasmffi.Flush(lib)
}
