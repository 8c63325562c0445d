// Command sandboxonly is the smallest program that links the sandbox and
// nothing else. CI builds it for every platform and checks that it is static
// and cannot be made to load machine code.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/wasmffi/wasmffi"
	_ "github.com/wasmffi/wasmffi/host"
)

func main() {
	self, err := os.Executable()
	if err == nil {
		_, err = wasmffi.Open(context.Background(), self)
	}
	if !errors.Is(err, wasmffi.ErrNoBackend) {
		fmt.Fprintf(os.Stderr, "opening machine code: want ErrNoBackend, got %v\n", err)
		os.Exit(1)
	}
}
