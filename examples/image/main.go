// A real library that nobody should trust with files from the network:
// stb_image decodes PNG and JPEG, in the sandbox and natively, by the same Go
// code. The program builds it both ways with "wasmffi build", so that it needs
// clang and the Debian package libstb-dev (see the README).
//
//	go run ./examples/image [OUT.png]
//
// It draws a picture, decodes it with both, compares the pixels, flips it
// through a view with a negative stride, and then feeds both with broken files.
package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	_ "github.com/wasmffi/wasmffi/host"
	"github.com/wasmffi/wasmffi/memory"
	_ "github.com/wasmffi/wasmffi/native"
)

func main() {
	out := "flipped.png"
	if len(os.Args) > 1 {
		out = os.Args[1]
	}
	if err := run(context.Background(), out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string) error {
	dir, err := os.MkdirTemp("", "image")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sandboxed, err := open(ctx, filepath.Join(dir, "stb.wasm"))
	if err != nil {
		return err
	}
	defer sandboxed.lib.Close()
	machine, err := open(ctx, filepath.Join(dir, "libstb.so"))
	if err != nil {
		return err
	}
	defer machine.lib.Close()

	pngFile, jpegFile, err := draw()
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name string
		data []byte
	}{{"PNG", pngFile}, {"JPEG", jpegFile}} {
		if err := compare(file.name, file.data, sandboxed, machine); err != nil {
			return err
		}
	}
	if err := flip(sandboxed, pngFile, out); err != nil {
		return err
	}
	fmt.Println("flipped upside down into", filepath.Base(out))

	for _, d := range []*decoder{sandboxed, machine} {
		if err := broken(d, pngFile); err != nil {
			return err
		}
	}
	return nil
}

// A decoder is stb_image in either backend.
type decoder struct {
	lib  wasmffi.Library
	kind string
	c    struct {
		Load   func(file wasmffi.In[byte], n int32, width, height, channels *int32, want int32) (memory.Pointer, error) `c:"stbi_load_from_memory"`
		Free   func(pixels memory.Pointer)                                                                              `c:"stbi_image_free"`
		Reason func() string                                                                                            `c:"stbi_failure_reason"`
	}
}

// open builds the library and binds its functions.
func open(ctx context.Context, path string) (*decoder, error) {
	build := exec.CommandContext(ctx, "go", "run", "github.com/wasmffi/wasmffi/cmd/wasmffi", "build", "-O3", "-o", path, "examples/image/c/image.c")
	if msg, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building %s: %w\n%s", filepath.Base(path), err, msg)
	}
	lib, err := wasmffi.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	d := &decoder{lib: lib, kind: "native"}
	if filepath.Ext(path) == ".wasm" {
		d.kind = "sandbox"
	}
	return d, wasmffi.BindAll(lib, &d.c)
}

// pixels is a decoded picture in the library's memory, four bytes a pixel.
type pixels struct {
	memory.View
	ptr           memory.Pointer
	width, height int
}

func (d *decoder) decode(file []byte) (pixels, error) {
	var width, height, channels int32
	ptr, err := d.c.Load(file, int32(len(file)), &width, &height, &channels, 4)
	if err != nil {
		return pixels{}, err
	}
	if ptr.IsNull() {
		// The latest reason, that is: stb_image gives none where malloc gave it
		// no memory.
		return pixels{}, fmt.Errorf("no picture (%s)", d.c.Reason())
	}
	// What C says of its result: there are that many bytes. In the sandbox
	// this is checked against its memory.
	ptr = ptr.Cast(dtype.Uint8).Reinterpret(uint64(width) * uint64(height) * 4)
	view, err := ptr.Array()
	return pixels{view, ptr, int(width), int(height)}, err
}

// compare decodes one file in both backends and compares every byte.
func compare(name string, file []byte, decoders ...*decoder) error {
	var first []byte
	for _, d := range decoders {
		before, start := resident(), time.Now()
		p, err := d.decode(file)
		took, after := time.Since(start), resident()
		if err != nil {
			return fmt.Errorf("%s, %s: %w", name, d.kind, err)
		}
		b, err := p.Bytes()
		if err != nil {
			return err
		}
		d.c.Free(p.ptr)
		fmt.Printf("%-4s %d x %d, %-8s %6.1f ms, %5.1f MiB more memory for %.1f MiB of pixels\n", name, p.width, p.height, d.kind+":",
			float64(took.Microseconds())/1000, after-before, float64(len(b))/(1<<20))
		if first == nil {
			first = b
		} else if !bytes.Equal(first, b) {
			return fmt.Errorf("%s: the two backends decoded different pixels", name)
		}
	}
	fmt.Println(name, "pixels are identical")
	return nil
}

// resident is how much memory the process has in use, in MiB; 0 where /proc
// does not tell.
func resident() float64 {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages float64
	if _, err := fmt.Sscan(string(statm), &size, &pages); err != nil {
		return 0
	}
	return pages * float64(os.Getpagesize()) / (1 << 20)
}

// flip writes the picture upside down: rows are taken through an array whose
// first stride is negative, and nothing is copied before it is written.
func flip(d *decoder, file []byte, out string) error {
	p, err := d.decode(file)
	if err != nil {
		return err
	}
	defer d.c.Free(p.ptr)
	rows, err := memory.AsArray(p.View, p.height, p.width, 4)
	if err != nil {
		return err
	}
	upsideDown, err := rows.Slice(memory.Reverse)
	if err != nil {
		return err
	}
	picture := image.NewNRGBA(image.Rect(0, 0, p.width, p.height))
	if _, err := memory.CopyTo(upsideDown, picture.Pix); err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	return png.Encode(f, picture)
}

// broken feeds a decoder with files that must not work, and then with one that
// must.
func broken(d *decoder, good []byte) error {
	corrupt := bytes.Clone(good)
	for i := len(corrupt) / 2; i < len(corrupt)/2+64; i++ {
		corrupt[i] ^= 0x5a
	}
	for _, c := range []struct {
		name string
		file []byte
	}{
		{"bomb", bomb(good)},
		{"truncated", good[:len(good)/3]},
		{"corrupt", corrupt},
	} {
		p, err := d.decode(c.file)
		if err == nil {
			d.c.Free(p.ptr)
			return fmt.Errorf("%s: a %s file was decoded", d.kind, c.name)
		}
		fmt.Printf("%s, %s file: %v\n", d.kind, c.name, err)
	}
	p, err := d.decode(good)
	if err != nil {
		return err
	}
	d.c.Free(p.ptr)
	fmt.Println(d.kind + ": and a good file still decodes")
	return nil
}

// bomb is a PNG that claims 17,000 x 17,000 pixels, for which the decoder asks
// for two gigabytes: more than the sandbox has.
func bomb(good []byte) []byte {
	b := bytes.Clone(good)
	const ihdr = 16 // after the signature and the chunk's length and type
	copy(b[ihdr:], []byte{0, 0, 0x42, 0x68, 0, 0, 0x42, 0x68})
	return b
}

// draw makes a picture and encodes it.
func draw() (pngFile, jpegFile []byte, err error) {
	const width, height = 1024, 768
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			dx, dy := x-width/3, y-height/4
			c := color.NRGBA{uint8(x / 4), uint8(y / 3), uint8((x * y) >> 12), 255}
			if dx*dx+dy*dy < 150*150 {
				c = color.NRGBA{250, 220, 60, 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	var p, j bytes.Buffer
	if err := png.Encode(&p, m); err != nil {
		return nil, nil, err
	}
	err = jpeg.Encode(&j, m, &jpeg.Options{Quality: 90})
	return p.Bytes(), j.Bytes(), err
}
