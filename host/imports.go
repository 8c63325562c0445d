package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/guestabi"
)

// provideImports makes the modules that the instance imports, by their name. An
// error lists everything that is missing or wrong.
func (in *instance) provideImports(lib wasmffi.Library) (map[string]api.Module, error) {
	res := in.mod.res
	wasi := in.mod.wasiFuncs()
	var faults []error // of those that are given
	var missing []MissingImport
	skipped, more := 0, 0
	funcs := map[string][]hostFunc{}
	for _, im := range res.Module.Imports {
		own, found := in.ownImport(im.Name)
		switch {
		case im.Kind != guestabi.KindFunc: // those of globals are in res.Missing
		case found && len(faults) == mostPrinted: // it may be imported a million times
			skipped++
		case found:
			want := res.Module.Types[im.Type]
			side, err := goImport(lib, in.opts.Hooks, own, want)
			if err != nil {
				faults = append(faults, fmt.Errorf("import %s: %w", importName(im.Name), err))
				continue
			}
			funcs[im.Module] = append(funcs[im.Module], hostFunc{im.Name.Name, want,
				api.GoFunc(func(_ context.Context, stack []uint64) { side.call(in, stack) })})
		case im.Module == wasiModule && wasi[im.Name.Name] != nil:
		case len(missing) == mostMissing:
			more++
		default:
			missing = append(missing, in.missing(im))
		}
	}
	if skipped > 0 {
		faults = append(faults, fmt.Errorf("%d more imports, which were not looked at", skipped))
	}
	for _, im := range res.Missing {
		if len(missing) == mostMissing {
			more++
			continue
		}
		missing = append(missing, in.missingGlobal(im))
	}
	if len(missing) > 0 {
		slices.SortFunc(missing, func(a, b MissingImport) int {
			return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Signature, b.Signature))
		})
		same := func(a, b MissingImport) bool { return a.String() == b.String() }
		faults = append(faults, &MissingImportsError{slices.CompactFunc(missing, same), more})
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	provided := map[string]api.Module{}
	if in.mod.tick != nil {
		provided[res.Tick.Module] = in.mod.tick
	}
	if in.mod.wasi != nil {
		provided[wasiModule] = in.mod.wasi
	}
	for name, fs := range funcs {
		make := in.mod.hostModule
		if name == wasiModule {
			make = func(ctx context.Context, _ string, own []hostFunc) (api.Module, error) {
				return in.mod.wasiModule(ctx, own)
			}
		}
		m, err := make(context.Background(), name, fs)
		if err != nil {
			return nil, engineError(err)
		}
		in.hosts = append(in.hosts, m)
		provided[name] = m
	}
	return provided, nil
}

// importName is an import's name for messages, which a guest has chosen.
func importName(n guestabi.Name) string {
	part := func(s string) string {
		const most = 100
		if len(s) > most {
			s = s[:most] + "…"
		}
		return printable(s)
	}
	return part(n.Module) + "." + part(n.Name)
}

// ownImport finds the user's function for an import.
func (in *instance) ownImport(name guestabi.Name) (wasmffi.Import, bool) {
	for _, im := range in.opts.Imports {
		if cmp.Or(im.Module, "env") == name.Module && im.Name == name.Name {
			return im, true
		}
	}
	return wasmffi.Import{}, false
}

// goImport is the Go side of an import, checked against the type it has in the
// module.
func goImport(lib wasmffi.Library, hooks []wasmffi.Hook, im wasmffi.Import, want guestabi.FuncType) (*goSide, error) {
	spec, err := im.Spec(lib)
	if err != nil {
		return nil, err
	}
	wasmffi.HookCallback(hooks, lib, &spec)
	plan, err := planGo(spec.Sig)
	if err != nil {
		return nil, err
	}
	return &goSide{plan, spec}, matchSignature(im.Name, spec.Sig, plan.sig.Type, want)
}
