package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

var buildCommand = command{
	name:  "build",
	usage: "FILE.c… -o OUT [-- FLAG…]",
	short: "compile C to a WebAssembly module or a shared library",
	help: `Compiles C with the flags that make a library wasmffi can use: to wasm32 with
clang if OUT ends in .wasm, to a shared library with cc otherwise.

  wasmffi build geo.c -o geo.wasm
  wasmffi build geo.c -o libgeo.so -g
  wasmffi build png.c -o png.wasm --export decode -- -DNDEBUG -I/usr/include/stb

The functions of the files that are not static or hidden are exported, or those
of --export only. Every function of the C library can be used; one that a caller
of the library is to have must be exported by name: --export strlen. The header
wasmffi.h is on the include path.

Flags:
  -o OUT            the file to write
  -g                with debug info: functions can then be called by name alone
  -O, -O0 … -Oz     optimisation (default -O2)
  --export NAME     export this function and no other but those named likewise
  --freestanding    without a C library
  --print           print the command line and do nothing
  -- FLAG…          further flags for the compiler

The compiler is the newest clang that can make wasm32, or $WASI_SDK_PATH's;
natively it is $CC, cc, gcc or clang.
`,
	run: runBuild,
}

// A buildJob is what to compile and how.
type buildJob struct {
	files        []string
	out          string
	debug        bool
	optimise     string
	exports      []string
	freestanding bool
	extra        []string
}

func runBuild(t *terminal, args []string) error {
	job := buildJob{optimise: "-O2"}
	var printOnly bool
	fs := newFlags("build")
	fs.StringVar(&job.out, "o", "", "")
	fs.BoolVar(&job.debug, "g", false, "")
	fs.Var((*listFlag)(&job.exports), "export", "")
	fs.BoolVar(&job.freestanding, "freestanding", false, "")
	fs.BoolVar(&printOnly, "print", false, "")
	fs.other = func(word string) bool {
		level := strings.HasPrefix(word, "-O") && len(word) <= len("-Ofast")
		if level {
			job.optimise = word
		}
		return level
	}
	files, err := fs.parse(args)
	job.files, job.extra = files, fs.rest
	switch {
	case err != nil:
		return err
	case len(files) == 0:
		return usagef("build: no C file given; see wasmffi help build")
	case job.out == "":
		return usagef("build: no -o OUT given")
	}
	line, err := job.commandLine()
	if err != nil {
		return err
	}
	if printOnly {
		t.printf("%s\n", quoteWords(line))
		return nil
	}
	return job.run(t, line)
}

func (j *buildJob) wasm() bool { return strings.EqualFold(filepath.Ext(j.out), ".wasm") }

func (j *buildJob) commandLine() ([]string, error) {
	if j.wasm() {
		return j.wasmLine()
	}
	return j.nativeLine()
}

func (j *buildJob) run(t *terminal, line []string) error {
	for _, f := range j.files {
		if _, err := os.Stat(f); err != nil {
			return &buildError{err}
		}
	}
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Stdout, cmd.Stderr = t.err, t.err
	if j.wasm() {
		dir, err := os.MkdirTemp("", "wasmffi-build")
		if err != nil {
			return &buildError{err}
		}
		defer os.RemoveAll(dir)
		cmd.Env = linkerOnly(dir)
	}
	if err := cmd.Run(); err != nil {
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			t.say("build: %s failed: %v", filepath.Base(line[0]), err)
			return errReported
		}
		return &buildError{err}
	}
	return nil
}

// commonFlags are those of both targets. Paths of this machine do not get into
// the output, so that the same sources give the same bytes anywhere.
func (j *buildJob) commonFlags(include string) []string {
	flags := []string{j.optimise}
	if j.debug {
		flags = append(flags, "-g")
	}
	if dir, err := os.Getwd(); err == nil {
		flags = append(flags, "-ffile-prefix-map="+dir+"=.")
	}
	return append(flags, "-ffile-prefix-map="+include+"=wasmffi", "-I"+include)
}

// A buildError is why nothing could be compiled.
type buildError struct{ err error }

func (e *buildError) Error() string { return "wasmffi: build: " + e.err.Error() }
func (e *buildError) Unwrap() error { return e.err }

// quoteWords is a command line that a shell takes back.
func quoteWords(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if w == "" || strings.Trim(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_") != "" {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		quoted[i] = w
	}
	return strings.Join(quoted, " ")
}
