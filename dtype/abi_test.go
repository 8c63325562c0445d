package dtype

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every size, alignment and sign of the table, as the target's compiler has it.
func TestScalarsAgainstCompiler(t *testing.T) {
	for _, abi := range ABIs() {
		t.Run(abi.Name(), func(t *testing.T) {
			t.Parallel()
			require.Contains(t, targets, abi)
			clangFor(abi).compile(t, prelude+scalarAsserts(t, abi))
		})
	}
}

func TestScalarsAgainstGCC(t *testing.T) {
	for abi, gcc := range map[*ABI]compiler{LinuxAMD64: gccAMD64, LinuxARM64: gccARM64, MinGWAMD64: gccMinGW} {
		t.Run(abi.Name(), func(t *testing.T) {
			gcc.compile(t, prelude+scalarAsserts(t, abi))
		})
	}
}

func scalarAsserts(t *testing.T, abi *ABI) string {
	var c strings.Builder
	check := func(format string, args ...any) {
		s := fmt.Sprintf(format, args...)
		fmt.Fprintf(&c, "_Static_assert(%s, %q);\n", s, s)
	}
	types := append(Scalars(), PointerTo(CVoid), ComplexOf(CFloat), ComplexOf(CDouble), ComplexOf(CLongDouble))
	for _, ty := range types {
		l, err := abi.Layout(ty)
		require.NoError(t, err)
		check("sizeof(%v) == %d", ty, l.Size)
		check("_Alignof(%v) == %d", ty, l.Align)
		if i, ok := ty.(*Int); ok {
			check("((%v)-1 < 0) == %d", ty, b2i(abi.Signed(i)))
		}
	}
	digits := map[LongDoubleFormat]int{LongDoubleIsDouble: 53, LongDoubleX87: 64, LongDoubleQuad: 113}
	check("__LDBL_MANT_DIG__ == %d", digits[abi.LongDouble()])
	enums := [][]EnumConst{
		{{Name: "A0", Value: 0}, {Name: "A1", Value: 1}},
		{{Name: "B0", Value: -1}, {Name: "B1", Value: 1}},
		{{Name: "C0", Value: 0}, {Name: "C1", Value: 1<<32 - 1}},
	}
	if !abi.msvc {
		enums = append(enums, []EnumConst{{Name: "D0", Value: 0}, {Name: "D1", Value: 1 << 32}}, []EnumConst{{Name: "E0", Value: -1}, {Name: "E1", Value: 1 << 31}},
			[]EnumConst{UnsignedConst("F0", 1<<64-1), {Name: "F1", Value: 0}, UnsignedConst("F2", 1<<63)},
			[]EnumConst{{Name: "G0", Value: math.MinInt64}, {Name: "G1", Value: math.MaxInt64}, {Name: "G2", Value: math.MinInt32}, {Name: "G3", Value: math.MinInt32 + 1}},
			[]EnumConst{{Name: "H0", Value: math.MaxInt32}, {Name: "H1", Value: math.MaxInt32 + 1}, {Name: "H2", Value: math.MaxInt32 + 2}})
	}
	for i, consts := range enums {
		e, err := NewEnum(fmt.Sprintf("e%d", i), consts...)
		require.NoError(t, err)
		fmt.Fprintf(&c, "%s;\n", Define(e))
		size, err := abi.Size(e)
		require.NoError(t, err)
		for _, v := range e.Consts() {
			if abi.msvc {
				break // there they become int
			}
			check("%s == (%v)0x%xull && (%s < 0) == %d", v.Name, e, uint64(v.Value), v.Name, b2i(v.Value < 0 && !v.Unsigned))
		}
		check("sizeof(%v) == %d", e, size)
		check("((%v)-1 < 0) == %d", e, b2i(abi.Signed(abi.EnumBase(e))))
	}
	return c.String()
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestABIByName(t *testing.T) {
	for i, abi := range ABIs() {
		assert.Equal(t, i, abi.index, "rows cache layouts by their index")
		got, ok := ABIByName(abi.Name())
		assert.True(t, ok)
		assert.Same(t, abi, got)
		assert.Equal(t, abi.Name(), abi.String())
	}
	assert.LessOrEqual(t, len(ABIs()), maxABIs)
	_, ok := ABIByName("vax")
	assert.False(t, ok)
	host, ok := ABIByName("host")
	assert.Equal(t, Host() != nil, ok)
	assert.Same(t, Host(), host)
	if runtime.GOOS == "linux" && runtime.GOARCH == "amd64" {
		assert.Same(t, LinuxAMD64, host)
	}
}

func TestMaxAddress(t *testing.T) {
	assert.Equal(t, uint64(0xffffffff), WASM32.MaxAddress())
	assert.Equal(t, ^uint64(0), LinuxAMD64.MaxAddress())
	assert.EqualValues(t, 4, WASM32.PointerSize())
}
