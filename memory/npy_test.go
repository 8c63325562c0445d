package memory

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// Arrays go to a file, through NumPy, which says what it read and saves it
// again, and back.
func TestNPYThroughNumPy(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	p := &numpyProgram{rng: rand.New(rand.NewPCG(5, 6)), tb: t}
	arrays := map[string]Array{}
	for _, name := range append(append([]string{">f8", ">c8", ">u2", "S5", "<U3"}, numpyNumbers...), numpyRecords...) {
		_, a := p.array(name, []int{2, 3, 4})
		arrays[strings.Map(func(r rune) rune {
			if strings.ContainsRune("<>?'[](){}, :|", r) {
				return '_'
			}
			return r
		}, name)] = a
		arrays["turned"+a.Elem().String()[:1]+name[:1]] = must(a.Transpose())(t)
	}
	padded := structOf(t, "p", f("c", dtype.CSChar), f("x", dtype.CDouble), f("in", structOf(t, "q", f("s", dtype.Int16), f("b", dtype.Int8))))
	arrays["padded"] = must(Zeros(dtype.LinuxAMD64, padded, 3))(t)
	delete(arrays, "turned?")
	first, second := filepath.Join(dir, "a.npz"), filepath.Join(dir, "b.npz")
	out, err := os.Create(first)
	require.NoError(t, err)
	require.NoError(t, WriteNPZ(out, true, arrays))
	require.NoError(t, out.Close())
	script := `
import json, sys
import numpy as np
z = np.load(sys.argv[1])
np.savez(sys.argv[2], **z)
json.dump({k: [str(z[k]), z[k].flags.f_contiguous, z[k].dtype.itemsize] for k in z}, sys.stdout)`
	cmd := exec.Command(py, "-c", script, first, second)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	require.NoError(t, err)
	var seen map[string][3]any
	require.NoError(t, json.Unmarshal(text, &seen))
	b, err := os.ReadFile(second)
	require.NoError(t, err)
	back, err := ReadNPZ(bytes.NewReader(b), int64(len(b)), dtype.LinuxAMD64, 1<<20)
	require.NoError(t, err)
	require.Len(t, back, len(arrays))
	for name, a := range arrays {
		assert.Equal(t, seen[name][0], a.String(), name)
		assert.Equal(t, seen[name][1], a.Flags().Has(FContiguous), name)
		assert.EqualValues(t, a.size, seen[name][2], name)
		assert.Equal(t, a.String(), back[name].String(), name)
		assert.Equal(t, a.Shape(), back[name].Shape(), name)
		assert.Equal(t, a.BigEndian(), back[name].BigEndian(), name)
		assert.Equal(t, a.Flags().Has(FContiguous), back[name].Flags().Has(FContiguous), name)
	}
}

func TestNPYBounds(t *testing.T) {
	a := arrayFrom(t, []int32{1, 2, 3, 4, 5, 6}, 2, 3)
	var file bytes.Buffer
	require.NoError(t, WriteNPY(&file, a))
	assert.Zero(t, (file.Len()-24)%64, "the data is aligned")
	whole := file.Bytes()
	got, err := ReadNPY(bytes.NewReader(whole), dtype.WASM32, 24)
	require.NoError(t, err)
	assert.True(t, must(ArrayEqual(got, a))(t))
	_, err = ReadNPY(bytes.NewReader(whole), dtype.WASM32, 23)
	assert.ErrorIs(t, err, ErrNoMemory)
	for n := range len(whole) {
		_, err := ReadNPY(bytes.NewReader(whole[:n]), dtype.WASM32, 1<<20)
		var e *Error
		assert.ErrorAs(t, err, &e, "%d bytes", n)
	}
	for _, dict := range []string{
		"{'descr': '<i4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
		"{'descr': '<i4', 'fortran_order': False, 'shape': (-1,), }",
		"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
		"{'descr': [('', '|V99999999999999'), ('', '|V99999999999999')], 'fortran_order': False, 'shape': (1,), }",
		"{'descr': '<i4', 'shape': (1,), }",
		"{'descr': '<i4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
		"[]", "",
	} {
		head := npyMagic + "\x01\x00" + string(rune(len(dict))) + "\x00" + dict
		_, err := ReadNPY(strings.NewReader(head), dtype.LinuxAMD64, 1<<20)
		assert.Error(t, err, dict)
	}
	_, err = ReadNPY(strings.NewReader(npyMagic+"\x02\x00\xff\xff\xff\xff"), dtype.LinuxAMD64, 1<<20)
	assert.ErrorIs(t, err, ErrRange)
}

func FuzzReadNPY(f *testing.F) {
	var file bytes.Buffer
	a, err := ArrayFrom(dtype.LinuxAMD64, []int16{1, 2, 3})
	if err != nil || WriteNPY(&file, a) != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte(npyMagic + "\x01\x00\x60\x00{'descr': [('a', '<i4'), ('', '|V4'), ('b', '>f8', (2,))], 'fortran_order': True, 'shape': (1, 2), }  "))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ReadNPY(bytes.NewReader(data), dtype.LinuxAMD64, 1<<16)
		if err != nil {
			var e *Error
			require.ErrorAs(t, err, &e)
			return
		}
		if a.Len() < 1<<12 && a.size < 1<<12 {
			_ = a.String()
			var again bytes.Buffer
			if WriteNPY(&again, a) == nil {
				b, err := ReadNPY(&again, dtype.LinuxAMD64, 1<<16)
				require.NoError(t, err)
				require.Equal(t, a.shape, b.shape)
			}
		}
	})
}
