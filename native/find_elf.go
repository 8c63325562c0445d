//go:build linux || freebsd

package native

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// fileNames are the file names a library may have: libz.so for z.
func fileNames(name string) []string {
	if strings.Contains(name, ".so") {
		return []string{name}
	}
	return []string{"lib" + name + ".so", name + ".so"}
}

// machine is this platform's ELF machine, and its name in directories.
func machine() (elf.Machine, string) {
	switch runtime.GOARCH {
	case "amd64":
		return elf.EM_X86_64, "x86_64"
	case "arm64":
		return elf.EM_AARCH64, "aarch64"
	}
	return elf.EM_NONE, runtime.GOARCH
}

// isLibrary reports whether the file is a shared library for this machine; a
// linker script called libc.so is none.
func isLibrary(path string) bool {
	f, err := elf.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	m, _ := machine()
	return f.Type == elf.ET_DYN && f.Machine == m
}

// searchPlaces are where the loader looks, in its order: ld.so(8) of glibc,
// and the path file of musl.
func searchPlaces() []searchPlace {
	_, arch := machine()
	places := directories(strings.FieldsFunc(os.Getenv("LD_LIBRARY_PATH"), func(r rune) bool { return r == ':' || r == ';' }))
	if cache, err := os.ReadFile("/etc/ld.so.cache"); err == nil {
		places = append(places, loaderCache(cache))
	}
	if list, err := os.ReadFile("/etc/ld-musl-" + arch + ".path"); err == nil {
		places = append(places, directories(strings.FieldsFunc(string(list), func(r rune) bool { return r == ':' || r == '\n' }))...)
	}
	return append(places, directories([]string{
		"/lib/" + arch + "-linux-gnu", "/usr/lib/" + arch + "-linux-gnu",
		"/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib",
	})...)
}

// A loaderCache is the content of /etc/ld.so.cache, which ldconfig writes:
// sonames and the files they stand for. Its format is glibc's
// sysdeps/generic/dl-cache.h.
type loaderCache []byte

const (
	cacheMagic     = "glibc-ld.so.cache1.1"
	cacheHeader    = 48
	cacheEntrySize = 24
)

func (loaderCache) String() string { return "/etc/ld.so.cache" }

func (c loaderCache) find(wanted []string) string {
	sonames := map[string]string{}
	var names []string
	c.each(func(soname, path string) {
		if _, ok := sonames[soname]; !ok {
			sonames[soname] = path
			names = append(names, soname)
		}
	})
	for _, n := range candidates(wanted, names) {
		if isLibrary(sonames[n]) {
			return n // the loader finds it by that
		}
	}
	return ""
}

// each calls f for the entries that are for this machine. A cache that is cut
// short or makes no sense has the fewer entries.
func (c loaderCache) each(f func(soname, path string)) {
	start := bytes.Index(c, []byte(cacheMagic)) // an older format may precede it
	if start < 0 || len(c)-start < cacheHeader {
		return
	}
	c = c[start:]
	n := uint64(binary.LittleEndian.Uint32(c[20:]))
	str := func(off uint32) string {
		if uint64(off) >= uint64(len(c)) {
			return ""
		}
		s, _, _ := bytes.Cut(c[off:], []byte{0})
		return string(s)
	}
	for i := range n {
		at := cacheHeader + i*cacheEntrySize
		if at+cacheEntrySize > uint64(len(c)) {
			return
		}
		e := c[at:]
		if binary.LittleEndian.Uint32(e)&0xffff != cacheFlags() {
			continue
		}
		if path := str(binary.LittleEndian.Uint32(e[8:])); filepath.IsAbs(path) {
			f(str(binary.LittleEndian.Uint32(e[4:])), path)
		}
	}
}

// cacheFlags marks the entries of this machine: an ELF library for glibc (3),
// and the architecture (sysdeps/unix/sysv/linux/*/dl-cache.h).
func cacheFlags() uint32 {
	switch runtime.GOARCH {
	case "amd64":
		return 0x0303
	case "arm64":
		return 0x0a03
	}
	return 0x0003
}
