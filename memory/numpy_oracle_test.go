package memory

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi/dtype"
)

// errSkip: an operation that does not go with what it was given.
var errSkip = errors.New("not for this array")

// python is a Python with NumPy, or the test is skipped.
func python(t testing.TB) string {
	t.Helper()
	for _, p := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(p, "-c", "import numpy").Run() == nil {
			return p
		}
	}
	fmt.Fprintf(os.Stderr, "SKIPPED %s: no NumPy; install the Debian package python3-numpy\n", t.Name())
	t.Skip("no NumPy; install the Debian package python3-numpy")
	return ""
}

// A numpyState is an array as NumPy has it after an operation.
type numpyState struct {
	DType     string
	Shape     []int
	Strides   []int64
	C, F      bool
	Aligned   bool
	Writeable bool
	Hex, Str  string
	Error     string
}

// TestNumPyPrograms compares random programs with NumPy: shapes, strides,
// flags, types, bytes and what is printed, after every operation.
// WASMFFI_PROGRAMS is how many, WASMFFI_SEED the seed to repeat.
func TestNumPyPrograms(t *testing.T) {
	py := python(t)
	count, seed := 300, uint64(time.Now().UnixNano())
	if s := os.Getenv("WASMFFI_PROGRAMS"); s != "" {
		n, err := strconv.Atoi(s)
		require.NoError(t, err)
		count = n
	}
	if s := os.Getenv("WASMFFI_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
		seed = n
	}
	t.Logf("%d programs, WASMFFI_SEED=%d", count, seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	steps := 0
	for count > 0 {
		programs := make([]*numpyProgram, min(count, 1000))
		for i := range programs {
			programs[i] = newNumpyProgram(t, rng)
		}
		steps += checkPrograms(t, py, programs, seed)
		count -= len(programs)
	}
	t.Logf("%d results compared", steps)
}

func checkPrograms(t *testing.T, py string, programs []*numpyProgram, seed uint64) (steps int) {
	var in bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, p := range programs {
		require.NoError(t, enc.Encode(p))
	}
	cmd := exec.Command(py, "testdata/numpy_oracle.py")
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	lines := bufio.NewReader(bytes.NewReader(out))
	bad := 0
	for _, p := range programs {
		line, err := lines.ReadBytes('\n')
		require.NoError(t, err)
		var states []numpyState
		require.NoError(t, json.Unmarshal(line, &states))
		for i := range states {
			steps++
			exact, problem := compareState(p.steps[i], states[i])
			if problem != "" {
				ops, _ := json.Marshal(p.Ops[:i])
				x, _ := json.Marshal(p.X)
				t.Errorf("WASMFFI_SEED=%d: %s\nx = %.600s\nops %.900s", seed, problem, x, ops)
				if bad++; bad > 8 {
					t.FailNow()
				}
			}
			if problem != "" || !exact {
				break
			}
		}
	}
	return steps
}

// compareState tells what differs, and whether the bytes are the very same:
// sums of floats need not be.
func compareState(step numpyStep, want numpyState) (exact bool, problem string) {
	a := step.a
	if step.err != nil || want.Error != "" {
		if (step.err != nil) != (want.Error != "") {
			return false, fmt.Sprintf("here %v, NumPy %q", step.err, want.Error)
		}
		var e *Error
		if !errors.As(step.err, &e) {
			return false, fmt.Sprintf("%v is no *Error", step.err)
		}
		return true, ""
	}
	if got := fmt.Sprint(a.Shape()); got != fmt.Sprint(want.Shape) {
		return false, fmt.Sprintf("shape %s, NumPy's %v", got, want.Shape)
	}
	record := strings.HasPrefix(want.DType, "[")
	name, err := a.space.ABI().NumPy(a.elem)
	if err != nil {
		return false, err.Error()
	}
	if a.BigEndian() {
		name = strings.Replace(name, "<", ">", 1)
	}
	if !record && name != want.DType {
		return false, fmt.Sprintf("dtype %s, NumPy's %s", name, want.DType)
	}
	if problem := compareLayout(step, want, record); problem != "" {
		return false, problem
	}
	exact, problem = compareBytes(a, want, step.loose)
	if problem != "" || !exact {
		return exact, problem
	}
	if got := a.String(); got != want.Str {
		return false, fmt.Sprintf("prints\n%s\nNumPy's\n%s", got, want.Str)
	}
	return true, ""
}

func compareLayout(step numpyStep, want numpyState, record bool) string {
	a, f := step.a, step.a.Flags()
	if step.size {
		return ""
	}
	for i, n := range a.shape {
		if n > 1 && a.Len() > 0 && a.strides[i] != want.Strides[i] {
			return fmt.Sprintf("shape %v strides %v, NumPy's %v", a.shape, a.strides, want.Strides)
		}
	}
	switch {
	case f.Has(CContiguous) != want.C || f.Has(FContiguous) != want.F:
		return fmt.Sprintf("shape %v strides %v: flags %v, NumPy's C %v F %v", a.shape, a.strides, f, want.C, want.F)
	case !record && f.Has(Aligned) != want.Aligned:
		return fmt.Sprintf("flags %v, NumPy's aligned %v", f, want.Aligned)
	case !step.odd && f.Has(Writeable) != want.Writeable:
		return fmt.Sprintf("flags %v, NumPy's writeable %v", f, want.Writeable)
	}
	return ""
}

func compareBytes(a Array, want numpyState, loose bool) (exact bool, problem string) {
	if want.Hex == "" && a.Len() > 0 || strings.HasPrefix(want.DType, "[") && strings.Contains(want.DType, "('',") {
		return true, "" // too long; or NumPy left the holes of a struct as they were
	}
	b, err := a.ToBytes()
	if err != nil {
		return false, err.Error()
	}
	w, err := hex.DecodeString(want.Hex)
	if err != nil {
		return false, err.Error()
	}
	k := numKindOf(a.space.ABI(), a.elem)
	if k == numLong { // the last 6 bytes mean nothing
		for i := range b {
			if i%16 >= 10 {
				b[i], w[i] = 0, 0
			}
		}
	}
	if bytes.Equal(b, w) {
		return true, ""
	}
	if k.wide() && a.String() == want.Str { // a NaN has a sign there
		return false, ""
	}
	if len(b) != len(w) || !k.float() && !k.complex() || k.wide() {
		return false, fmt.Sprintf("%v, NumPy\n%s\nbytes %x\nNumPy %x", a, want.Str, b, w)
	}
	if a.BigEndian() {
		swapBytes(b, int(k.part()))
		swapBytes(w, int(k.part()))
	}
	cells := func(b []byte) []realText {
		var parts [][]byte
		for ; len(b) > 0; b = b[k.part():] {
			parts = append(parts, b[:k.part()])
		}
		real := numF64
		if k.part() == 4 {
			real = numF32
		}
		return cellFormat{abi: dtype.LinuxAMD64}.reals(real, false, parts, 0)
	}
	got, ref, tolerance := cells(b), cells(w), 1e-13
	if k.part() == 4 {
		tolerance = 1e-5
	}
	most := 0.0
	for _, x := range ref {
		if x.finite() {
			most = max(most, math.Abs(x.f))
		}
	}
	for i := range got {
		x, y := got[i].f, ref[i].f
		if loose && k.complex() && !(got[i].finite() && ref[i].finite()) {
			continue
		}
		same := x == y || math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) <= tolerance*most
		if !same {
			return false, fmt.Sprintf("element part %d: %v, NumPy %v\n%v\nNumPy\n%s", i, x, y, a, want.Str)
		}
	}
	return false, ""
}
