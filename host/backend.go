package host

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wasmffi/wasmffi"
)

const backendName = "host"

func init() { wasmffi.Register(backend{}) }

// backend is what this package registers with wasmffi.Open.
type backend struct{}

func (backend) Name() string                     { return backendName }
func (backend) Opens(k wasmffi.Kind) bool        { return k == wasmffi.Wasm }
func (backend) Find(n string) (string, []string) { return find(n, nil) }

func (backend) Open(ctx context.Context, src wasmffi.Source, opts []wasmffi.Options) (wasmffi.Library, error) {
	var o Options
	var imports wasmffi.Imports
	var hooks []wasmffi.Hook
	for _, opt := range opts {
		switch opt := opt.(type) {
		case Options:
			o = opt
		case wasmffi.Imports:
			imports = append(imports, opt...)
		case wasmffi.Hook:
			hooks = append(hooks, opt)
		}
	}
	o.Imports = slices.Concat(o.Imports, imports)
	o.Hooks = slices.Concat(o.Hooks, hooks)
	lib, err := open(ctx, src.Name, src.Name, src.Data, o)
	if err != nil {
		return nil, err
	}
	return lib, nil
}

// find looks for a module by bare name, with or without its extension: in the
// current directory, in path, and in the directories of $WASMFFI_PATH.
func find(name string, path []string) (found string, tried []string) {
	if filepath.Base(name) != name {
		return "", nil
	}
	if !strings.EqualFold(filepath.Ext(name), ".wasm") {
		name += ".wasm"
	}
	dirs := append([]string{"."}, path...)
	dirs = append(dirs, filepath.SplitList(os.Getenv("WASMFFI_PATH"))...)
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		file := filepath.Join(dir, name)
		if !strings.ContainsRune(file, filepath.Separator) {
			file = "." + string(filepath.Separator) + file
		}
		if st, err := os.Stat(file); err == nil && st.Mode().IsRegular() {
			return file, tried
		}
		tried = append(tried, file)
	}
	return "", tried
}
