package realmodules

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A source is a wasm module in a Go module or an npm package, and its SHA-256.
type source struct {
	module string // path@version
	npm    bool
	file   string
	sha256 string
}

const fetchTime = 90 * time.Second

// fetch returns the module's bytes. That it cannot be fetched is no failure of
// what is tested; that it is another one is.
func fetch(t testing.TB, s source) []byte {
	if raceEnabled {
		t.Skipf("LEFT OUT: %s under the race detector: compiling it takes a minute, with nothing concurrent in it; run without -race", s.module)
	}
	dir, err := download(t, s)
	if err != nil {
		t.Skipf("LEFT OUT: %s cannot be fetched: %v", s.module, err)
	}
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(s.file)))
	require.NoError(t, err)
	sum := sha256.Sum256(data)
	require.Equal(t, s.sha256, hex.EncodeToString(sum[:]), "%s: %s", s.module, s.file)
	if strings.HasSuffix(s.file, ".gz") {
		r, err := gzip.NewReader(bytes.NewReader(data))
		require.NoError(t, err)
		data, err = io.ReadAll(r)
		require.NoError(t, err)
	}
	return data
}

// download gets the package and returns the directory it is in. It runs where no
// go.mod is, so that it changes none.
func download(t testing.TB, s source) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTime)
	defer cancel()
	dir := t.TempDir()
	if !s.npm {
		out, err := command(ctx, dir, "go", "mod", "download", "-json", s.module)
		if err != nil {
			return "", err
		}
		var got struct{ Dir string }
		if err := json.Unmarshal(out, &got); err != nil {
			return "", err
		}
		return got.Dir, nil
	}
	if _, err := command(ctx, dir, "npm", "pack", "--silent", "--ignore-scripts", s.module); err != nil {
		return "", err
	}
	archives, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return "", os.ErrNotExist
	}
	_, err = command(ctx, dir, "tar", "xzf", archives[0])
	return filepath.Join(dir, "package"), err
}

func command(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GO111MODULE=on")
	return c.Output()
}
