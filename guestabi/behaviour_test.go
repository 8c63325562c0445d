package guestabi_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmffi/wasmffi/guestabi"
)

// A world runs modules and writes down all that can be seen of what they do.
type world struct {
	ctx  context.Context
	rt   wazero.Runtime
	seed uint64

	log      []string
	ticks    int
	refusals int // of table.grow
	mod      api.Module
	out      bool // of fuel
	// The counter's name, and its value when it was looked at last: only ticks
	// raise it.
	counter string
	fuel    int64
	raised  error

	// With slice, all calls together get some fuel in such slices. left is what
	// has not been given yet.
	slice func() int64
	left  int64
}

func newWorld(tb testing.TB, rc wazero.RuntimeConfig) *world {
	w := &world{ctx: context.Background()}
	w.rt = wazero.NewRuntimeWithConfig(w.ctx, rc)
	tb.Cleanup(func() { w.rt.Close(w.ctx) })
	return w
}

const (
	maxTicks = 300
	// What generated modules declare, and what rewriting must leave at that.
	genTable, genPages = 20, 4
)

// run instantiates a module and calls each of its functions with a few
// arguments. After maxTicks it stops; limit is how many entries of the log are
// wanted, -1 for all.
func (w *world) run(wasm []byte, m *guestabi.Module, tick guestabi.Name, limit int) []string {
	w.log, w.ticks, w.mod, w.out, w.raised = nil, 0, nil, false, nil
	w.fuel = 1<<63 - 1
	_, provider := guestabi.GeneratedImports(m)
	mods := map[string]api.Module{}
	ctx := experimental.WithImportResolver(w.ctx, func(name string) api.Module { return mods[name] })
	var closers []func(context.Context) error
	defer func() {
		for _, c := range slices.Backward(closers) {
			_ = c(w.ctx)
		}
	}()
	host := func(name string, b wazero.HostModuleBuilder) {
		c, err := b.Compile(w.ctx)
		if err != nil {
			panic(err)
		}
		closers = append(closers, c.Close)
		if mods[name], err = w.rt.InstantiateModule(w.ctx, c, wazero.NewModuleConfig().WithName("")); err != nil {
			panic(err)
		}
	}
	b := w.rt.NewHostModuleBuilder("host")
	for _, im := range m.Imports {
		if im.Kind == guestabi.KindFunc {
			t := m.Types[im.Type]
			b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, s []uint64) { w.called(im.Name.Name, t, s) }),
				types(t.Params), types(t.Results)).Export(im.Name.Name)
		}
	}
	host("host", b)
	if tick != (guestabi.Name{}) {
		host(tick.Module, w.rt.NewHostModuleBuilder(tick.Module).NewFunctionBuilder().WithGoFunction(
			api.GoFunc(func(_ context.Context, s []uint64) {
				w.watch()
				need := int64(s[0])
				if need == guestabi.Refused {
					w.refusals++
					return // what is there counts for nothing
				}
				if w.mod != nil && w.fuel >= need {
					w.raised = fmt.Errorf("a tick for %d units with %d left", need, w.fuel)
				}
				if w.ticks++; w.slice == nil && w.ticks > maxTicks {
					w.out = true
					panic(errOut)
				}
				s[0] = uint64(w.ticks % 97 * 5)
				if w.slice != nil && w.mod != nil {
					s[0] = w.ration(need)
				}
				w.fuel = 1<<63 - 1 // a loop that costs more gets that
			}), []api.ValueType{api.ValueTypeI64}, []api.ValueType{api.ValueTypeI64}).Export(tick.Name))
	}
	instantiate := func(wasm []byte) (api.Module, error) {
		c, err := w.rt.CompileModule(w.ctx, wasm)
		if err != nil {
			panic(err) // it has been validated
		}
		closers = append(closers, c.Close)
		m, err := w.rt.InstantiateModule(ctx, c, wazero.NewModuleConfig().WithName("").WithStartFunctions())
		if m != nil {
			closers = append(closers, m.Close)
		}
		return m, err
	}
	var err error
	if mods["env"], err = instantiate(provider); err != nil {
		panic(err)
	}
	if w.mod, err = instantiate(wasm); err != nil {
		w.note("instantiate: %s", firstLine(err))
		return w.log
	}
	if w.slice != nil {
		w.mod.ExportedGlobal(w.counter).(api.MutableGlobal).Set(0)
	}
	r := rand.New(rand.NewPCG(w.seed, 1))
	for _, e := range m.Exports {
		if e.Kind != guestabi.KindFunc {
			continue
		}
		t, _ := m.FuncType(e.Index)
		for range 2 {
			if limit >= 0 && len(w.log) >= limit {
				return w.log
			}
			var args []uint64
			for _, p := range t.Params {
				args = append(args, argument(r, p)...)
			}
			w.watch()
			results, err := w.mod.ExportedFunction(e.Name).Call(w.ctx, args...)
			if err != nil {
				w.note("%s: %s", e.Name, firstLine(err))
			} else {
				w.note("%s: %s", e.Name, values(t.Results, results))
			}
			if w.out || strings.Contains(w.log[len(w.log)-1], "stack overflow") {
				return w.log
			}
			w.watch()
			w.state(m)
			if w.slice != nil {
				if err != nil {
					return w.log // what it used since it ticked last is unknown
				}
				w.log[len(w.log)-1] += fmt.Sprintf(" left %d", w.left+w.fuel)
			}
		}
	}
	return w.log
}

