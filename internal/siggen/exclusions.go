package siggen

import (
	"slices"

	"github.com/wasmffi/wasmffi/dtype"
)

// Where compilers stray from the ABI document, or disagree where it is silent.
// This package follows the document; what they do is left out for them alone.

// oldInt128 is about clang before LLVM 18.
var oldInt128 = Exclusion{
	Reason: "clang before 18 splits __int128 between registers and stack and aligns it to 8, against the ABI and gcc",
	Where:  Parameters,
	Has: func(_ *dtype.ABI, t dtype.Type) bool {
		i, ok := dtype.Resolve(t).(*dtype.Int)
		return ok && (i == dtype.CInt128 || i == dtype.CUInt128)
	},
}

// passedInt128 is about clang before LLVM 20 for wasm32.
var passedInt128 = Exclusion{
	Reason: "clang before 20 passes __int128 for \"...\" aligned to 8, where its own va_arg looks at a multiple of 16",
	Where:  Passed,
	Has: func(_ *dtype.ABI, t dtype.Type) bool {
		return holds(t, func(t dtype.Type) bool { return t == dtype.Type(dtype.CInt128) || t == dtype.Type(dtype.CUInt128) })
	},
}

// passedVector is about clang for wasm32.
var passedVector = Exclusion{
	Reason: "clang for wasm32 passes a vector of 8 bytes for \"...\" as another one of 16, which its own va_arg does not look for",
	Where:  Passed,
	Has: func(abi *dtype.ABI, t dtype.Type) bool {
		return holds(t, func(t dtype.Type) bool { // in a struct alone too, which is passed as its vector
			_, vector := t.(*dtype.Vector)
			return vector && must(abi.Size(t)) == 8
		})
	},
}

// passedUnaligned is about clang for wasm32.
var passedUnaligned = Exclusion{
	Reason: "clang for wasm32 passes a struct of one scalar for \"...\" aligned as the scalar, where its own va_arg looks at a multiple of the struct's alignment",
	Where:  Passed,
	Has: func(abi *dtype.ABI, t dtype.Type) bool {
		switch dtype.Resolve(t).(type) {
		case *dtype.Struct, *dtype.Union:
			l, err := abi.Layout(t)
			return err == nil && l.Size >= 8 && l.Align < 8
		}
		return false
	},
}

// unnamedBits: the System V ABI says that unnamed bit-fields have no class.
var unnamedBits = Exclusion{
	Reason: "gcc classifies unnamed bit-fields as if they had a name, against the System V ABI and clang",
	Has: func(_ *dtype.ABI, t dtype.Type) bool {
		return holds(t, func(t dtype.Type) bool {
			_, union := t.(*dtype.Union)
			for _, f := range dtype.Members(t) {
				if f.BitField && f.Name == "" && (f.Bits > 0 || union) { // of width 0 it is right in structs
					return true
				}
			}
			return false
		})
	},
}

// gccNothing: the System V ABI does not speak of members without a size.
var gccNothing = Exclusion{
	Reason: "gcc classifies a member without a size inside an eightbyte as if it had one element, and never finds one unaligned between eightbytes",
	Has: func(abi *dtype.ABI, t dtype.Type) bool {
		return anywhere(abi, t, 0, func(t dtype.Type, off uint64) bool {
			return must(abi.Size(t)) == 0 && (off%8 != 0 || off%must(abi.Align(t)) != 0)
		})
	},
}

// gccFlexible: the System V ABI does not speak of flexible array members.
var gccFlexible = Exclusion{
	Reason: "gcc aligns the stack for a struct without a size that has a flexible array member, of which nothing is passed",
	Has: func(abi *dtype.ABI, t dtype.Type) bool {
		return must(abi.Size(t)) == 0 && must(abi.Align(t)) > 8 && hasField(t, func(f dtype.Field) bool {
			_, flexible := flexibleArray(f.Type)
			return flexible
		})
	},
}

