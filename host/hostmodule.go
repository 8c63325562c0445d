package host

import (
	"context"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi/guestabi"
)

// A hostFunc is a Go function as wasm imports it. stack holds the parameters
// and then the result.
type hostFunc struct {
	name string
	typ  guestabi.FuncType
	call api.GoFunction
}

// hostModule makes an instance of a module of Go functions.
func (m *module) hostModule(ctx context.Context, name string, funcs []hostFunc) (api.Module, error) {
	return m.instantiateHost(ctx, exportFuncs(m.rt.NewHostModuleBuilder(name), funcs))
}

func exportFuncs(b wazero.HostModuleBuilder, funcs []hostFunc) wazero.HostModuleBuilder {
	for _, f := range funcs {
		b.NewFunctionBuilder().WithGoFunction(f.call, valueTypes(f.typ.Params), valueTypes(f.typ.Results)).Export(f.name)
	}
	return b
}

// instantiateHost makes an instance without a name, so that several libraries
// can each have their own: importers find it through an import resolver.
func (m *module) instantiateHost(ctx context.Context, b wazero.HostModuleBuilder) (api.Module, error) {
	c, err := b.Compile(ctx)
	if err != nil {
		return nil, err
	}
	// Closing what was compiled does not touch its instances.
	defer c.Close(ctx)
	return m.rt.InstantiateModule(ctx, c, wazero.NewModuleConfig().WithName(""))
}

func valueTypes(ts []guestabi.ValueType) []api.ValueType {
	out := make([]api.ValueType, len(ts))
	for i, t := range ts {
		out[i] = api.ValueType(t)
	}
	return out
}