func (w *world) note(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// state adds to the last entry what memory and globals hold, and the fuel.
func (w *world) state(m *guestabi.Module) {
	s := &w.log[len(w.log)-1]
	if mem := w.mod.Memory(); mem != nil {
		b, _ := mem.Read(0, mem.Size())
		*s += fmt.Sprintf(" memory %d %08x", len(b), crc32.ChecksumIEEE(b))
	}
	for _, e := range m.Exports {
		if g := w.mod.ExportedGlobal(e.Name); e.Kind == guestabi.KindGlobal && g != nil {
			*s += " " + values([]guestabi.ValueType{guestabi.ValueType(g.Type())}, []uint64{g.Get(), 0})
		}
	}
}

// watch sees to it that the guest does not raise its own counter.
func (w *world) watch() {
	if w.counter == "" || w.mod == nil {
		return
	}
	now := int64(w.mod.ExportedGlobal(w.counter).Get())
	if now > w.fuel && w.raised == nil {
		w.raised = fmt.Errorf("the counter went from %d to %d", w.fuel, now)
	}
	w.fuel = now
}

// ration gives the next slice, and ends a guest that has used more than there was.
func (w *world) ration(need int64) uint64 {
	left := w.left + w.fuel
	if left < 0 {
		w.out = true
		panic(errOut)
	}
	n := max(min(left, w.slice()), need)
	w.left = left - n
	return uint64(n)
}

// called is an imported function: what it returns depends on what it gets.
func (w *world) called(name string, t guestabi.FuncType, s []uint64) {
	args := values(t.Params, s)
	w.note("  %s(%s)", name, args)
	w.watch()
	h := uint64(crc32.ChecksumIEEE([]byte(args)))
	i := 0
	for _, r := range t.Results {
		switch {
		case r.IsRef():
			s[i] = 0
		case r == guestabi.V128:
			s[i], s[i+1] = h, h>>3
			i++
		case r == guestabi.I32 || r == guestabi.F32:
			s[i] = h % 1000
		default:
			s[i] = h << 20
		}
		i++
	}
	if len(w.log) > 3000 {
		w.out = true
		panic(errOut)
	}
}

// values prints values; of references, whether they are null.
func values(ts []guestabi.ValueType, words []uint64) string {
	var s strings.Builder
	i := 0
	for _, t := range ts {
		switch {
		case t.IsRef():
			fmt.Fprintf(&s, "%t ", words[i] == 0)
		case t == guestabi.V128:
			fmt.Fprintf(&s, "%x:%x ", words[i], words[i+1])
			i++
		case t == guestabi.I32 || t == guestabi.F32:
			fmt.Fprintf(&s, "%x ", uint32(words[i]))
		default:
			fmt.Fprintf(&s, "%x ", words[i])
		}
		i++
	}
	return s.String()
}

func argument(r *rand.Rand, t guestabi.ValueType) []uint64 {
	v := []uint64{0, 1, 7, uint64(r.IntN(70000)), r.Uint64()}[r.IntN(5)]
	switch {
	case t.IsRef():
		return []uint64{0}
	case t == guestabi.V128:
		return []uint64{v, r.Uint64()}
	case t == guestabi.I32 || t == guestabi.F32:
		v = uint64(uint32(v))
	}
	return []uint64{v}
}

func types(ts []guestabi.ValueType) []api.ValueType {
	out := make([]api.ValueType, len(ts))
	for i, t := range ts {
		out[i] = api.ValueType(t)
	}
	return out
}

func firstLine(err error) string {
	s, _, _ := strings.Cut(err.Error(), "\n")
	if _, rest, ok := strings.Cut(s, " failed: "); ok { // the start function, whose index moves
		s = rest
	}
	return strings.TrimSuffix(s, " (recovered by wazero)")
}

// A comparer runs modules as they came and rewritten.
type comparer struct {
	raw, rewritten, compiled  *world
	ran, entries, traps, same int
}

func newComparer(tb testing.TB) *comparer {
	rc := engines()
	return &comparer{
		raw:       newWorld(tb, rc["interpreter"].WithCloseOnContextDone(true)),
		rewritten: newWorld(tb, rc["interpreter"]),
		compiled:  newWorld(tb, rc["compiler"]),
	}
}

// compare holds a module's behaviour against that of what Rewrite makes of it.
// It reports whether the module could be run. What is wrong is an error.
func (c *comparer) compare(wasm []byte, like *guestabi.Module, seed uint64, compile bool) (bool, error) {
	m, err := validate(wasm)
	if err != nil {
		var e *guestabi.Error
		if !errors.As(err, &e) {
			return false, fmt.Errorf("not this package's error: %w", err)
		}
		if _, again := guestabi.Rewrite(wasm, guestabi.Options{}); again == nil {
			return false, fmt.Errorf("rewritten though refused: %w", err)
		}
		return false, nil
	}
	if !harmless(m) || !comparable(m, like) {
		return false, nil
	}
	globals, _ := guestabi.GeneratedImports(m)
	tables := uint32(len(m.Tables))
	for _, im := range m.Imports {
		if im.Kind == guestabi.KindTable {
			tables++
		}
	}
	opts := guestabi.Options{MaxMemoryPages: genPages, MaxTable: genTable * tables, // they share it
		InitialFuel: int64(seed % 50), Own: true, Globals: globals, Refusals: !ownMaximum(m)}
	res, err := guestabi.Rewrite(wasm, opts)
	if err != nil {
		return false, fmt.Errorf("valid and not rewritten: %w", err)
	}
	if len(res.Missing) > 0 {
		return false, fmt.Errorf("missing: %v", res.Missing)
	}
	opts.Uninstrumented = true
	plain, err := guestabi.Rewrite(wasm, opts)
	if err != nil {
		return false, fmt.Errorf("without fuel: %w", err)
	}
	for _, w := range []*world{c.raw, c.rewritten, c.compiled} {
		w.seed = seed
	}
	if err := hidden(m, res); err != nil {
		return false, err
	}
	c.rewritten.counter = res.Fuel
	got := c.rewritten.run(res.Wasm, m, res.Tick, -1)
	if c.rewritten.raised != nil {
		return true, c.rewritten.raised
	}
	limit, ends := -1, ""
	if n := len(got); n > 0 && (c.rewritten.out || strings.Contains(got[n-1], "stack overflow")) {
		// It ran out in this call: those before are compared.
		limit = n - 1
		ends = got[n-1]
		for limit > 0 && strings.HasPrefix(got[limit-1], "  ") {
			limit--
		}
		if strings.HasPrefix(ends, "instantiate") {
			return false, nil
		}
	}
	var cancel context.CancelFunc
	c.raw.ctx, cancel = context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for name, wasm := range map[string][]byte{"as it came": wasm, "without fuel": plain.Wasm} {
		want := c.raw.run(wasm, m, guestabi.Name{}, limit)
		if diff := differ(want, got, limit); diff != "" {
			return true, fmt.Errorf("%s: %s", name, diff)
		}
	}
	c.ran++
	c.entries += len(got)
	for _, l := range got {
		if strings.Contains(l, "wasm error") {
			c.traps++
		}
	}
	if compile && limit < 0 {
		ticks := c.rewritten.ticks
		if machine := c.compiled.run(res.Wasm, m, res.Tick, -1); slices.Equal(machine, got) { // but for NaNs
			c.same++
			if c.compiled.ticks != ticks {
				return true, fmt.Errorf("%d ticks interpreted, %d compiled", ticks, c.compiled.ticks)
			}
		}
	}
	return true, c.sliced(res, m, seed)
}

// sliced runs a module twice with equal fuel, in slices of different sizes: it
// has to use the same and to end in the same place.
func (c *comparer) sliced(res *guestabi.Result, m *guestabi.Module, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 2))
	total := r.Int64N(1 << r.IntN(15))
	w := c.rewritten
	defer func() { w.slice = nil }()
	run := func(slice func() int64) []string {
		w.slice, w.left = slice, total
		return slices.Clone(w.run(res.Wasm, m, res.Tick, -1))
	}
	whole := run(func() int64 { return 1 << 40 })
	inSlices := run(func() int64 { return 1 + r.Int64N(100) })
	if slices.ContainsFunc(whole, func(l string) bool { return strings.Contains(l, "stack overflow") }) {
		return nil
	}
	if diff := differ(whole, inSlices, -1); diff != "" {
		return fmt.Errorf("with %d of fuel in all and in slices: %s", total, diff)
	}
	return nil
}