// gccElements: the System V ABI says "unaligned fields".
var gccElements = Exclusion{
	Reason: "gcc looks at the first element of an array only, and misses unaligned fields of packed ones after it",
	Has: func(abi *dtype.ABI, t dtype.Type) bool {
		return anywhere(abi, t, 0, func(t dtype.Type, _ uint64) bool {
			a, ok := t.(*dtype.Array)
			if !ok {
				return false
			}
			size, align := must(abi.Size(a.Elem())), uint64(1)
			anywhere(abi, a.Elem(), 0, func(t dtype.Type, _ uint64) bool {
				if dtype.Members(t) == nil {
					align = max(align, must(abi.Align(t)))
				}
				return false
			})
			return size%align != 0
		})
	},
}

// clangFlexible: the System V ABI does not speak of flexible array members.
var clangFlexible = Exclusion{
	Reason: "clang passes structs with a flexible array member in memory, gcc as if it were not there",
	Has: func(_ *dtype.ABI, t dtype.Type) bool {
		return hasField(t, func(f dtype.Field) bool {
			_, flexible := flexibleArray(f.Type)
			return flexible
		})
	},
}

// clangAligned: the System V ABI says "unaligned fields".
var clangAligned = Exclusion{
	Reason: "clang takes a field for unaligned by its typedef's or its struct's alignment, gcc by that of the scalars in it",
	Has: func(abi *dtype.ABI, t dtype.Type) bool {
		return hasField(t, func(f dtype.Field) bool { return stated(f.Type) }) ||
			anywhere(abi, t, 0, func(t dtype.Type, off uint64) bool {
				return dtype.Members(t) != nil && off%must(abi.Align(t)) != 0
			})
	},
}

// stated reports whether a type, or that of an array's elements, is a typedef
// that states an alignment.
func stated(t dtype.Type) bool {
	for {
		switch u := t.(type) {
		case *dtype.Named:
			if u.Align() != 0 {
				return true
			}
			t = u.Underlying()
		case *dtype.Array:
			t = u.Elem()
		default:
			return false
		}
	}
}

// clangPadding: of a value that begins with eight bytes of padding.
var clangPadding = Exclusion{
	Reason: "clang passes only the second half of what begins with unnamed bit-fields, on the stack too, and its va_arg does not find it",
	Has: func(abi *dtype.ABI, t dtype.Type) bool {
		return must(abi.Size(t)) > 0 && !anywhere(abi, t, 0, func(t dtype.Type, off uint64) bool {
			if off < 8 && dtype.Members(t) == nil {
				_, array := t.(*dtype.Array)
				_, empty := t.(*dtype.Struct)
				_, none := t.(*dtype.Union)
				return !array && !empty && !none
			}
			if dtype.Members(t) != nil {
				for _, f := range must(abi.Layout(t)).Fields {
					if f.BitField && f.Name != "" && off+f.BitStart/8 < 8 {
						return true
					}
				}
			}
			return false
		})
	},
}

// nothing: a caller passes nothing for it.
var nothing = Exclusion{
	Reason: "va_arg aligns the list for over-aligned records without a size",
	Where:  Variadic,
	Has: func(abi *dtype.ABI, t dtype.Type) bool {
		return must(abi.Size(t)) == 0 && must(abi.Align(t)) > 8
	},
}

// noElements: AAPCS64 does not speak of members without a size.
var noElements = Exclusion{
	Reason: "gcc and clang each have their own rules for arrays without elements in homogeneous aggregates",
	Has: func(abi *dtype.ABI, t dtype.Type) bool {
		return anywhere(abi, t, 0, func(t dtype.Type, _ uint64) bool {
			a, ok := t.(*dtype.Array)
			return ok && a.Len() == 0
		})
	},
}

// unionBits: AAPCS64 goes by members, which this is none of.
var unionBits = Exclusion{
	Reason: "gcc takes unnamed bit-fields in a union for members, so that it is no homogeneous aggregate",
	Has: func(_ *dtype.ABI, t dtype.Type) bool {
		return holds(t, func(t dtype.Type) bool {
			_, union := t.(*dtype.Union)
			return union && slices.ContainsFunc(dtype.Members(t), func(f dtype.Field) bool { return f.BitField && f.Name == "" })
		})
	},
}

