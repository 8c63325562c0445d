package wasmffitest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/wasmffitest"
)

// A flagCase is a random prototype of int six(int, int *, int, int *, int, int *)
// and a random call of it, by ctypes' rules.
type flagCase struct {
	Params []flagParam
	Args   []int32
	Named  map[string]int32
}

type flagParam struct {
	Flag    int // 1 in, 2 out, 3 inout
	Name    string
	Default *int32
}

type flagResult struct {
	Failed bool
	Result int32
	Outs   []int32
}

// Random prototypes and calls mean in both backends what they mean in ctypes:
// which calls fail, and with what values C is called and answers.
// WASMFFI_PROTOTYPES is how many.
func TestParamflagsOfCtypes(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("LEFT OUT: no python3 to compare with ctypes; install the Debian package python3")
	}
	if cc := os.Getenv("WASMFFI_CC"); runtime.GOARCH != "amd64" || cc != "" {
		t.Skip("LEFT OUT: python3 here is amd64, the library is not; ctypes is compared with on amd64")
	}
	n, seed := 300, uint64(time.Now().UnixNano())
	if s := os.Getenv("WASMFFI_PROTOTYPES"); s != "" {
		n, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	t.Logf("seed %d, %d prototypes", seed, n)
	rnd := rand.New(rand.NewPCG(seed, 0))
	so := wasmffitest.BuildNative(t, "proto.c")
	cases := make([]flagCase, n)
	var in bytes.Buffer
	for i := range cases {
		cases[i] = randomFlags(rnd)
		require.NoError(t, json.NewEncoder(&in).Encode(cases[i]))
	}
	cmd := exec.Command(python, filepath.Join("testdata", "paramflags.py"), so)
	cmd.Stdin = &in
	var messages bytes.Buffer
	cmd.Stderr = &messages
	out, err := cmd.Output()
	require.NoError(t, err, "%s", messages.String())
	answers := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Len(t, answers, n)
	failed := 0
	for _, path := range []string{so, wasmffitest.Fixture("wasm", "proto.wasm")} {
		lib, err := wasmffi.Open(context.Background(), path)
		require.NoError(t, err)
		for i, c := range cases {
			var want flagResult
			require.NoError(t, json.Unmarshal([]byte(answers[i]), &want))
			if want.Failed {
				failed++
			}
			require.Equal(t, want, c.call(t, lib), "seed %d, case %d: %s", seed, i, c)
		}
		require.NoError(t, lib.Close())
	}
	t.Logf("%d calls failed as they should", failed/2)
	require.Less(t, failed/2, n, "some calls succeed")
	require.NotZero(t, failed, "some calls fail")
}

func (c flagCase) String() string {
	b, _ := json.Marshal(c)
	return string(b)
}

func randomFlags(rnd *rand.Rand) flagCase {
	c := flagCase{Args: []int32{}, Named: map[string]int32{}}
	outs := 0
	for i := range 6 {
		p := flagParam{Flag: 1}
		if i%2 == 1 {
			p.Flag = 2 + rnd.IntN(2)
			outs++
		}
		if rnd.IntN(4) > 0 {
			p.Name = fmt.Sprintf("p%d", i)
		}
		if p.Flag == 1 && rnd.IntN(2) == 0 {
			d := rnd.Int32N(100)
			p.Default = &d
		}
		c.Params = append(c.Params, p)
	}
	// Mostly what is wanted, and a little more or less.
	for _, p := range c.Params {
		switch named := p.Name != "" && (len(c.Named) > 0 || rnd.IntN(3) == 0); {
		case rnd.IntN(25) == 0:
		case p.Flag == 2, p.Default != nil && rnd.IntN(2) == 0:
		case named:
			c.Named[p.Name] = rnd.Int32N(100)
		case len(c.Named) == 0:
			c.Args = append(c.Args, rnd.Int32N(100))
		}
	}
	switch rnd.IntN(12) {
	case 0:
		c.Args = append(c.Args, rnd.Int32N(100))
	case 1:
		c.Named[fmt.Sprintf("p%d", rnd.IntN(7))] = rnd.Int32N(100)
	}
	return c
}

// call makes the call in Go.
func (c flagCase) call(t *testing.T, lib wasmffi.Library) flagResult {
	p := wasmffi.Proto{}
	var params []dtype.Param
	for i, f := range c.Params {
		param := wasmffi.Param{Name: f.Name, Dir: []dtype.Direction{1: dtype.In, 2: dtype.Out, 3: dtype.InOut}[f.Flag]}
		if f.Default != nil {
			param.Default = *f.Default
		}
		p.Params = append(p.Params, param)
		params = append(params, dtype.Param{Type: []dtype.Type{dtype.CInt, dtype.PointerTo(dtype.CInt)}[i%2]})
	}
	var err error
	p.Sig, err = dtype.NewFunc(dtype.CInt, params, false)
	require.NoError(t, err)
	f, err := wasmffi.BindProtoFunc(lib, "six", p)
	require.NoError(t, err)
	var args []any
	for _, x := range c.Args {
		args = append(args, x)
	}
	named := wasmffi.Named{}
	for k, x := range c.Named {
		named[k] = x
	}
	result, outs, err := f.Call(nil, append(args, named)...)
	if err != nil {
		var e *wasmffi.Error
		require.ErrorAs(t, err, &e)
		return flagResult{Failed: true}
	}
	r := flagResult{Result: result.(int32)}
	for _, o := range outs {
		r.Outs = append(r.Outs, o.(int32))
	}
	return r
}
