package debuginfo

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

func TestCompressed(t *testing.T) {
	// Long enough to be worth compressing.
	var c strings.Builder
	for i := range 40 {
		c.WriteString(strings.ReplaceAll("struct s# { int first_member_#, second_member_#; }; int f#(struct s# *p) { return p->first_member_#; }\n", "#", string(rune('A'+i%26))+strings.Repeat("x", i/26)))
	}
	check := func(t *testing.T, path string) {
		info, err := Open(path)
		require.NoError(t, err)
		defer info.Close()
		f, err := info.Func("fB")
		require.NoError(t, err)
		assert.Equal(t, "int fB(struct sB *p)", dtype.Declare(f.Type, f.Name))
		frames, err := info.Line(f.Addr)
		require.NoError(t, err)
		assert.Contains(t, frames[0].File, "c.c")
	}
	for _, flag := range []string{"-gz=zlib", "-gz=zlib-gnu"} {
		t.Run(flag, func(t *testing.T) {
			tc := gcc
			tc.command += " -g " + flag
			path := tc.build(t, "c.c", c.String())
			f, err := elf.Open(path)
			require.NoError(t, err)
			defer f.Close()
			s := f.Section(".debug_info")
			require.True(t, s == nil || s.Flags&elf.SHF_COMPRESSED != 0, "nothing is compressed")
			check(t, path)
		})
	}
	t.Run("zstd", func(t *testing.T) {
		tc := gcc
		tc.command += " -g"
		path := tc.build(t, "c.c", c.String())
		zstd(t, path, ".debug_info")
		zstd(t, path, ".debug_str")
		check(t, path)
	})
}

// zstd compresses a section, as linkers newer than ours do.
func zstd(t *testing.T, path, section string) {
	t.Helper()
	f, err := elf.Open(path)
	require.NoError(t, err)
	defer f.Close()
	plain, err := f.Section(section).Data()
	require.NoError(t, err)
	if _, err := exec.LookPath("zstd"); err != nil {
		t.Skip("SKIPPED, NOT TESTED: no zstd here; on Debian: apt-get install zstd")
	}
	cmd := exec.Command("zstd", "-c")
	cmd.Stdin = bytes.NewReader(plain)
	packed, err := cmd.Output()
	require.NoError(t, err)
	header := binary.LittleEndian.AppendUint64(nil, uint64(elf.COMPRESS_ZSTD))
	header = binary.LittleEndian.AppendUint64(header, uint64(len(plain)))
	header = binary.LittleEndian.AppendUint64(header, 1)
	file := filepath.Join(t.TempDir(), "section")
	require.NoError(t, os.WriteFile(file, append(header, packed...), 0o600))
	tool(t, "", "binutils", "objcopy", "--update-section", section+"="+file, path)

	// objcopy keeps the flags, and lacks one to say so.
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	f, err = elf.Open(path)
	require.NoError(t, err)
	defer f.Close()
	headers := binary.LittleEndian.Uint64(b[0x28:])
	for i, s := range f.Sections {
		if s.Name == section {
			flags := b[headers+uint64(i)*64+8:]
			binary.LittleEndian.PutUint64(flags, binary.LittleEndian.Uint64(flags)|uint64(elf.SHF_COMPRESSED))
		}
	}
	require.NoError(t, os.WriteFile(path, b, 0o600))
}

// Debug info of other languages' compilers does no harm, and C beside it is
// found.
func TestOtherLanguages(t *testing.T) {
	for _, c := range []struct {
		name, file, text, pkg string
		command               []string
		found                 string
	}{
		{"Rust", "l.rs", `
#[repr(C)] pub struct P { pub x: f64, pub n: u32 }
pub enum E { A(u8), B { s: String }, C }
#[no_mangle] pub extern "C" fn rust_area(p: *const P, s: u8) -> f64 { unsafe { (*p).x * s as f64 + (*p).n as f64 } }
#[no_mangle] pub extern "C" fn rust_enum(n: i32) -> i32 { let e = if n > 0 { E::A(1) } else { E::B { s: "x".into() } }; match e { E::A(x) => x as i32, E::B { s } => s.len() as i32, E::C => 0 } }
`, "rustc", []string{"rustc", "-g", "--crate-type", "cdylib", "l.rs", "-o", "lib"}, ""},
		{"Fortran", "f.f90", `
subroutine farea(x, n, r) bind(c)
 use iso_c_binding
 real(c_double), value :: x
 integer(c_int) :: n(*)
 real(c_double) :: r
 type t
  integer a
  real b(3)
 end type
 type(t) :: q
 common /blk/ zz
 q%a = 1
 r = x * n(1) + q%a + zz
end subroutine
`, "gfortran", []string{"gfortran", "-g", "-shared", "-fPIC", "f.f90", "-o", "lib"}, ""},
		{"Go", "main.go", `package main

// static int twice(int n) { return 2 * n; }
import "C"

//export GoArea
func GoArea(x float64, n int32) float64 { return x * float64(C.twice(C.int(n))) }

func main() {}
`, "golang gcc", []string{"env", "CGO_ENABLED=1", "go", "build", "-buildmode=c-shared", "-o", "lib", "main.go"}, "GoFloat64 GoArea(GoFloat64 x, GoInt32 n)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o600))
			if c.name == "Go" {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module lib\n"), 0o600))
			}
			tool(t, dir, c.pkg, c.command...)
			b, err := os.ReadFile(filepath.Join(dir, "lib"))
			require.NoError(t, err)
			explore(b)
			info, err := Open(filepath.Join(dir, "lib"))
			require.NoError(t, err)
			defer info.Close()
			for f, err := range info.Funcs() {
				require.NoError(t, err)
				if c.found == "" {
					assert.Empty(t, f.Name, "not written in C")
				}
			}
			if c.found != "" {
				f, err := info.Func("GoArea")
				require.NoError(t, err)
				assert.Equal(t, c.found, dtype.Declare(f.Type, f.Name))
			}
		})
	}
}
