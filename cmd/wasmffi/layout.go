package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/debuginfo"
	"github.com/wasmffi/wasmffi/dtype"
)

var layoutCommand = command{
	name:  "layout",
	usage: "TYPE… [LIB] [--abi A,B,…]",
	short: "show where a C type's members are, on one ABI or several",
	help: `Shows sizes, offsets, padding and bit-fields of C types, on several ABIs side by
side with their differences marked by *.

  wasmffi layout -e 'struct p { char c; long n; };' 'struct p'
  wasmffi layout -H sys/stat.h 'struct stat' --abi host,wasm32
  wasmffi layout 'struct point' geo.wasm     (declared by its debug info)

LIB is a word with a dot or a slash in it. It is read, never loaded.

Flags:
  -e 'C TEXT'    declarations in C; may be repeated
  -H FILE        a C header; may be repeated
  -I DIR         where headers are looked for; may be repeated
  --abi A,B      ABIs to show (default: LIB's own, or host): host, wasm32,
                 linux-amd64, linux-arm64, darwin-amd64, darwin-arm64,
                 windows-amd64, windows-arm64, mingw-amd64, emscripten32,
                 freebsd-amd64, freebsd-arm64
  --json         print one JSON object a line for each type and ABI
  --jsonl        read {"decl":"C TEXT","type":"TYPE","abi":"ABI"} lines from
                 stdin and answer each with such an object
`,
	run: runLayout,
}

func runLayout(t *terminal, args []string) error {
	var decls declFlags
	var abiList string
	var asJSON, jsonl bool
	fs := newFlags("layout")
	decls.register(fs)
	fs.StringVar(&abiList, "abi", "", "")
	fs.BoolVar(&asJSON, "json", false, "")
	fs.BoolVar(&jsonl, "jsonl", false, "")
	words, err := fs.parse(args)
	if err != nil {
		return err
	}
	words = append(words, fs.rest...)
	if jsonl {
		if len(words) > 0 {
			return usagef("layout: %q is too much: with --jsonl the types come from stdin", words[0])
		}
		return layoutLines(t)
	}
	types, lib, err := typesAndLib(words)
	if err != nil {
		return err
	}
	l := layouts{flags: &decls}
	if lib != "" {
		if err := l.openLib(lib); err != nil {
			return err
		}
		defer l.info.Close()
	}
	abis, err := l.abis(abiList)
	if err != nil {
		return err
	}
	for _, name := range types {
		ds, err := l.describe(name, abis)
		if err != nil {
			return err
		}
		if err := printLayouts(t, ds, asJSON); err != nil {
			return err
		}
	}
	return nil
}

