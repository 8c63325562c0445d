package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// wasmLine is the command line for wasm32.
func (j *buildJob) wasmLine() ([]string, error) {
	cc, err := findWasmCompiler(j.freestanding)
	if err != nil {
		return nil, &buildError{err}
	}
	include, err := supportFiles()
	if err != nil {
		return nil, &buildError{err}
	}
	line := append([]string{cc.clang}, cc.target...)
	line = append(line, j.commonFlags(include)...)
	line = append(line, wasmFeatures...)
	if j.freestanding {
		line = append(line, "-nostdlib", "-ffreestanding", "-Wl,--no-entry")
	} else {
		line = append(line, "-mexec-model=reactor", "-Wl,--export=malloc", "-Wl,--export=free")
	}
	line = append(line, linkerFlags...)
	if !j.debug {
		line = append(line, "-Wl,--strip-debug") // of the C library, which nobody asked for
	}
	if len(j.exports) == 0 {
		line = append(line, "-Wl,--export-dynamic")
	}
	for _, name := range j.exports {
		line = append(line, "-Wl,--export="+name)
	}
	line = append(line, j.extra...)
	line = append(line, j.files...)
	if !j.freestanding {
		line = append(line, filepath.Join(include, stackCheckFile), "-lm")
		line = append(line, cc.libraries...)
	}
	return append(line, "-o", j.out), nil
}

// wasmFeatures are what every engine has had for years and newer clangs use
// unasked; with them older ones make the same code. Bulk memory is not among
// them: with it clang 14 takes _Thread_local for more than one thread, and
// cannot link it. Public functions are visible to the linker's --export-dynamic.
var wasmFeatures = []string{
	"-mmutable-globals", "-msign-ext", "-mnontrapping-fptoint", "-fvisibility=default",
}

// linkerFlags put the stack first, so that its overflow is a trap and does not
// reach C's variables, and export what a host needs: the table for callbacks,
// the stack pointer to restore after a trap, and what C can be asked for.
var linkerFlags = []string{
	"-Wl,--stack-first", "-Wl,--export-table", "-Wl,--growable-table",
	"-Wl,--export=__stack_pointer", "-Wl,--export-if-defined=errno",
	"-Wl,--export-if-defined=fflush",
}

// A wasmCompiler is a clang with what it needs to make wasm32.
type wasmCompiler struct {
	clang     string
	target    []string // flags for the target and the C library
	libraries []string
}

const (
	oldestClang = 12 // the first with the reactor model
	newestClang = 40
)

// findWasmCompiler finds the newest clang that can link wasm32.
func findWasmCompiler(freestanding bool) (*wasmCompiler, error) {
	var missing missingTools
	if sdk := os.Getenv("WASI_SDK_PATH"); sdk != "" {
		return sdkCompiler(sdk), nil
	}
	var names []string
	for v := newestClang; v >= oldestClang; v-- {
		names = append(names, fmt.Sprintf("clang-%d", v))
	}
	for _, name := range append(names, "clang") {
		clang, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		missing.clang = true
		if !canLinkWasm(clang) {
			continue
		}
		missing.linker = true
		if freestanding {
			return &wasmCompiler{clang: clang, target: []string{"--target=wasm32-unknown-unknown"}}, nil
		}
		c, ok := wasiCompiler(clang, &missing)
		if ok {
			return c, nil
		}
	}
	if sdk := "/opt/wasi-sdk"; isDir(sdk) {
		return sdkCompiler(sdk), nil
	}
	return nil, missing.error(freestanding)
}

func sdkCompiler(sdk string) *wasmCompiler {
	return &wasmCompiler{
		clang:  filepath.Join(sdk, "bin", "clang"),
		target: []string{"--target=wasm32-wasi", "--sysroot=" + filepath.Join(sdk, "share", "wasi-sysroot")},
	}
}

func canLinkWasm(clang string) bool {
	out, err := exec.Command(clang, "-print-prog-name=wasm-ld").Output()
	if err != nil {
		return false
	}
	_, err = exec.LookPath(strings.TrimSpace(string(out)))
	return err == nil
}

// linkerOnly is the environment for clang, with a search path of dir where it
// finds wasm-ld and nothing else. Some versions run wasm-opt on what they link
// if they find it: debug info then loses its addresses, and the bytes depend on
// what is installed.
func linkerOnly(dir string) []string {
	lld, err := exec.LookPath("wasm-ld")
	if err != nil {
		return nil // it is where clang is
	}
	if err := os.Symlink(lld, filepath.Join(dir, "wasm-ld")); err != nil {
		return nil // Windows without the right to: as the system has it
	}
	return append(os.Environ(), "PATH="+dir)
}

// wasiCompiler is a system's clang with the system's wasi-libc, as Debian has
// them, if this clang has its runtime library for wasm32.
func wasiCompiler(clang string, missing *missingTools) (*wasmCompiler, bool) {
	if !isDir("/usr/include/wasm32-wasi") {
		return nil, false
	}
	missing.libc = true
	c := &wasmCompiler{clang: clang, target: []string{"--target=wasm32-wasi", "--sysroot=/usr"}}
	out, err := exec.Command(clang, append(c.target, "-print-libgcc-file-name")...).Output()
	if err != nil {
		return nil, false
	}
	if _, err := os.Stat(strings.TrimSpace(string(out))); err != nil {
		missing.version = clangVersion(clang)
		return nil, false
	}
	if _, err := os.Stat("/usr/lib/wasm32-wasi/libc-printscan-long-double.a"); err == nil {
		// Without it printf of a long double ends the program.
		c.libraries = []string{"-lc-printscan-long-double"}
	}
	return c, true
}

func clangVersion(clang string) string {
	out, _ := exec.Command(clang, "-dumpversion").Output()
	major, _, _ := strings.Cut(strings.TrimSpace(string(out)), ".")
	return major
}

func isDir(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// missingTools are the parts of a compiler for wasm32 that were found, to say
// what is missing.
type missingTools struct {
	clang, linker, libc bool
	version             string // of a clang without its runtime library
}

func (m *missingTools) error(freestanding bool) error {
	looked := fmt.Sprintf("looked for clang-%d … clang-%d and clang in $PATH", newestClang, oldestClang)
	switch {
	case !m.clang && freestanding:
		return fmt.Errorf("no clang found (%s); on Debian: apt install clang lld", looked)
	case !m.clang:
		return fmt.Errorf("no clang found (%s, and for $WASI_SDK_PATH and /opt/wasi-sdk); on Debian: apt install clang lld wasi-libc libclang-rt-14-dev-wasm32", looked)
	case !m.linker:
		return fmt.Errorf("clang has no linker for WebAssembly, wasm-ld; on Debian: apt install lld")
	case !m.libc:
		return fmt.Errorf("no C library for WebAssembly in /usr/include/wasm32-wasi; on Debian: apt install wasi-libc; or do without one: --freestanding")
	}
	return fmt.Errorf("clang %s has no runtime library for WebAssembly; on Debian: apt install libclang-rt-%s-dev-wasm32", m.version, m.version)
}
