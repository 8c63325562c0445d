package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wasmffi/wasmffi/dtype"
)

func TestMain(m *testing.M) {
	testscript.Main(cleaning{m}, map[string]func(){"wasmffi": main})
}

// cleaning removes the fixtures after the tests.
type cleaning struct{ m *testing.M }

func (c cleaning) Run() int {
	defer func() { os.RemoveAll(fixtures().dir) }()
	return c.m.Run()
}

// What a machine without compilers is told.
const (
	needsClang = "SKIPPED, no C compiler for wasm32: apt install clang lld wasi-libc libclang-rt-14-dev-wasm32"
	needsCC    = "SKIPPED, no C compiler: apt install gcc libc6-dev"
)

// fixtures are testdata/values.c compiled for both backends with debug info;
// empty where there is no compiler.
var fixtures = sync.OnceValue(func() (f struct{ dir, wasm, native string }) {
	f.dir, _ = os.MkdirTemp("", "wasmffi-test-")
	f.wasm = buildFixture("testdata/values.c", filepath.Join(f.dir, "values.wasm"))
	f.native = buildFixture("testdata/values.c", filepath.Join(f.dir, "libvalues.so"))
	return f
})

// buildFixture compiles a library and returns its path: nothing where there is
// no compiler, or one whose machine code does not run here.
func buildFixture(source, out string) string {
	job := buildJob{files: []string{source}, out: out, optimise: "-O1", debug: true}
	line, err := job.commandLine()
	if err != nil || !job.wasm() && !nativeWorks {
		return ""
	}
	if err := job.run(&terminal{err: os.Stderr}, line); err != nil {
		return ""
	}
	if in, err := inspect(out); err != nil || !job.wasm() && in.ABI != dtype.Host().Name() {
		return ""
	}
	return out
}

const nativeWorks = (runtime.GOOS == "linux" || runtime.GOOS == "darwin") && (runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64")

// TestScripts runs the command as people do. A script finds the fixtures as
// values.wasm and libvalues.so, and $WASM and $NATIVE name them, and has the
// conditions [sandbox], [native] and [libc] (this is glibc's system).
func TestScripts(t *testing.T) {
	if err := exec.Command(os.Args[0], "-test.list=^$").Run(); errors.Is(err, syscall.ENOEXEC) {
		t.Skip("SKIPPED, scripts cannot run programs for this machine: apt install qemu-user-static binfmt-support")
	}
	f := fixtures()
	if f.wasm == "" {
		t.Log(needsClang)
	}
	if f.native == "" {
		t.Log(needsCC)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "sandbox":
				return f.wasm != "", nil
			case "native":
				return f.native != "", nil
			case "libc":
				_, err := findFile("libm.so.6")
				return nativeWorks && runtime.GOOS == "linux" && err == nil, nil
			case "stb":
				_, err := os.Stat("/usr/include/stb/stb_image.h")
				return err == nil, nil
			}
			return false, errors.New("no such condition")
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CACHE_HOME", env.Getenv("WORK")+"/cache")
			env.Setenv("BIN", filepath.SplitList(env.Getenv("PATH"))[0])
			env.Setenv("CLANG_PACKAGES", needsClang)
			env.Setenv("CC_PACKAGES", needsCC)
			for _, path := range []string{f.wasm, f.native, "testdata/values.h", "testdata/values.c", "../../testdata/wasm/conform.wasm"} {
				if path == "" {
					continue
				}
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(env.WorkDir, filepath.Base(path)), data, 0o755); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": scriptStatus},
	})
}

// scriptStatus is the script command "status N COMMAND…": the command's exit
// status must be N.
func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit := (*exec.ExitError)(nil)
		if !errors.As(err, &exit) {
			ts.Check(err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, not %d", got, want)
	}
}

// onBackends runs a test on each compiled fixture.
func onBackends(t *testing.T, test func(t *testing.T, lib string)) {
	f := fixtures()
	t.Run("sandbox", func(t *testing.T) {
		if f.wasm == "" {
			t.Skip(needsClang)
		}
		test(t, f.wasm)
	})
	t.Run("native", func(t *testing.T) {
		if f.native == "" {
			t.Skip(needsCC)
		}
		test(t, f.native)
	})
}
