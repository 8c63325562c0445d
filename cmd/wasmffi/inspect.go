package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/debuginfo"
	"github.com/wasmffi/wasmffi/dtype"
)

var inspectCommand = command{
	name:  "inspect",
	usage: "LIB",
	short: "show what a library exports, imports and needs",
	help: `Shows a library's functions and variables, what it imports and needs, and, of a
WebAssembly module, its memory and table. Functions are shown as C prototypes if
the library has debug info, else by their WebAssembly signature.

  wasmffi inspect geo.wasm
  wasmffi inspect libz.so.1 --json

LIB is read, never loaded. It may be a WebAssembly module, an ELF, Mach-O or PE
file.

Flags:
  --json   print one JSON object
`,
	run: runInspect,
}

// An inspection is what there is to know about a library file.
type inspection struct {
	Path      string         `json:"path"`
	Backend   string         `json:"backend"` // the package that opens it
	ABI       string         `json:"abi"`
	DebugInfo bool           `json:"debug_info"`
	SHA256    string         `json:"sha256"` // of the file
	Functions []functionInfo `json:"functions"`
	Variables []variableInfo `json:"variables"`
	Imports   []string       `json:"imports"`
	Needs     []string       `json:"needs"` // other libraries
	Memory    *memoryInfo    `json:"memory"`
	Table     *tableInfo     `json:"table"`
	Allocator bool           `json:"allocator"` // malloc and free are exported
}

type functionInfo struct {
	Name      string `json:"name"`
	Prototype string `json:"prototype"` // empty without debug info
	Signature string `json:"signature"` // of WebAssembly
}

type variableInfo struct {
	Name string `json:"name"`
	Type string `json:"type"` // empty without debug info
	Size uint64 `json:"size"` // in bytes; 0 if unknown
}

// memoryInfo is in pages of 64 KiB; no maximum is null.
type memoryInfo struct {
	MinPages uint32  `json:"min_pages"`
	MaxPages *uint32 `json:"max_pages"`
}

// tableInfo is in elements; no maximum is null.
type tableInfo struct {
	Min      uint32  `json:"min"`
	Max      *uint32 `json:"max"`
	Exported bool    `json:"exported"`
}

func runInspect(t *terminal, args []string) error {
	var asJSON bool
	fs := newFlags("inspect")
	fs.BoolVar(&asJSON, "json", false, "")
	words, err := fs.parse(args)
	if err != nil {
		return err
	}
	words = append(words, fs.rest...)
	if len(words) != 1 {
		return usagef("inspect: %d libraries given, not one; see wasmffi help inspect", len(words))
	}
	if words[0] == "" {
		return usagef("inspect: no library given; see wasmffi help inspect")
	}
	in, err := inspect(words[0])
	if err != nil {
		return &wasmffi.Error{Op: "inspect", Library: words[0], Err: err}
	}
	if asJSON {
		line, err := jsonLine(in)
		t.printf("%s\n", line)
		return err
	}
	in.print(t)
	return nil
}

func inspect(name string) (*inspection, error) {
	path, err := findFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: no such file", wasmffi.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	kind, err := kindOfFile(path)
	if err != nil {
		return nil, err
	}
	in := &inspection{
		Path: path, Backend: "native",
		Functions: []functionInfo{}, Variables: []variableInfo{}, Imports: []string{}, Needs: []string{},
	}
	if in.SHA256, err = hashOfFile(path); err != nil {
		return nil, err
	}
	if err := in.read(path, kind); err != nil {
		return nil, err
	}
	in.Allocator = in.hasAllocator()
	in.declare(path)
	return in, nil
}

func (in *inspection) read(path string, kind wasmffi.Kind) (err error) {
	// The standard library's readers are not hardened against every hostile
	// file; a panic of theirs is that file's fault.
	defer func() {
		if p := recover(); p != nil {
			err = malformed(fmt.Errorf("%v", p))
		}
	}()
	switch kind {
	case wasmffi.Wasm:
		return in.wasm(path)
	case wasmffi.ELF:
		return in.elf(path)
	case wasmffi.MachO:
		return in.macho(path)
	}
	return in.pe(path)
}

