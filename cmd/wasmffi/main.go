// Command wasmffi calls and inspects C libraries, sandboxed or native, from a
// terminal or a script:
//
//	wasmffi call libm.so.6 'double cos(double)' 0.5
//	wasmffi call geo.wasm area '{"x":1,"y":2}'
//	wasmffi inspect geo.wasm
//	wasmffi layout 'struct stat' -H sys/stat.h --abi host,wasm32
//	wasmffi build geo.c -o geo.wasm
//
// Run "wasmffi help" for the commands and "wasmffi help call" for one of them.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1 // the work failed
	exitUsage  = 2 // the words were wrong
)

// A command is one of wasmffi's.
type command struct {
	name  string
	usage string // the words after the name
	short string // one line
	help  string
	run   func(t *terminal, args []string) error
}

func commands() []command {
	return []command{callCommand, inspectCommand, layoutCommand, buildCommand}
}

// A terminal is what a command reads and writes. Results go to out, which is
// flushed when the command ends; all else goes to err.
type terminal struct {
	in  io.Reader
	out *bufio.Writer
	err io.Writer
	tty bool // results are shown to a person
}

func (t *terminal) printf(format string, args ...any) { fmt.Fprintf(t.out, format, args...) }

// say tells the user something that is no result.
func (t *terminal) say(format string, args ...any) {
	fmt.Fprintf(t.err, "wasmffi: "+format+"\n", args...)
}

// A usageError is a mistake in the words of the command line.
type usageError struct{ msg string }

func (e *usageError) Error() string { return "wasmffi: " + e.msg }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// errReported ends a command whose failures are on stdout or stderr already.
var errReported = errors.New("failed")

func main() {
	t := &terminal{
		in: os.Stdin, out: bufio.NewWriter(os.Stdout), err: os.Stderr,
		tty: isTerminal(os.Stdout),
	}
	os.Exit(t.run(os.Args[1:]))
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// run runs the command that args name and returns the exit status.
func (t *terminal) run(args []string) int {
	err := t.dispatch(args)
	if flushErr := t.out.Flush(); err == nil && flushErr != nil {
		err = fmt.Errorf("wasmffi: %w", flushErr)
	}
	var usage *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		fmt.Fprintln(t.err, err)
		return exitUsage
	case !errors.Is(err, errReported):
		fmt.Fprintln(t.err, err)
	}
	return exitFailed
}

func (t *terminal) dispatch(args []string) error {
	if len(args) == 0 {
		t.overview(t.err)
		return usagef("no command given")
	}
	switch name := args[0]; name {
	case "help", "-h", "-help", "--help":
		if len(args) > 1 {
			return t.help(args[1])
		}
		t.overview(t.out)
		return nil
	case "version", "--version":
		t.printf("wasmffi %s\n", version())
		return nil
	default:
		c, err := findCommand(name)
		if err != nil {
			return err
		}
		err = c.run(t, args[1:])
		if errors.Is(err, errHelp) {
			return t.help(name)
		}
		return err
	}
}

func findCommand(name string) (command, error) {
	for _, c := range commands() {
		if c.name == name {
			return c, nil
		}
	}
	return command{}, usagef("no command %q; see wasmffi help", name)
}

func (t *terminal) overview(w io.Writer) {
	fmt.Fprint(w, "wasmffi calls C libraries: WebAssembly modules in a sandbox, shared libraries natively.\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  wasmffi %s %s\n      %s\n", c.name, c.usage, c.short)
	}
	fmt.Fprint(w, "\nwasmffi help COMMAND tells more. Exit status: 0 done, 1 the work failed, 2 the words were wrong.\n")
}

func (t *terminal) help(name string) error {
	c, err := findCommand(name)
	if err != nil {
		return err
	}
	t.printf("wasmffi %s %s\n\n%s", c.name, c.usage, c.help)
	return nil
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown version)"
}
