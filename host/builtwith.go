package host

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
)

const (
	entryFormat = 2 // of cache entries
	selfPath    = "github.com/wasmffi/wasmffi"
	enginePath  = "github.com/tetratelabs/wazero"
)

// builtWith is what machine code depends on besides the module: the versions of
// all that makes it or that it is made for, and the machine.
var builtWith = sync.OnceValues(func() ([]byte, error) {
	code, err := fingerprint()
	if err != nil {
		return nil, err
	}
	versions, err := moduleVersions()
	if err != nil {
		return nil, err
	}
	b := fmt.Appendf(nil, "wasmffi cache entry %d\nrewriter %d\n", entryFormat, guestabi.Revision)
	b = append(b, versions...)
	return fmt.Appendf(b, "%s %s %s\ncode %x\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, code), nil
})

// moduleVersions tells this package and wazero from all others. In a program that
// does not know them, as tests do not, or that has a wazero without a version,
// that is the program itself.
func moduleVersions() ([]byte, error) {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		info = new(debug.BuildInfo)
	}
	self, engine := info.Main, debug.Module{}
	for _, d := range info.Deps {
		switch d.Path {
		case selfPath:
			self = *d
		case enginePath:
			engine = *d
		}
	}
	if r := engine.Replace; engine.Version == "" || r != nil && r.Version == "" {
		sum, err := programSum()
		if err != nil {
			return nil, fmt.Errorf("%w: this program tells no version of wazero, and cannot be read: %w", wasmffi.ErrNotSupported, err)
		}
		return fmt.Appendf(nil, "program %x\n", sum), nil
	}
	var b []byte
	for _, m := range []debug.Module{self, engine} {
		for r := &m; r != nil; r = r.Replace {
			b = fmt.Appendf(b, "%s %s %s\n", r.Path, r.Version, r.Sum)
		}
	}
	return b, nil
}

// programSum is the hash of the program that is running.
func programSum() ([]byte, error) {
	file, err := "/proc/self/exe", error(nil) // this very file, even when another is in its place
	if runtime.GOOS != "linux" {
		if file, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return h.Sum(nil), err
}

// probe is a module with one function, a loop that counts the bits of a number.
const probe = "\x00asm\x01\x00\x00\x00" +
	"\x01\x06\x01\x60\x01\x7f\x01\x7f" + // type: (i32) -> i32
	"\x03\x02\x01\x00" +
	"\x0a\x0e\x01\x0c\x00" +
	"\x03\x40\x20\x00\x0d\x00\x0b" + // loop; local.get 0; br_if 0; end
	"\x20\x00\x69\x0b" // local.get 0; i32.popcnt

// fingerprint is what becomes of a module here, and under which key the engine
// keeps it: the engine's version and the abilities of the processor are in that.
// An interpreter keeps nothing.
func fingerprint() ([]byte, error) {
	key := moduleKey{limits: moduleLimits{memoryPages: 1, table: 1}}
	res, wasm, err := rewrite(key.limits, []byte(probe))
	if err != nil {
		return nil, err
	}
	s := &shelf{}
	m, err := newModule(key, res, wasm, s)
	if err != nil {
		return nil, err
	}
	engine, code := s.take()
	if _, lines := splitLines(code); lines != nil {
		_, _, _, err = engineLines(m.code) // as it is to have them from an entry
	} else if len(code) > 0 {
		err = errUnknownEngine
	}
	m.close()
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	for _, b := range [][]byte{engine[:], code, wasm, res.Saved()} {
		h.Write(b)
	}
	return h.Sum(nil), nil
}
