package cdecl_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/cdecl"
	"github.com/wasmffi/wasmffi/dtype"
)

// A compiler that checks C for an ABI without linking it.
type compiler struct {
	abi  *dtype.ABI
	args []string
	deb  string // the Debian packages that bring it and its headers
}

var compilers = []compiler{
	{dtype.LinuxAMD64, []string{"clang", "--target=x86_64-linux-gnu"}, "clang libc6-dev"},
	{dtype.LinuxAMD64, []string{"gcc"}, "gcc libc6-dev"},
	{dtype.WASM32, []string{"clang", "--target=wasm32-wasi", "--sysroot=/usr"}, "clang wasi-libc"},
	{dtype.LinuxARM64, []string{"aarch64-linux-gnu-gcc"}, "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"},
	{dtype.MinGWAMD64, []string{"x86_64-w64-mingw32-gcc"}, "gcc-mingw-w64-x86-64"},
}

func (c compiler) String() string { return c.abi.Name() + "/" + c.args[0] }

func (c compiler) need(t *testing.T, headers []string) {
	t.Helper()
	if c.args[0] == "gcc" && dtype.Host() != c.abi {
		t.Skip("SKIPPED: gcc is not this ABI's compiler on this machine")
	}
	if _, err := exec.LookPath(c.args[0]); err != nil {
		t.Skipf("SKIPPED: %s is not installed: apt-get install %s", c.args[0], c.deb)
	}
	if out, err := c.check(t, includes(headers)); err != nil {
		deb, ok := headerPackages[headers[0]]
		if !ok {
			deb = c.deb
		}
		t.Skipf("SKIPPED: no %v for %s: apt-get install %s\n%s", headers, c.abi, deb, out)
	}
}

// check compiles C and gives the compiler's complaints.
func (c compiler) check(t *testing.T, src string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "check.c")
	require.NoError(t, os.WriteFile(path, []byte(src), 0o600))
	args := append(c.args[1:], "-std=c11", "-w", "-D_DEFAULT_SOURCE", "-fsyntax-only", path)
	out, err := exec.Command(c.args[0], args...).CombinedOutput()
	return string(out), err
}

var headerPackages = map[string]string{
	"zlib.h":        "zlib1g-dev",
	"sqlite3.h":     "libsqlite3-dev",
	"openssl/ssl.h": "libssl-dev",
}

// libcHeaders are read together, as a program includes them.
var libcHeaders = []string{"stdio.h", "stdlib.h", "string.h", "math.h", "time.h", "wchar.h", "inttypes.h", "complex.h", "unistd.h", "sys/stat.h", "poll.h", "locale.h", "errno.h"}

// Every declaration read from a header is written back as C after an #include
// of that header: a compiler refuses the second declaration of a name unless
// it has the type of the first.
func TestHeadersAgainstCompilers(t *testing.T) {
	native := append([]string{"sys/socket.h", "netinet/in.h", "netinet/ip.h", "netinet/tcp.h", "arpa/inet.h", "netdb.h", "sys/un.h",
		"pthread.h", "signal.h", "ucontext.h", "setjmp.h", "regex.h", "fcntl.h", "dirent.h", "termios.h", "sys/ioctl.h", "sys/mman.h",
		"sys/time.h", "sys/resource.h", "sys/epoll.h", "sys/sendfile.h", "elf.h", "link.h", "dlfcn.h"}, libcHeaders...)
	libraries := [][]string{{"zlib.h"}, {"sqlite3.h"}, {"openssl/ssl.h"}}
	for _, c := range compilers {
		groups := [][]string{native}
		switch c.abi {
		case dtype.WASM32:
			groups = [][]string{libcHeaders}
		case dtype.MinGWAMD64:
			groups = [][]string{{"stdio.h", "stdlib.h", "string.h", "math.h", "time.h", "wchar.h", "sys/stat.h", "errno.h"}, {"winsock2.h", "windows.h"}}
		case dtype.Host():
			groups = append(groups, libraries...)
		}
		for _, headers := range groups {
			t.Run(c.String()+"/"+headers[0], func(t *testing.T) {
				c.need(t, headers)
				d, err := cdecl.Parse(includes(headers), cdecl.Options{ABI: c.abi})
				require.NoError(t, err)
				n := 0
				for range d.All() {
					n++
				}
				assert.Greater(t, n, 100)
				standard := []string{"stdint.h", "stddef.h", "stdarg.h", "wchar.h", "sys/types.h"}
				if c.abi != dtype.WASM32 {
					standard = append(standard, "uchar.h")
				}
				// volatile changes neither layouts nor calls, and dtype has it not.
				out, err := c.check(t, "#define volatile\n"+includes(headers)+includes(standard)+redeclare(d, c.abi))
				assert.NoError(t, err, out)
			})
		}
	}
}