// ownMaximum reports whether a memory declares a maximum that counts, which the
// engine's own memories would not know of with Options.Refusals.
func ownMaximum(m *guestabi.Module) bool {
	memories := m.Memories
	for _, im := range m.Imports {
		if im.Kind == guestabi.KindMemory {
			memories = append(slices.Clip(memories), im.Memory)
		}
	}
	return slices.ContainsFunc(memories, func(l guestabi.Limits) bool { return l.HasMax && l.Max < genPages })
}

// hidden looks at a rewritten module: what was added is exported under names that
// the module has not, and referred to by nothing that the module can get at.
func hidden(m *guestabi.Module, res *guestabi.Result) error {
	n, err := validate(res.Wasm)
	if err != nil {
		return err
	}
	for i, e := range n.Exports {
		switch {
		case i >= len(m.Exports):
			if !strings.HasPrefix(e.Name, "wasmffi$") {
				return fmt.Errorf("export %q", e.Name)
			}
			if _, taken := m.Export(e.Name); taken {
				return fmt.Errorf("export %q is the module's own", e.Name)
			}
		case e.Name != m.Exports[i].Name || e.Kind != m.Exports[i].Kind:
			return fmt.Errorf("export %q became %q", m.Exports[i].Name, e.Name)
		case e.Kind == guestabi.KindFunc:
			if old, own := res.OriginalFunc(e.Index); !own || old != m.Exports[i].Index {
				return fmt.Errorf("export %q is function %d", e.Name, e.Index)
			}
		case e.Index != m.Exports[i].Index:
			return fmt.Errorf("export %q is %s %d", e.Name, e.Kind, e.Index)
		}
	}
	for _, s := range n.Elements {
		items := n.Bytes(s.Items)
		for range s.Len {
			if s.Exprs && items[0] == 0xd0 { // ref.null
				items = items[3:]
				continue
			}
			if s.Exprs {
				items = items[1:]
			}
			f, size := binary.Uvarint(items)
			items = items[size:]
			if s.Exprs {
				items = items[1:]
			}
			if _, own := res.OriginalFunc(uint32(f)); !own {
				return fmt.Errorf("function %d in a segment", f)
			}
		}
	}
	return nil
}

