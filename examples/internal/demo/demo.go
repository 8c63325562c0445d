// Package demo is what the examples share: opening the library they are run on.
package demo

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
	_ "github.com/wasmffi/wasmffi/native" // machine code too: the examples trust it
)

// Main opens the library named on the command line, or the embedded module
// when there is none, and runs the example on it.
func Main(name string, module []byte, run func(wasmffi.Library) error) {
	flag.Parse()
	if err := onLibrary(name, module, run); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func onLibrary(name string, module []byte, run func(wasmffi.Library) error) error {
	ctx := context.Background()
	// The sandbox has no output unless it is given one.
	out := host.Options{Stdout: os.Stdout}
	var lib wasmffi.Library
	var err error
	if path := flag.Arg(0); path != "" {
		lib, err = wasmffi.Open(ctx, path, out)
	} else {
		lib, err = wasmffi.OpenBytes(ctx, name+".wasm", module, out)
	}
	if err != nil {
		return err
	}
	defer lib.Close()
	return run(lib)
}
