package dtype

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// decodeRecord makes a struct or union of any bytes: two for the attributes,
// then four for each member. Much of it is no valid C.
func decodeRecord(data []byte, nested []Type) (Type, error) {
	if len(data) < 2 {
		return NewStruct("empty")
	}
	attr := Attr{
		Packed:  data[0]&1 != 0,
		Pack:    uint64(data[0]>>1) & 0x1f,
		Align:   1 << (data[1] & 0x1f) >> 1,
		Dialect: Dialect(data[1] >> 5 & 3),
		Endian:  Endian(data[0] >> 6),
	}
	types := append(append(Scalars(), PointerTo(CInt), ComplexOf(CDouble), CVoid, must(FlexibleArrayOf(CShort)),
		must(NewEnum("e", EnumConst{Name: "A", Value: -1})), must(NewNamedAligned("t", CInt, 16))), nested...)
	var fields []Field
	for i, m := 0, data[2:]; len(m) >= 4 && i < 64; i, m = i+1, m[4:] {
		f := Field{Name: string(rune('A' + i)), Type: types[int(m[0])%len(types)], Align: uint64(m[2] & 0x3f), Packed: m[2]&0x40 != 0}
		switch m[3] % 4 {
		case 0:
			f.BitField, f.Bits = true, m[1]
			if m[3]&4 != 0 {
				f.Name = ""
			}
		case 1:
			array, err := ArrayOf(f.Type, uint64(m[1])<<(m[3]>>2))
			if err != nil {
				return nil, err
			}
			f.Type = array
		}
		if m[2]&0x80 != 0 && recordOf(f.Type) != nil {
			f.Name = ""
		}
		fields = append(fields, f)
	}
	if data[1]>>7 != 0 {
		return NewUnionAttr("u", attr, fields...)
	}
	return NewStructAttr("s", attr, fields...)
}

// FuzzLayout lays out what can be made of any bytes, on every ABI: members are
// aligned and in order, do not overlap, lie inside, and the size is a multiple
// of the alignment.
func FuzzLayout(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add([]byte{0, 0, 1, 0, 0, 2, 6, 0, 0, 2}, []byte{1, 0, 34, 3, 0, 0, 34, 5, 0, 0})
	f.Add([]byte{4, 0x80, 6, 40, 0, 0, 6, 0, 0, 4}, []byte{0, 0x43, 39, 2, 0x80, 2, 8, 200, 8, 0xfd})
	f.Fuzz(func(t *testing.T, inner, outer []byte) {
		var nested []Type
		if typ, err := decodeRecord(inner, nil); err == nil {
			nested = append(nested, typ)
		}
		typ, err := decodeRecord(outer, nested)
		if err != nil {
			var e *Error
			assert.ErrorAs(t, err, &e)
			return
		}
		assert.NotEmpty(t, Define(typ))
		assert.True(t, Identical(typ, typ))
		for _, abi := range ABIs() {
			l, err := abi.Layout(typ)
			if err != nil {
				var e *Error
				assert.ErrorAs(t, err, &e)
				continue
			}
			checkInvariants(t, typ, l)
			checkAligned(t, typ, l, abi)
			d, err := abi.Describe(typ)
			assert.NoError(t, err)
			assert.LessOrEqual(t, d.Padding, l.Size)
			assert.NotEmpty(t, d.String())
			assert.True(t, abi.LayoutEqual(typ, typ))
		}
	})
}

// checkAligned checks that members are where their alignment wants them,
// where no attribute says otherwise.
func checkAligned(t testing.TB, typ Type, l *Layout, abi *ABI) {
	t.Helper()
	if attr := recordOf(typ).Attr(); attr.Packed || attr.Pack != 0 {
		return
	}
	for _, f := range l.Fields {
		if f.BitField || f.Packed {
			continue
		}
		info, err := abi.info(f.Type)
		assert.NoError(t, err)
		align := max(info.align, f.Align)
		assert.Zero(t, f.Offset%align, "%s.%s at %d, align %d", Define(typ), f.Name, f.Offset, align)
		assert.GreaterOrEqual(t, l.Align, align, "%s.%s", Define(typ), f.Name)
	}
}

// FuzzPath follows any text as a path: what is found lies inside the type.
func FuzzPath(f *testing.F) {
	for _, path := range []string{"", "n", ".n", "pts[2].y", "grid[1][0]", "hi", "flags.lo", "tail[9].x", "pts[", "]", "..", "[0]", "pts[0x2]", "tail[99999999999]"} {
		f.Add(path)
	}
	poly := polygon(f)
	f.Fuzz(func(t *testing.T, path string) {
		for _, abi := range []*ABI{WASM32, LinuxAMD64} {
			at, err := abi.Find(poly, path)
			if err != nil {
				var e *Error
				assert.ErrorAs(t, err, &e)
				continue
			}
			assert.LessOrEqual(t, at.Offset, abi.maxSize())
			if at.Bits != nil {
				assert.Equal(t, at.Offset, at.Bits.Offset)
			}
		}
	})
}
