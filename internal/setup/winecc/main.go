// Winecc is a C compiler for the tests under wine: it runs the cross-compiler
// of the machine that wine runs on. Wine starts programs of that machine but
// cannot wait for them, so the compiler says in a file how it ended.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const compiler = "x86_64-w64-mingw32-gcc"

func main() {
	status, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "winecc:", err)
		status = 1
	}
	os.Exit(status)
}

func run(args []string) (status int, err error) {
	dir, err := os.MkdirTemp("", "winecc")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	argv := []string{"sh", "-c", compiler + ` "$@" >"$0/messages" 2>&1; echo $? >"$0/status.new"; mv "$0/status.new" "$0/status"`, outside(dir)}
	for _, a := range args {
		argv = append(argv, outside(a))
	}
	if _, err := os.StartProcess(`Z:\bin\sh`, argv, &os.ProcAttr{Files: make([]*os.File, 3)}); err != nil {
		return 0, err
	}
	for range 3000 {
		b, err := os.ReadFile(filepath.Join(dir, "status"))
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		messages, _ := os.ReadFile(filepath.Join(dir, "messages"))
		_, _ = os.Stderr.Write(messages)
		return strconv.Atoi(strings.TrimSpace(string(b)))
	}
	return 0, fmt.Errorf("%s does not end", compiler)
}

// outside is a path as the machine outside has it: Z: is its root, and C: is
// where WINECC_C says.
func outside(path string) string {
	if rest, ok := strings.CutPrefix(path, `Z:`); ok {
		path = rest
	} else if rest, ok := strings.CutPrefix(path, `C:`); ok {
		path = os.Getenv("WINECC_C") + rest
	} else if !strings.HasPrefix(path, `\`) {
		return path
	}
	return strings.ReplaceAll(path, `\`, "/")
}
