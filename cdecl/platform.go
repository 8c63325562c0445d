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
	macros  string          // #define lines
	names   map[string]bool // the macros' names
	types   string          // typedefs known without any #include
	headers []string        // directories
	scope   func() *scope   // of the types and of dtype's own
}

var platforms sync.Map // *dtype.ABI → *platform

func platformOf(abi *dtype.ABI) *platform {
	if p, ok := platforms.Load(abi); ok {
		return p.(*platform)
	}
	p, _ := platforms.LoadOrStore(abi, newPlatform(abi))
	return p.(*platform)
}

// An osRow is what all ABIs of one operating system share. The integer types
// behind int_fastN_t are the C library's choice, not the compiler's: glibc and
// musl bits/stdint.h, FreeBSD sys/_stdint.h, Apple _types, Microsoft stdint.h.
type osRow struct {
	prefix                string // of ABI names
	macros                string // NAME or NAME=value
	fast8, fast16, fast32 string
	headers               []string
}

var osRows = []osRow{
	{"linux-", "__linux__ __linux __gnu_linux__ __unix__ __unix __ELF__ " + gcc, "signed char", "long", "long", nil},
	{"freebsd-", "__FreeBSD__=14 __unix__ __unix __ELF__ " + gcc, "int", "int", "int", []string{"/usr/local/include", "/usr/include"}},
	{"darwin-", "__APPLE__ __MACH__ __APPLE_CC__=6000 __ENVIRONMENT_MAC_OS_X_VERSION_MIN_REQUIRED__=110000 " + gcc, "signed char", "short", "int",
		[]string{"/Library/Developer/CommandLineTools/SDKs/MacOSX.sdk/usr/include", "/Applications/Xcode.app/Contents/Developer/Platforms/MacOSX.platform/Developer/SDKs/MacOSX.sdk/usr/include"}},
	{"windows-", "_WIN32 _WIN64 _MSC_VER=1930 _MSC_FULL_VER=193000000 _MSC_EXTENSIONS _INTEGRAL_MAX_BITS=64", "signed char", "int", "int", nil},
	{"mingw-", "_WIN32 _WIN64 __WIN32__ __WIN64__ __MINGW32__ __MINGW64__ __MSVCRT__ " + gcc, "signed char", "short", "int",
		[]string{"/usr/x86_64-w64-mingw32/include", "/usr/share/mingw-w64/include"}},
	{"wasm32", "__wasm__ __wasm32__ __wasm __wasm32 __wasi__ __clang__ __clang_major__=14 " + gcc, "signed char", "short", "int",
		[]string{"/usr/include/wasm32-wasi", "/usr/local/share/wasi-sysroot/include/wasm32-wasi", "/opt/wasi-sdk/share/wasi-sysroot/include/wasm32-wasi"}},
	{"emscripten32", "__wasm__ __wasm32__ __wasm __wasm32 __EMSCRIPTEN__ __unix__ __clang__ __clang_major__=14 " + gcc, "signed char", "int", "int", nil},
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
	p := &platform{abi: abi, headers: row.headers}
	p.macros, p.types, p.names = predefine(abi, row, cpu)
	p.scope = sync.OnceValue(func() *scope { return builtinScope(p) })
	if row.prefix == "linux-" {
		triplet := map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[cpu]
		p.headers = []string{"/usr/local/include", "/usr/include/" + triplet, "/usr/include"}
		if dtype.Host() != abi {
			p.headers = []string{"/usr/" + triplet + "/include"}
		}
	}
	return p
}

// systemDirs are the directories of the C library's headers that exist.
func (p *platform) systemDirs() []string {
	var dirs []string
	if root := os.Getenv("WASI_SDK_PATH"); root != "" && p.abi == dtype.WASM32 {
		dirs = append(dirs, filepath.Join(root, "share/wasi-sysroot/include/wasm32-wasi"))
	}
	for _, d := range p.headers {
		if info, err := os.Stat(d); err == nil && info.IsDir() {
			dirs = append(dirs, d)
		}
	}
	return dirs
}
