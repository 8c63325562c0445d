package dtype

import (
	"fmt"
	"testing"
)

// fifty is the members of a struct of 50, every fifth a bit-field.
func fifty() []Field {
	types := []Type{CChar, CInt, CDouble, PointerTo(CVoid), CLong}
	var fields []Field
	for i := range 50 {
		f := Field{Name: fmt.Sprintf("m%d", i), Type: types[i%len(types)]}
		if i%5 == 4 {
			f.Type, f.BitField, f.Bits = CUInt, true, uint8(1+i%17)
		}
		fields = append(fields, f)
	}
	return fields
}

func BenchmarkLayout(b *testing.B) {
	fields := fifty()
	b.Run("fields=50", func(b *testing.B) {
		s := mustStruct(b, "s", Attr{}, fields...)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := LinuxAMD64.layoutRecord(s, &s.record); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("fields=50/again", func(b *testing.B) {
		s := mustStruct(b, "s", Attr{}, fields...)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := LinuxAMD64.Layout(s); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDefine(b *testing.B) {
	fields := fifty()
	b.Run("fields=50", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			mustStruct(b, "s", Attr{}, fields...)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	poly := polygon(b)
	b.Run("pts[2].y", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := WASM32.Find(poly, "pts[2].y"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
