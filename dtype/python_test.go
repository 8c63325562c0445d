package dtype

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// python runs a script that reads JSON from stdin and prints JSON. Debian's
// own Python is asked, which is where its packages are.
func python(t *testing.T, needs, install, script string, in, out any) {
	t.Helper()
	const interpreter = "/usr/bin/python3"
	if err := exec.Command(interpreter, "-c", "import "+needs).Run(); err != nil {
		fmt.Fprintf(os.Stderr, "SKIPPED %s: no %s with %s; install the Debian package %s\n", t.Name(), interpreter, needs, install)
		t.Skipf("LEFT OUT: no %s with %s; install the Debian package %s", interpreter, needs, install)
	}
	text, err := json.Marshal(in)
	require.NoError(t, err)
	cmd := exec.Command(interpreter, "-W", "ignore", "-c", script)
	cmd.Stdin = bytes.NewReader(text)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	answer, err := cmd.Output()
	require.NoError(t, err, "%s", errors.String())
	require.NoError(t, json.Unmarshal(answer, out), "%.200s", answer)
}

// hostOf skips a test that asks programs of this machine about an ABI.
func hostOf(t *testing.T) *ABI {
	t.Helper()
	abi := Host()
	if abi == nil || abi.dialect != SysVDialect {
		fmt.Fprintf(os.Stderr, "SKIPPED %s: no System V machine\n", t.Name())
		t.Skip("LEFT OUT: no System V machine")
	}
	return abi
}