// gccVaArg is about gcc 12, perhaps others.
var gccVaArg = Exclusion{
	Reason: "gcc's va_arg reads 16 bytes of integer registers as aligned, which they are not, if their struct is aligned to 16",
	Where:  Variadic,
	Has: func(abi *dtype.ABI, t dtype.Type) bool {
		return dtype.Members(t) != nil && must(abi.Align(t)) == 16 && must(abi.Size(t)) == 16
	},
}

// gccVectorArg is about gcc 12 for arm64 at -O2, perhaps others.
var gccVectorArg = Exclusion{
	Reason: "gcc's va_arg reads a homogeneous aggregate of vectors before it has put it together",
	Where:  Variadic,
	Has: func(_ *dtype.ABI, t dtype.Type) bool {
		return dtype.Members(t) != nil && holds(t, func(t dtype.Type) bool {
			_, vector := t.(*dtype.Vector)
			return vector
		})
	},
}

// packedWide: AAPCS64 goes by the alignment of the members.
var packedWide = Exclusion{
	Reason: "clang aligns packed homogeneous aggregates of vectors or long double on the stack as if they were not packed",
	Where:  Parameters,
	Has: func(abi *dtype.ABI, t dtype.Type) bool {
		return must(abi.Align(t)) < 16 && holds(t, func(t dtype.Type) bool {
			if c, ok := t.(*dtype.Complex); ok {
				t = c.Part()
			}
			switch t.(type) {
			case *dtype.Vector, *dtype.Float:
				return must(abi.Size(t)) == 16
			}
			return false
		})
	},
}

// anywhere reports whether a type at an offset, or one inside it, is of a kind.
// Of an array it looks at the first element.
func anywhere(abi *dtype.ABI, t dtype.Type, off uint64, is func(dtype.Type, uint64) bool) bool {
	t = dtype.Resolve(t)
	if is(t, off) {
		return true
	}
	if a, ok := t.(*dtype.Array); ok {
		return anywhere(abi, a.Elem(), off, is)
	}
	if dtype.Members(t) == nil {
		return false
	}
	for _, f := range must(abi.Layout(t)).Fields {
		if _, flexible := flexibleArray(f.Type); !flexible && !f.BitField && anywhere(abi, f.Type, off+f.Offset, is) {
			return true
		}
	}
	return false
}

func flexibleArray(t dtype.Type) (*dtype.Array, bool) {
	a, ok := dtype.Resolve(t).(*dtype.Array)
	return a, ok && a.Flexible()
}

// clangUnnamed is about AAPCS64, which does not speak of unnamed bit-fields.
var clangUnnamed = Exclusion{
	Reason: "clang passes nothing for records of unnamed bit-fields alone, and has its own rule for those in homogeneous aggregates, against gcc",
	Has: func(_ *dtype.ABI, t dtype.Type) bool {
		return hasField(t, func(f dtype.Field) bool { return f.BitField && f.Name == "" })
	},
}

// hasField reports whether a type or one inside it has a member of a kind.
func hasField(t dtype.Type, is func(dtype.Field) bool) bool {
	return holds(t, func(t dtype.Type) bool {
		for _, f := range dtype.Members(t) {
			if is(f) {
				return true
			}
		}
		return false
	})
}

// mingwBits: there is no document for gcc's records on Windows.
var mingwBits = Exclusion{
	Reason: "gcc for Windows and clang lay bit-fields, and what is packed or aligned by attributes, out differently",
	Has: func(_ *dtype.ABI, t dtype.Type) bool {
		return holds(t, func(t dtype.Type) bool {
			if r, ok := t.(interface{ Attr() dtype.Attr }); ok && r.Attr() != (dtype.Attr{}) {
				return true
			}
			return hasField(t, func(f dtype.Field) bool { return f.BitField || f.Align != 0 || f.Packed })
		})
	},
}

// shortWide: C promotes it, and there is nothing to read with va_arg.
var shortWide = Exclusion{
	Reason: "wchar_t of 2 bytes is promoted where it matches \"...\"",
	Where:  Variadic,
	Has: func(_ *dtype.ABI, t dtype.Type) bool {
		return dtype.Resolve(t) == dtype.Type(dtype.WCharT)
	},
}
