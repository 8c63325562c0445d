package host_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/wasmffi/wasmffi/host"
)

// The second process does not compile. Each has a Cache of its own, with one
// key: without CacheOptions.Key, the user's own.
func ExampleOpenCache() {
	dir, err := os.MkdirTemp("", "example-cache")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	key := []byte("32 bytes that only we can know ..")
	for range 2 {
		cache, err := host.OpenCache(dir, host.CacheOptions{Key: key})
		if err != nil {
			log.Fatal(err)
		}
		lib, err := host.Open(context.Background(), "testdata/reset.wasm", host.Options{Cache: cache})
		if err != nil {
			log.Fatal(err)
		}
		s := cache.Stats()
		fmt.Println("loaded", s.Loaded, "compiled", s.Compiled)
		lib.Close()
	}
	// Output:
	// loaded 0 compiled 1
	// loaded 1 compiled 0
}

// A module that was changed is not opened.
func ExamplePinError() {
	wasm, err := os.ReadFile("testdata/reset.wasm")
	if err != nil {
		log.Fatal(err)
	}
	pin := fmt.Sprintf("%x", sha256.Sum256(wasm)) // as sha256sum prints it; elsewhere a constant
	lib, err := host.OpenBytes(context.Background(), "reset.wasm", wasm, host.Options{SHA256: pin})
	if err != nil {
		log.Fatal(err)
	}
	defer lib.Close()

	wasm[len(wasm)-1]++
	_, err = host.OpenBytes(context.Background(), "reset.wasm", wasm, host.Options{SHA256: pin})
	var p *host.PinError
	fmt.Println(errors.As(err, &p))
	// Output:
	// true
}