// typesAndLib tells the library among the words: no type name has a dot or a
// slash in it.
func typesAndLib(words []string) (types []string, lib string, err error) {
	for _, w := range words {
		switch {
		case !strings.ContainsAny(w, `./\`):
			types = append(types, w)
		case lib != "":
			return nil, "", usagef("layout: two libraries, %s and %s", lib, w)
		default:
			lib = w
		}
	}
	if len(types) == 0 {
		return nil, "", usagef("layout: no type given; see wasmffi help layout")
	}
	return types, lib, nil
}

// layouts finds types in declarations and in a library's debug info.
type layouts struct {
	flags *declFlags
	info  *debuginfo.Info // nil without a library
	decls map[*dtype.ABI]*declarations
}

func (l *layouts) openLib(name string) error {
	path, err := findFile(name)
	if err != nil {
		return layoutError(name, err)
	}
	if l.info, err = debuginfo.Open(path); err != nil {
		return layoutError(name, err)
	}
	return nil
}

// abis are the ABIs of a list of names, or the default.
func (l *layouts) abis(list string) ([]*dtype.ABI, error) {
	if list == "" {
		if l.info != nil && l.info.ABI() != nil {
			return []*dtype.ABI{l.info.ABI()}, nil
		}
		list = "host"
	}
	var abis []*dtype.ABI
	for _, name := range strings.Split(list, ",") {
		abi, err := abiNamed(name)
		if err != nil {
			return nil, usagef("layout: --abi: %v", err)
		}
		abis = append(abis, abi)
	}
	return abis, nil
}

func abiNamed(name string) (*dtype.ABI, error) {
	if abi, ok := dtype.ABIByName(name); ok {
		return abi, nil
	}
	if name == "host" {
		return nil, errors.New("this machine has no known ABI; name one")
	}
	var names []string
	for _, abi := range dtype.ABIs() {
		names = append(names, abi.Name())
	}
	return nil, fmt.Errorf("no ABI %q; there are host, %s", name, strings.Join(names, ", "))
}

// describe lays out a type on each ABI.
func (l *layouts) describe(name string, abis []*dtype.ABI) ([]*dtype.Description, error) {
	var ds []*dtype.Description
	for _, abi := range abis {
		t, err := l.typeNamed(name, abi)
		if err != nil {
			return nil, layoutError(name, err)
		}
		d, err := abi.Describe(t)
		if err != nil {
			return nil, layoutError(name, err)
		}
		ds = append(ds, d)
	}
	return ds, nil
}

// typeNamed finds a type. Declarations go before the debug info, whose types
// are taken as they are where the name alone finds one.
func (l *layouts) typeNamed(name string, abi *dtype.ABI) (dtype.Type, error) {
	ds, ok := l.decls[abi]
	if !ok {
		var debug typeFinder
		if l.info != nil {
			debug = infoTypes{l.info}
		}
		var err error
		if ds, err = l.flags.parse(abi, debug); err != nil {
			return nil, err
		}
		if l.decls == nil {
			l.decls = map[*dtype.ABI]*declarations{}
		}
		l.decls[abi] = ds
	}
	if l.info == nil {
		return ds.Type(name)
	}
	t, err := ds.Type(name)
	if err == nil && !incomplete(t) {
		return t, nil
	}
	if t, err := l.info.Type(name); err == nil {
		return t, nil
	}
	return ds.typeNamed(name)
}

// infoTypes is debug info as a typeFinder.
type infoTypes struct{ info *debuginfo.Info }

func (i infoTypes) TypeNamed(name string) (dtype.Type, error) { return i.info.Type(name) }

func layoutError(name string, err error) error {
	return &wasmffi.Error{Op: "layout", Symbol: name, Err: err}
}

func printLayouts(t *terminal, ds []*dtype.Description, asJSON bool) error {
	switch {
	case asJSON:
		for _, d := range ds {
			line, err := jsonLine(d)
			if err != nil {
				return err
			}
			t.printf("%s\n", line)
		}
	case len(ds) == 1:
		t.printf("%s\n", ds[0])
	default:
		t.printf("%s\n", dtype.SideBySide(ds...))
	}
	return nil
}

// jsonLine is v as JSON in one line, with < and & as they are.
func jsonLine(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// layoutLines answers the types on stdin.
func layoutLines(t *terminal) error {
	failed := false
	err := t.lines(func(line []byte) (reply []byte, stop bool) {
		reply, err := layoutLine(line)
		if err != nil {
			failed = true
			reply = errorReply(err)
		}
		return reply, false
	})
	if err == nil && failed {
		err = errReported
	}
	return err
}

func layoutLine(line []byte) ([]byte, error) {
	fail := func(err error) ([]byte, error) { return nil, layoutError("", err) }
	v, err := readObject(line, "decl", "type", "abi")
	if err != nil {
		return fail(err)
	}
	text := map[string]string{"abi": "host"}
	for i, m := range v.members {
		if v.elems[i].kind != stringValue {
			return fail(fmt.Errorf("%q is no string", m))
		}
		text[m] = v.elems[i].text
	}
	if text["type"] == "" {
		return fail(errors.New(`no "type"`))
	}
	abi, err := abiNamed(text["abi"])
	if err != nil {
		return fail(err)
	}
	l := layouts{flags: &declFlags{}}
	if text["decl"] != "" {
		l.flags.add("<decl>", text["decl"])
	}
	ds, err := l.describe(text["type"], []*dtype.ABI{abi})
	if err != nil {
		return nil, err
	}
	return jsonLine(ds[0])
}
