package cdecl

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/wasmffi/wasmffi/dtype"
)

// A platform is what C text can ask about the ABI it is read for: predefined
// macros, the C library's choices among integer types, its headers' places.
type platform struct {
	abi     *dtype.ABI
	macros  string            // predefined, as #define lines
	defines map[string]string // the same by name: what follows #define
	types   string            // typedefs known without any #include
	row     osRow
	cpu     string        // as in the ABI's name; empty for wasm
	scope   func() *scope // of the types and of dtype's own
}

var platforms sync.Map // *dtype.ABI → *platform

func platformOf(abi *dtype.ABI) *platform {
	if p, ok := platforms.Load(abi); ok {
		return p.(*platform)
	}
	p, _ := platforms.LoadOrStore(abi, newPlatform(abi))
	return p.(*platform)
}

// An osRow is what all ABIs of one operating system share.
type osRow struct {
	prefix string // of ABI names
	macros string // NAME or NAME=value
	// fast are the types behind int_fast8_t, int_fast16_t and int_fast32_t:
	// the C library's choice, not the compiler's (bits/stdint.h of glibc and
	// musl, FreeBSD's sys/_stdint.h, stdint.h of Apple and Microsoft).
	fast [3]string
	// headers are where the C library's headers may be, native ones those of a
	// machine of this ABI alone. debian is the package that brings them.
	headers, native []string
	debian          string
}

var osRows = []osRow{
	{
		prefix: "linux-",
		macros: "__linux__ __linux __gnu_linux__ __unix__ __unix __ELF__ " + gcc,
		fast:   [3]string{"signed char", "long", "long"},
		native: []string{"/usr/local/include", "/usr/include/%s-linux-gnu", "/usr/include"},
		// Debian's cross compilers have their headers here.
		headers: []string{"/usr/%s-linux-gnu/include"},
		debian:  "libc6-dev",
	},
	{
		prefix: "freebsd-",
		macros: "__FreeBSD__=14 __unix__ __unix __ELF__ " + gcc,
		fast:   [3]string{"int", "int", "int"},
		native: []string{"/usr/local/include", "/usr/include"},
	},
	{
		prefix: "darwin-",
		macros: "__APPLE__ __MACH__ __APPLE_CC__=6000 __ENVIRONMENT_MAC_OS_X_VERSION_MIN_REQUIRED__=110000 " + gcc,
		fast:   [3]string{"signed char", "short", "int"},
		native: []string{"/Library/Developer/CommandLineTools/SDKs/MacOSX.sdk/usr/include",
			"/Applications/Xcode.app/Contents/Developer/Platforms/MacOSX.platform/Developer/SDKs/MacOSX.sdk/usr/include"},
	},
	{
		prefix: "windows-",
		macros: "_WIN32 _WIN64 _MSC_VER=1930 _MSC_FULL_VER=193000000 _MSC_EXTENSIONS _INTEGRAL_MAX_BITS=64",
		fast:   [3]string{"signed char", "int", "int"},
	},
	{
		prefix:  "mingw-",
		macros:  "_WIN32 _WIN64 __WIN32__ __WIN64__ __MINGW32__ __MINGW64__ __MSVCRT__ " + gcc,
		fast:    [3]string{"signed char", "short", "int"},
		headers: []string{"/usr/share/mingw-w64/include", "/usr/x86_64-w64-mingw32/include"},
		debian:  "mingw-w64-common",
	},
	{
		prefix: "wasm32",
		macros: "__wasm__ __wasm32__ __wasm __wasm32 __wasi__ __clang__ __clang_major__=14 " + gcc,
		fast:   [3]string{"signed char", "short", "int"},
		headers: []string{"/usr/include/wasm32-wasi", "/usr/local/share/wasi-sysroot/include/wasm32-wasi",
			"/opt/wasi-sdk/share/wasi-sysroot/include/wasm32-wasi"},
		debian: "wasi-libc",
	},
	{
		prefix: "emscripten32",
		macros: "__wasm__ __wasm32__ __wasm __wasm32 __EMSCRIPTEN__ __unix__ __clang__ __clang_major__=14 " + gcc,
		fast:   [3]string{"signed char", "int", "int"},
	},
}

// gcc's own macros, which the headers of C libraries ask for. Version 12 has
// every attribute read here and none of the keywords of C23.
const gcc = "__GNUC__=12 __GNUC_MINOR__=2 __GNUC_PATCHLEVEL__=0 __GNUC_STDC_INLINE__ __STRICT_ANSI__ _DEFAULT_SOURCE"

var cpuMacros = map[string]string{
	"amd64": "__x86_64__ __x86_64 __amd64__ __amd64 __SSE2__",
	"arm64": "__aarch64__ __ARM_64BIT_STATE __ARM_ARCH=8 __ARM_NEON",
}

var cpuMacrosMS = map[string]string{
	"amd64": "_M_X64=100 _M_AMD64=100",
	"arm64": "_M_ARM64",
}

func newPlatform(abi *dtype.ABI) *platform {
	row := osRows[slices.IndexFunc(osRows, func(r osRow) bool { return strings.HasPrefix(abi.Name(), r.prefix) })]
	_, cpu, _ := strings.Cut(abi.Name(), "-")
	p := &platform{abi: abi, row: row, cpu: cpu}
	p.macros, p.types, p.defines = predefine(abi, row, cpu)
	p.scope = sync.OnceValue(func() *scope { return builtinScope(p) })
	return p
}

// systemDirs are the directories of the C library's headers that exist.
func (p *platform) systemDirs() []string {
	candidates := p.row.headers
	if dtype.Host() == p.abi {
		candidates = slices.Concat(p.row.native, candidates)
	}
	if root := os.Getenv("WASI_SDK_PATH"); root != "" && p.abi == dtype.WASM32 {
		candidates = slices.Concat([]string{filepath.Join(root, "share/wasi-sysroot/include/wasm32-wasi")}, candidates)
	}
	var dirs []string
	for _, d := range candidates {
		d = strings.ReplaceAll(d, "%s", map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[p.cpu])
		if info, err := os.Stat(d); err == nil && info.IsDir() {
			dirs = append(dirs, d)
		}
	}
	return dirs
}

// missingHeaders says why no header of the C library can be found, or nothing.
func (p *platform) missingHeaders() string {
	s := "; this machine has no C library headers for " + p.abi.Name()
	if p.row.debian != "" {
		s += " (Debian: apt-get install " + p.row.debian
		if dtype.Host() != p.abi && strings.HasPrefix(p.row.prefix, "linux") {
			s += "-" + p.cpu + "-cross"
		}
		s += ")"
	}
	return s
}

// microsoft reports whether the ABI's compilers take Microsoft's extensions.
func (l *lifted) microsoft() bool {
	return strings.HasPrefix(l.abi.Name(), "windows-") || strings.HasPrefix(l.abi.Name(), "mingw-")
}
