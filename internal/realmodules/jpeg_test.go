package realmodules

import (
	"bytes"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/host"
)

// jpegli, the JPEG codec of JPEG XL's authors, with vector instructions.
var jpegModule = source{
	module: "github.com/gen2brain/jpegli@v0.3.4", file: "lib/jpegli.wasm.gz",
	sha256: "76548a3f203f7c20deb3780f130c68340d0706f5fa6d7c1d2c7610f93ff07644",
}

type jpegli struct {
	Decode func(in wasmffi.In[byte], n, configOnly int32, width, height, space, chroma wasmffi.Out[uint32], out wasmffi.Out[byte],
		fancy, smooth, arith, dct, tw, th int32) (int32, error) `c:"decode"`
	Encode func(in wasmffi.In[byte], width, height, space, chroma int32, size wasmffi.Out[uint32], quality, progressive, optimise,
		adaptive, standard, fancy, dct int32) (uint32, error) `c:"encode"`
	Free func(p uint32) error `c:"free"`
}

// picture is smooth with an edge.
func picture(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{uint8(3 * x), uint8(5 * y), uint8(2 * (x + y)), 255}
			if x > y {
				c.G = 255 - c.G
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func TestJPEG(t *testing.T) {
	everywhere(t, "jpegli.wasm", fetch(t, jpegModule), nil, nil, jpegWork)
}

func jpegWork(t *testing.T, lib *host.Library) []any {
	var f jpegli
	require.NoError(t, wasmffi.BindAll(lib, &f))
	const w, h = 79, 50
	original := picture(w, h)

	// What Go encodes is decoded to the planes that Go decodes.
	var file bytes.Buffer
	require.NoError(t, jpeg.Encode(&file, original, &jpeg.Options{Quality: 90}))
	decoded, err := jpeg.Decode(bytes.NewReader(file.Bytes()))
	require.NoError(t, err)
	want := decoded.(*image.YCbCr)
	one := func() wasmffi.Out[uint32] { return make(wasmffi.Out[uint32], 1) }
	width, height, space, chroma := one(), one(), one(), one()
	const aw, ah = 80, 64 // in whole blocks
	out := make(wasmffi.Out[byte], aw*ah*3/2)
	ok, err := f.Decode(file.Bytes(), int32(file.Len()), 0, width, height, space, chroma, out, 0, 0, 0, 0, 0, 0)
	require.NoError(t, err)
	steps := []any{left(lib.FuelLeft())}
	require.EqualValues(t, 1, ok)
	require.Equal(t, []uint32{w, h, 3, 2}, []uint32{width[0], height[0], space[0], chroma[0]}, "YCbCr 4:2:0")
	got := &image.YCbCr{
		Y: out[:aw*ah], Cb: out[aw*ah : aw*ah*5/4], Cr: out[aw*ah*5/4:], YStride: aw, CStride: aw / 2,
		SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: want.Rect,
	}
	worst, sum := 0, 0
	for y := range h {
		for x := range w {
			a, b := want.YCbCrAt(x, y), got.YCbCrAt(x, y)
			for _, d := range []int{int(a.Y) - int(b.Y), int(a.Cb) - int(b.Cb), int(a.Cr) - int(b.Cr)} {
				worst, sum = max(worst, d, -d), sum+max(d, -d)
			}
		}
	}
	assert.LessOrEqual(t, worst, 20, "jpegli takes coefficients for smaller than Go does: the edge shows it")
	assert.Less(t, float64(sum)/(w*h*3), 1.0)
	steps = append(steps, crc32.ChecksumIEEE(out))

	// What is encoded here Go decodes to nearly the original.
	size := one()
	at, err := f.Encode(original.Pix, w, h, 2, 0, size, 95, 0, 1, 1, 0, 1, 0)
	require.NoError(t, err)
	steps = append(steps, left(lib.FuelLeft()))
	require.NotZero(t, at)
	encoded := make([]byte, size[0])
	require.NoError(t, lib.Space().ReadAt(encoded, uint64(at)))
	require.NoError(t, f.Free(at))
	back, err := jpeg.Decode(bytes.NewReader(encoded))
	require.NoError(t, err)
	require.Equal(t, original.Rect, back.Bounds())
	sum = 0
	for y := range h {
		for x := range w {
			r, g, b, _ := back.At(x, y).RGBA()
			o := original.NRGBAAt(x, y)
			for _, d := range []int{int(r>>8) - int(o.R), int(g>>8) - int(o.G), int(b>>8) - int(o.B)} {
				sum += max(d, -d)
			}
		}
	}
	assert.Less(t, float64(sum)/(w*h*3), 4.0)
	return append(steps, crc32.ChecksumIEEE(encoded))
}