func includes(headers []string) string {
	var b strings.Builder
	for _, h := range headers {
		fmt.Fprintf(&b, "#include <%s>\n", h)
	}
	return b.String()
}

// redeclare writes declarations as C that checks them.
func redeclare(d *cdecl.Decls, abi *dtype.ABI) string {
	var b strings.Builder
	for x := range d.All(cdecl.Constant) {
		// clang has its own answers to what glibc asks about _Float128.
		if strings.HasPrefix(x.File, "<") || strings.Contains(x.File, "/floatn") || x.Name == "__MINGW_GCC_VERSION" {
			continue
		}
		fmt.Fprintf(&b, "#line %d %q\n", x.Line, x.File)
		switch v := x.Value.(type) {
		case int64:
			fmt.Fprintf(&b, "_Static_assert(%s == %s, \"%s\");\n", x.Name, intConstant(v), x.Name)
		case uint64:
			fmt.Fprintf(&b, "_Static_assert(%s == %dU, \"%s\");\n", x.Name, v, x.Name)
		}
	}
	for x := range d.All(cdecl.Function, cdecl.Variable, cdecl.Typedef, cdecl.Tag) {
		if strings.HasSuffix(x.File, "/x86intrin.h") {
			continue // gcc aligns wide vectors by the processor it compiles for
		}
		fmt.Fprintf(&b, "#line %d %q\n", x.Line, x.File)
		switch x.Kind {
		case cdecl.Function, cdecl.Variable:
			if x.Static || x.Name == "errno" { // errno is thread-local
				continue
			}
			c := dtype.Declare(x.Type, x.Name)
			if x.Const {
				c = fmt.Sprintf("const __typeof__(%s) %s", x.Type, x.Name)
			}
			// A parameter of type va_list has become a pointer to its element,
			// whose name only the compiler may use.
			c = strings.ReplaceAll(c, "struct __va_list_tag *", "va_list ")
			if !strings.Contains(c, "{") {
				fmt.Fprintf(&b, "#undef %s\nextern %s;\n", x.Name, c)
			}
		case cdecl.Typedef:
			if n, ok := x.Type.(*dtype.Named); ok && !looseTypedefs[x.Name] {
				c := strings.ReplaceAll(dtype.Declare(n.Underlying(), n.Name()), "struct __va_list_tag *", "va_list ")
				if x.Const {
					c = fmt.Sprintf("const __typeof__(%s) %s", n.Underlying(), x.Name)
				}
				if !strings.Contains(c, "{") {
					fmt.Fprintf(&b, "typedef %s;\n", c)
				}
			}
			sizes(&b, abi, x.Type)
		case cdecl.Tag:
			sizes(&b, abi, x.Type)
		}
	}
	return b.String()
}

// intConstant is an expression of a value whose digits may be no int.
func intConstant(v int64) string {
	if v == math.MinInt64 {
		return "-9223372036854775807LL-1"
	}
	return fmt.Sprintf("%dLL", v)
}

// sizes writes assertions about size, alignment and members of a type.
func sizes(b *strings.Builder, abi *dtype.ABI, typ dtype.Type) {
	name := typ.String()
	l, err := abi.Layout(typ)
	if err != nil || strings.Contains(name, "{") {
		return
	}
	fmt.Fprintf(b, "_Static_assert(sizeof(%s) == %d, \"sizeof %s\");\n", name, l.Size, name)
	fmt.Fprintf(b, "_Static_assert(_Alignof(%s) == %d, \"alignof %s\");\n", name, l.Align, name)
	offsets(b, abi, name, l, 0)
}

// offsets asserts where the members of a struct or union are, those of
// anonymous members included.
func offsets(b *strings.Builder, abi *dtype.ABI, name string, l *dtype.Layout, base uint64) {
	for _, f := range l.Fields {
		switch {
		case f.BitField:
		case f.Name != "":
			fmt.Fprintf(b, "#undef %s\n_Static_assert(__builtin_offsetof(%s, %s) == %d, \"%s.%s\");\n", f.Name, name, f.Name, base+f.Offset, name, f.Name)
		default:
			if inner, err := abi.Layout(f.Type); err == nil {
				offsets(b, abi, name, inner, base+f.Offset)
			}
		}
	}
}

// looseTypedefs are typedefs of functions without a prototype, as whose types C
// takes none that has one.
var looseTypedefs = map[string]bool{"FARPROC": true, "NEARPROC": true, "PROC": true, "SERVER_ROUTINE": true}
