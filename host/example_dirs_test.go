package host_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
)

// C may write to one directory of this machine and read from another, and knows
// of nothing else.
func ExampleDir() {
	out, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(out)
	lib, err := host.Open(context.Background(), "testdata/files.wasm", host.Options{Dirs: []host.Dir{
		{Guest: "/in", Host: "testdata", ReadOnly: true},
		{Guest: "/out", Host: out},
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer lib.Close()

	// long long write_file(const char *name, int flags, const char *text, long long at);
	write, err := wasmffi.Bind[func(name string, flags int32, text string, at int64) (int64, error)](lib, "write_file")
	if err != nil {
		log.Fatal(err)
	}
	const writing, creating = 1, 2
	for _, name := range []string{"/out/a.txt", "/in/a.txt", "/out/../a.txt"} {
		n, err := write(name, writing|creating, "hello", -1)
		fmt.Println(name, n, err)
	}
	text, err := os.ReadFile(filepath.Join(out, "a.txt"))
	fmt.Println(string(text), err)
	// Output:
	// /out/a.txt 5 <nil>
	// /in/a.txt -69 <nil>
	// /out/../a.txt -63 <nil>
	// hello <nil>
}