func malformed(err error) error { return fmt.Errorf("%w: %w", wasmffi.ErrFormat, err) }

func kindOfFile(path string) (wasmffi.Kind, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && !st.Mode().IsRegular() {
		return 0, fmt.Errorf("%w: not a regular file", wasmffi.ErrFormat)
	}
	head := make([]byte, 8)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return 0, err
	}
	kind := wasmffi.KindOf(head[:n])
	switch {
	case kind == wasmffi.Unknown:
		return 0, fmt.Errorf("%w: it begins with % x, which is neither wasm nor ELF, Mach-O or PE", wasmffi.ErrFormat, head[:min(4, n)])
	case kind.Native() && strings.EqualFold(filepath.Ext(path), ".wasm"):
		return 0, fmt.Errorf("%w: %v under a .wasm name", wasmffi.ErrRefused, kind)
	}
	return kind, nil
}

func hashOfFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// declare fills in what debug info declares. Damaged debug info does not hide
// the rest.
func (in *inspection) declare(path string) {
	info, err := debuginfo.Open(path)
	if err != nil {
		return
	}
	defer info.Close()
	in.DebugInfo = true
	if info.ABI() == dtype.MinGWAMD64 {
		in.ABI = dtype.MinGWAMD64.Name() // the file says no more than Windows
	}
	for i := range in.Functions {
		f := &in.Functions[i]
		if d, err := info.Func(f.Name); err == nil && d.Type != nil {
			f.Prototype = dtype.Declare(d.Type, f.Name)
		}
	}
	for i := range in.Variables {
		v := &in.Variables[i]
		d, err := info.Var(v.Name)
		if err != nil || d.Type == nil {
			continue
		}
		v.Type = d.Type.String()
		if size, err := info.ABI().Size(d.Type); err == nil && v.Size == 0 {
			v.Size = size
		}
	}
}

func (in *inspection) print(t *terminal) {
	t.printf("%s: %s, opened by package %s\n", in.Path, in.ABI, in.Backend)
	t.printf("sha256: %s\n", in.SHA256)
	t.printf("debug info: %s\n", yesNo(in.DebugInfo))
	t.printf("allocator: %s\n", yesNo(in.Allocator))
	if m := in.Memory; m != nil {
		t.printf("memory: %s pages of 64 KiB\n", limits(m.MinPages, m.MaxPages))
	}
	if tb := in.Table; tb != nil {
		t.printf("table: %s elements, exported: %s\n", limits(tb.Min, tb.Max), yesNo(tb.Exported))
	}
	section(t, "functions", in.Functions, func(f functionInfo) string {
		switch {
		case f.Prototype != "":
			return f.Prototype + ";"
		case f.Signature != "":
			return f.Name + " " + f.Signature
		}
		return f.Name
	})
	section(t, "variables", in.Variables, func(v variableInfo) string {
		line := v.Name
		if v.Type != "" {
			line += ": " + v.Type
		}
		if v.Size != 0 {
			line += fmt.Sprintf(", %d bytes", v.Size)
		}
		return line
	})
	same := func(s string) string { return s }
	section(t, "imports", in.Imports, same)
	section(t, "needs", in.Needs, same)
}

func section[T any](t *terminal, title string, items []T, line func(T) string) {
	if len(items) == 0 {
		return
	}
	t.printf("%s:\n", title)
	for _, item := range items {
		t.printf("  %s\n", harmless(line(item)))
	}
}

// harmless is text with names in it that the library's author may have chosen to
// deceive a terminal.
func harmless(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}

func limits(low uint32, high *uint32) string {
	if high == nil {
		return fmt.Sprintf("%d or more", low)
	}
	return fmt.Sprintf("%d to %d", low, *high)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// hasAllocator reports whether malloc and free are among the functions.
func (in *inspection) hasAllocator() bool {
	found := 0
	for _, f := range in.Functions {
		if f.Name == "malloc" || f.Name == "free" {
			found++
		}
	}
	return found == 2
}
