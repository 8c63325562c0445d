package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// nativeLine is the command line for a shared library of this machine.
func (j *buildJob) nativeLine() ([]string, error) {
	cc, err := findCompiler()
	if err != nil {
		return nil, &buildError{err}
	}
	include, err := supportFiles()
	if err != nil {
		return nil, &buildError{err}
	}
	line := append(cc, "-shared", "-fPIC")
	line = append(line, j.commonFlags(include)...)
	if j.freestanding {
		line = append(line, "-nostdlib", "-ffreestanding")
	}
	if len(j.exports) > 0 {
		only, err := exportOnly(j.exports)
		if err != nil {
			return nil, &buildError{err}
		}
		line = append(line, only...)
	}
	line = append(line, j.extra...)
	line = append(line, j.files...)
	if !j.freestanding && runtime.GOOS != "windows" {
		line = append(line, "-lm")
	}
	return append(line, "-o", j.out), nil
}

// findCompiler finds this machine's C compiler, with the flags that $CC may
// have behind its name.
func findCompiler() ([]string, error) {
	if cc := strings.Fields(os.Getenv("CC")); len(cc) > 0 {
		if _, err := exec.LookPath(cc[0]); err != nil {
			return nil, fmt.Errorf("$CC: %w", err)
		}
		return cc, nil
	}
	for _, name := range []string{"cc", "gcc", "clang"} {
		if path, err := exec.LookPath(name); err == nil {
			return []string{path}, nil
		}
	}
	return nil, fmt.Errorf("no C compiler found (looked for $CC, cc, gcc and clang in $PATH); on Debian: apt install gcc libc6-dev")
}

// exportOnly are the linker's flags that hide all symbols but these.
func exportOnly(names []string) ([]string, error) {
	switch runtime.GOOS {
	case "darwin":
		var flags []string
		for _, name := range names {
			flags = append(flags, "-Wl,-exported_symbol,_"+name)
		}
		return flags, nil
	case "windows":
		var flags []string
		for _, name := range names {
			flags = append(flags, "-Wl,--export-all-symbols=no", "-Wl,-export:"+name)
		}
		return flags, nil
	}
	script := "{\n\tglobal: " + strings.Join(names, "; ") + ";\n\tlocal: *;\n};\n"
	path, err := supportFile("exports.map", script)
	if err != nil {
		return nil, err
	}
	return []string{"-Wl,--version-script=" + path}, nil
}
