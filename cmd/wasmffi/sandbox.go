package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/wasmffi/wasmffi/host"
)

// sandboxFlags say what a module may use. Naming a limit or a permission asks
// for the sandbox: no machine code is loaded then.
type sandboxFlags struct {
	sandbox bool
	mem     byteSize
	fuel    uint64
	dirs    listFlag
	env     listFlag
	sha256  string
	cache   string
}

func (f *sandboxFlags) register(fs *flagSet) {
	fs.BoolVar(&f.sandbox, "sandbox", false, "")
	fs.Var(&f.mem, "mem", "")
	fs.Func("fuel", "", f.setFuel)
	fs.Var(&f.dirs, "dir", "")
	fs.Var(&f.env, "env", "")
	fs.Func("sha256", "", f.setPin)
	fs.Func("cache", "", f.setCache)
}

// only reports whether nothing but the sandbox will do.
func (f *sandboxFlags) only() bool {
	return f.sandbox || f.mem != 0 || f.fuel != 0 || len(f.dirs) > 0 || len(f.env) > 0 || f.sha256 != "" || f.cache != ""
}

func (f *sandboxFlags) options() (host.Options, error) {
	o := host.Options{MemoryLimit: uint64(f.mem), Fuel: f.fuel, SHA256: f.sha256}
	for _, kv := range f.env {
		k, v, ok := strings.Cut(kv, "=")
		if !ok || k == "" {
			return o, usagef("call: --env %s: not K=V", kv)
		}
		if o.Env == nil {
			o.Env = map[string]string{}
		}
		o.Env[k] = v
	}
	if f.cache != "" {
		cache, err := host.OpenCache(f.cache, host.CacheOptions{})
		if err != nil {
			return o, err
		}
		o.Cache = cache
	}
	for _, dir := range f.dirs {
		d, err := parseDir(dir)
		if err != nil {
			return o, err
		}
		if slices.ContainsFunc(o.Dirs, func(other host.Dir) bool { return other.Guest == d.Guest }) {
			return o, usagef("call: --dir %s: there is a %s already", dir, d.Guest)
		}
		o.Dirs = append(o.Dirs, d)
	}
	return o, nil
}

// Values that would set nothing are refused: "--fuel $UNSET" is no wish for a call
// without bounds, nor for machine code.

func (f *sandboxFlags) setFuel(s string) error {
	n, err := strconv.ParseUint(s, 0, 63)
	if err != nil || n == 0 {
		return errors.New("not a number of instructions")
	}
	f.fuel = n
	return nil
}

func (f *sandboxFlags) setCache(s string) error {
	if s == "" {
		return errors.New("not a directory")
	}
	f.cache = s
	return nil
}

// setPin takes the hash of a module.
func (f *sandboxFlags) setPin(s string) error {
	if b, err := hex.DecodeString(s); err != nil || len(b) != sha256.Size {
		return fmt.Errorf("not %d hexadecimal digits", 2*sha256.Size)
	}
	f.sha256 = s
	return nil
}

// parseDir takes HOST:GUEST[:ro] apart. HOST may have colons in it.
func parseDir(s string) (d host.Dir, err error) {
	rest, readOnly := strings.CutSuffix(s, ":ro")
	at := strings.LastIndex(rest, ":")
	if at <= 0 || !strings.HasPrefix(rest[at+1:], "/") {
		return d, usagef("call: --dir %s: not HOST:GUEST or HOST:GUEST:ro with GUEST beginning with /", s)
	}
	d = host.Dir{Host: rest[:at], Guest: path.Clean(rest[at+1:]), ReadOnly: readOnly}
	if info, err := os.Stat(d.Host); err != nil || !info.IsDir() {
		return d, fmt.Errorf("wasmffi: --dir %s: %s is no directory", s, d.Host)
	}
	return d, nil
}

// A byteSize is a flag such as 64MiB.
type byteSize uint64

func (b *byteSize) String() string { return strconv.FormatUint(uint64(*b), 10) }

func (b *byteSize) Set(s string) error {
	digits := strings.TrimRight(s, "KMGTiBb")
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || n == 0 {
		return fmt.Errorf("not a size such as 64MiB")
	}
	shift := map[string]uint{"": 0, "B": 0, "K": 10, "KiB": 10, "M": 20, "MiB": 20, "G": 30, "GiB": 30}
	by, ok := shift[s[len(digits):]]
	if !ok || n > math.MaxUint64>>by {
		return fmt.Errorf("not a size such as 64MiB")
	}
	*b = byteSize(n << by)
	return nil
}
