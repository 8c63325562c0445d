package host

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
)

// pools are the function table slots of an instance that call Go, by wasm
// signature. A table keeps all that was ever in it alive, so that slots are
// never taken out but used again, the one freed first first.
type pools struct {
	mu     sync.Mutex
	bySig  map[string]*pool
	byAddr map[uint64]*slot
	plans  map[*dtype.Func]plannedPool // those asked for lately
	mods   []api.Module
	grown  []*pool // those that have slots
	alive  atomic.Int64
}

// A plannedPool is a C signature's plan and the pool for it.
type plannedPool struct {
	plan *goPlan
	pool *pool
}

// maxPlans bounds what is remembered of signatures, which may be made anew for
// every callback.
const maxPlans = 256

// A pool is the slots of one signature.
type pool struct {
	typ   guestabi.FuncType
	mu    sync.Mutex
	fresh []*slot // never used
	freed []*slot // the one freed first at the front
	all   []*slot // by address
	turn  uint32  // how often all were taken back
}

// A slot is an entry of the function table that calls Go.
type slot struct {
	in   *instance
	pool *pool
	addr uint64
	side atomic.Pointer[goSide] // nil while it is free
}

// The first pool of a signature has so many slots, each further one as many as
// there are.
const (
	firstSlots = 32
	mostSlots  = 4096
)

// plan is the plan for a C signature and the pool of its slots.
func (p *pools) plan(sig *dtype.Func) (*goPlan, *pool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.plans[sig]; ok {
		return known.plan, known.pool, nil
	}
	plan, err := planGo(sig)
	if err != nil {
		return nil, nil, err
	}
	if p.bySig == nil {
		p.bySig = map[string]*pool{}
	}
	key := plan.sig.Type.String()
	q := p.bySig[key]
	if q == nil {
		q = &pool{typ: plan.sig.Type}
		p.bySig[key] = q
	}
	if p.plans == nil || len(p.plans) >= maxPlans {
		p.plans = map[*dtype.Func]plannedPool{}
	}
	p.plans[sig] = plannedPool{plan, q}
	return plan, q, nil
}

// take gives a Go function a slot.
func (q *pool) take(in *instance, side *goSide) (*slot, uint32, error) {
	for {
		s, turn, err := q.get(in, side)
		if s != nil || err != nil {
			return s, turn, err
		}
		if err := in.pools.grow(in, q); err != nil {
			return nil, 0, err
		}
	}
}

// get gives a slot to use and the turn to give it back with, or nil.
func (q *pool) get(in *instance, side *goSide) (s *slot, turn uint32, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := in.pools.alive.Add(1); n > int64(in.opts.Callbacks) {
		in.pools.alive.Add(-1)
		return nil, 0, &LimitError{Kind: ErrCallbackLimit, Limit: uint64(in.opts.Callbacks)}
	}
	switch {
	case len(q.fresh) > 0:
		s, q.fresh = q.fresh[0], q.fresh[1:]
	case len(q.freed) > 0:
		s, q.freed = q.freed[0], q.freed[1:]
	default:
		in.pools.alive.Add(-1)
		return nil, 0, nil
	}
	s.side.Store(side)
	return s, q.turn, nil
}

// give takes a slot back, unless all were since.
func (q *pool) give(s *slot, turn uint32) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.turn == turn {
		s.side.Store(nil)
		s.in.pools.alive.Add(-1)
		q.freed = append(q.freed, s)
	}
}

// reset takes all slots back, as if none had been used.
func (p *pools) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range p.grown {
		p.alive.Add(-int64(q.reset()))
	}
}

// reset returns how many slots were in use.
func (q *pool) reset() (used int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn++
	for _, s := range q.all {
		s.side.Store(nil)
	}
	used = len(q.all) - len(q.fresh) - len(q.freed)
	q.fresh, q.freed = slices.Clone(q.all), nil
	return used
}

// typeAt is the signature of the slot at an address, used or not.
func (p *pools) typeAt(addr uint64) (guestabi.FuncType, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.byAddr[addr]
	if !ok {
		return guestabi.FuncType{}, false
	}
	return s.pool.typ, true
}

