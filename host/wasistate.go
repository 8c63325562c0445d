package host

import (
	"context"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// stateless are the WASI functions that leave nothing behind for later calls of
// C's to see: what the others do is undone only by starting the module anew.
var stateless = map[string]bool{
	"args_get": true, "args_sizes_get": true, "environ_get": true, "environ_sizes_get": true,
	"clock_res_get": true, "sched_yield": true, "proc_exit": true, "proc_raise": true,
	"fd_read": true, "fd_write": true, "fd_seek": true, "fd_tell": true, "fd_sync": true, "fd_datasync": true,
	"fd_fdstat_get": true, "fd_filestat_get": true, "fd_prestat_get": true, "fd_prestat_dir_name": true,
}

// watchWASI makes the functions compiled under the context refuse what no C
// library asks for, and note when C changes what WASI keeps for it. Those that
// need neither are not slowed down.
func watchWASI(ctx context.Context) context.Context {
	return experimental.WithFunctionListenerFactory(ctx, experimental.FunctionListenerFactoryFunc(
		func(def api.FunctionDefinition) experimental.FunctionListener {
			name := ""
			if names := def.ExportNames(); len(names) > 0 {
				name = names[0]
			}
			most, stateless := bounds[name], stateless[name]
			if stateless && most == nil {
				return nil
			}
			return &wasiListener{name, most, stateless}
		}))
}

// A wasiListener sees the calls of a WASI function.
type wasiListener struct {
	name      string
	most      []bound
	stateless bool
}

func (l *wasiListener) Before(ctx context.Context, _ api.Module, _ api.FunctionDefinition, params []uint64, _ experimental.StackIterator) {
	in := instanceOf(ctx)
	in.wasiErrno = 0
	in.checkRequest(l.name, l.most, params)
	switch {
	case l.stateless:
	case in.opts.Clock && (l.name == "clock_time_get" || l.name == "poll_oneoff"):
	case in.opts.Random != nil && l.name == "random_get":
	default:
		in.touched = true
	}
}

func (*wasiListener) After(ctx context.Context, _ api.Module, _ api.FunctionDefinition, results []uint64) {
	instanceOf(ctx).refine(results)
}

func (*wasiListener) Abort(context.Context, api.Module, api.FunctionDefinition, error) {}