func differ(want, got []string, limit int) string {
	if limit >= 0 {
		want, got = want[:min(limit, len(want))], got[:min(limit, len(got))]
	}
	for i := range max(len(want), len(got)) {
		a, b := "nothing", "nothing"
		if i < len(want) {
			a = want[i]
		}
		if i < len(got) {
			b = got[i]
		}
		if a != b {
			return fmt.Sprintf("entry %d: %q, rewritten %q", i, a, b)
		}
	}
	return ""
}

// comparable reports whether a module wants the same of its host as the one it
// was made from, and limits that rewriting leaves alone.
func comparable(m, like *guestabi.Module) bool {
	if len(m.Imports) != len(like.Imports) || len(m.Types) != len(like.Types) {
		return false
	}
	for i := range m.Types {
		if !m.Types[i].Equal(like.Types[i]) {
			return false
		}
	}
	for i := range m.Imports {
		if m.Imports[i] != like.Imports[i] {
			return false
		}
	}
	for _, l := range m.Memories {
		if !l.HasMax || l.Max > genPages {
			return false
		}
	}
	for _, t := range m.Tables {
		if !t.HasMax || t.Max != genTable {
			return false
		}
	}
	return true
}

// TestRewrittenBehaviour runs random modules, and mutants of them, as they came
// and rewritten: results, traps, calls of the host, memory and globals have to be
// the same. WASMFFI_MODULES sets how many; WASMFFI_SEED repeats a run.
func TestRewrittenBehaviour(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("WASMFFI_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 0, 64)
		require.NoError(t, err)
	}
	n := 250
	if raceEnabled {
		n = 40
	}
	if s := os.Getenv("WASMFFI_MODULES"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	t.Logf("WASMFFI_SEED=%d", seed)
	c := newComparer(t)
	start, mutants, refused := time.Now(), 0, 0
	for i := range n {
		s := seed + uint64(i)
		wasm := guestabi.Generate(nil, s)
		m, err := validate(wasm)
		require.NoError(t, err, "seed %d: %x", s, wasm)
		ran, err := c.compare(wasm, m, s, i%4 == 0)
		require.NoError(t, err, "seed %d: %x", s, wasm)
		_ = ran
		r := rand.New(rand.NewPCG(s, 2))
		for range 6 {
			mutant := guestabi.Mutate(r, wasm)
			if r.IntN(4) == 0 {
				mutant = mutateBytes(r, mutant)
			}
			ran, err := c.compare(mutant, m, s, false)
			require.NoError(t, err, "seed %d: %x", s, mutant)
			mutants++
			if !ran {
				refused++
			}
		}
	}
	t.Logf("%d modules and %d mutants of them, %d of these refused or not run; %d runs compared, %d calls, %d traps, %d the same compiled, %d tables not grown; %v",
		n, mutants, refused, c.ran, c.entries, c.traps, c.same, c.rewritten.refusals, time.Since(start).Round(time.Millisecond))
	assert.Greater(t, c.ran, n)
	assert.Greater(t, c.traps, n/10)
	assert.Greater(t, c.entries-c.traps, n)
	assert.NotZero(t, c.same)
}

// mutateBytes is mutant for modules of any length.
func mutateBytes(r *rand.Rand, wasm []byte) []byte {
	if len(wasm) < 20 {
		return wasm
	}
	return mutant(r, wasm)
}

// FuzzBehaviour is TestRewrittenBehaviour on what a fuzzer chooses: the choices
// a module is generated by, and how it is mutated.
func FuzzBehaviour(f *testing.F) {
	for i := range uint64(8) {
		f.Add(binary.LittleEndian.AppendUint64(nil, i*0x9e3779b97f4a7c15), i, uint64(0))
	}
	c := newComparer(f)
	f.Fuzz(func(t *testing.T, choices []byte, seed, mutation uint64) {
		wasm := guestabi.Generate(choices, seed)
		m, err := validate(wasm)
		require.NoError(t, err)
		if mutation != 0 {
			wasm = guestabi.Mutate(rand.New(rand.NewPCG(mutation, 2)), wasm)
		}
		_, err = c.compare(wasm, m, seed, false)
		require.NoError(t, err)
	})
}
