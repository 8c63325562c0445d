package native

import (
	"fmt"

	"github.com/wasmffi/wasmffi/dtype"
)

// vectorClassOf is the class of a SIMD vector. Those of fewer than 8 bytes are
// no vectors of any processor's: no ABI document speaks of them, and gcc and
// clang each have their own rule.
func vectorClassOf(abi *dtype.ABI, t *dtype.Vector, size uint64) (class, error) {
	if size < 8 {
		return 0, fmt.Errorf("%w: %v by value: compilers disagree on vectors of fewer than 8 bytes", dtype.ErrNotSupported, t)
	}
	if t.Lanes() > 1 || size > 8 {
		return vectorClass, nil
	}
	if dtype.Resolve(t.Elem()) == dtype.CDouble {
		return doubleClass, nil
	}
	// Where clang is the platform's compiler it kept what it did before gcc's
	// way was known.
	if abi == dtype.DarwinAMD64 || abi == dtype.FreeBSDAMD64 {
		return integerClass, nil
	}
	return vectorClass, nil
}

// register is the class by which AAPCS64 tells vectors from each other: their
// lanes do not count.
func (c class) register() class {
	if c == doubleClass {
		return vectorClass
	}
	return c
}

// avx refuses what the System V ABI passes in AVX's registers if the library
// was compiled for them and in memory if not, which nothing tells.
func (s *shape) avx() error {
	for _, p := range s.parts {
		if p.class == vectorClass && p.size == s.size && (s.size == 32 || s.size == 64) {
			return fmt.Errorf("%w: a vector of %d bytes by value, which is passed otherwise with AVX than without", dtype.ErrNotSupported, s.size)
		}
	}
	return nil
}