// grow appends slots to the function table, in a call of its own.
func (p *pools) grow(in *instance, q *pool) error {
	if len(in.mod.res.Tables) == 0 {
		return fmt.Errorf("%w: the module has no function table", wasmffi.ErrNotSupported)
	}
	if err := in.enter(nil); err != nil {
		return err
	}
	return in.leave(p.append(in, q))
}

func (p *pools) append(in *instance, q *pool) error {
	n := min(max(len(q.all), firstSlots), mostSlots)
	slots := make([]*slot, n)
	funcs := make([]hostFunc, n)
	for i := range slots {
		slots[i] = &slot{in: in, pool: q}
		funcs[i] = hostFunc{strconv.Itoa(i), q.typ, slots[i]}
	}
	ctx := context.Background()
	host, err := in.mod.hostModule(ctx, "slots", funcs)
	if err != nil {
		return engineError(err)
	}
	first, err := in.appendToTable(guestabi.PoolModule(q.typ, uint32(n), in.tableName(), "slots"), host)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.mods = append(p.mods, host)
	if p.byAddr == nil {
		p.byAddr = map[uint64]*slot{}
	}
	if !slices.Contains(p.grown, q) {
		p.grown = append(p.grown, q)
	}
	for i, s := range slots {
		s.addr = first + uint64(i)
		p.byAddr[s.addr] = s
	}
	p.mu.Unlock()
	q.mu.Lock()
	q.fresh = append(q.fresh, slots...)
	q.all = append(q.all, slots...)
	q.mu.Unlock()
	return nil
}

// Call is C calling the slot.
func (s *slot) Call(_ context.Context, stack []uint64) {
	side := s.side.Load()
	if side == nil {
		s.in.abort(fmt.Errorf("%w: function pointer %#x: %w", wasmffi.ErrCallback, s.addr, errFreed))
	}
	side.call(s.in, stack)
}

// guestName is what generated modules import the instance as.
const guestName = "guest"

func (in *instance) tableName() guestabi.Name {
	return guestabi.Name{Module: guestName, Name: in.mod.res.Tables[0]}
}

// helper makes an instance of a generated module, which imports the guest and
// perhaps another module.
func (in *instance) helper(wasm []byte, other api.Module) (api.Module, error) {
	c, err := in.mod.helper(wasm)
	if err != nil {
		return nil, err
	}
	ctx := experimental.WithImportResolver(context.Background(), func(name string) api.Module {
		if name == guestName {
			return in.wasm
		}
		return other
	})
	m, err := in.mod.rt.InstantiateModule(ctx, c, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return nil, engineError(err)
	}
	return m, nil
}

// appendToTable makes an instance of a pool module and has it append its
// functions, inside a call that was entered. It returns the first one's slot.
func (in *instance) appendToTable(wasm []byte, other api.Module) (uint64, error) {
	m, err := in.helper(wasm, other)
	if err != nil {
		return 0, err
	}
	in.pools.keep(m)
	var stack [1]uint64
	if err := m.ExportedFunction(guestabi.PoolGrow).CallWithStack(&in.wasmCtx, stack[:]); err != nil {
		return 0, engineError(err)
	}
	if int32(stack[0]) < 0 {
		return 0, &LimitError{Kind: ErrTableLimit, Limit: uint64(in.opts.TableLimit)}
	}
	return uint64(uint32(stack[0])), nil
}

// keep remembers a helper instance, to be closed with the library.
func (p *pools) keep(m api.Module) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mods = append(p.mods, m)
}

func (p *pools) close(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.mods {
		_ = m.Close(ctx)
	}
	for _, q := range p.grown {
		q.mu.Lock()
		q.turn++
		p.alive.Add(-int64(len(q.all) - len(q.fresh) - len(q.freed)))
		q.fresh, q.freed, q.all = nil, nil, nil
		q.mu.Unlock()
	}
	p.mods, p.grown, p.bySig, p.byAddr, p.plans = nil, nil, nil, nil, nil
}
