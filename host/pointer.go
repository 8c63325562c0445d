package host

import (
	"encoding/binary"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmffi/wasmffi"
	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
)

// Address is the function pointer of a function, which is put into the function
// table when it is not there yet, or the address of a variable.
func (l *Library) Address(s wasmffi.Symbol) (uint64, error) {
	if s.Kind == wasmffi.VarSymbol || s.Addr != 0 {
		return s.Addr, nil
	}
	e, ok := l.in.mod.res.Module.Export(s.Name)
	if !ok || e.Kind != guestabi.KindFunc {
		return 0, l.notFound(s.Name)
	}
	if err := l.in.enter(nil); err != nil {
		return 0, err
	}
	addr, err := l.in.slotOf(e)
	return addr, l.in.leave(err)
}

// slotOf is the table slot of an exported function, inside a call that was
// entered.
func (in *instance) slotOf(e guestabi.Export) (uint64, error) {
	if slot, ok := in.tables.slotOf(e.Index); ok {
		return slot, nil
	}
	if len(in.mod.res.Tables) == 0 {
		return 0, fmt.Errorf("%w: the module has no function table", wasmffi.ErrNotSupported)
	}
	t, _ := in.mod.res.Module.FuncType(e.Index)
	named, err := in.helper(renameModule(t, e.Name), nil)
	if err != nil {
		return 0, err
	}
	in.pools.keep(named)
	slot, err := in.appendToTable(guestabi.PoolModule(t, 1, in.tableName(), "renamed"), named)
	if err == nil {
		in.tables.put(slot, e.Index)
	}
	return slot, err
}

// renameModule generates a module that exports a guest's function as "0", the
// name under which a pool module imports its only function:
//
//	(module (import "guest" "<name>" (func (type $t))) (export "0" (func 0)))
func renameModule(t guestabi.FuncType, name string) []byte {
	section := func(b []byte, id guestabi.SectionID, body []byte) []byte {
		return append(binary.AppendUvarint(append(b, byte(id)), uint64(len(body))), body...)
	}
	text := func(b []byte, s string) []byte {
		return append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	list := func(b []byte, ts []guestabi.ValueType) []byte {
		b = binary.AppendUvarint(b, uint64(len(ts)))
		for _, t := range ts {
			b = append(b, byte(t))
		}
		return b
	}
	const one, funcType, firstType, firstFunc = 1, 0x60, 0, 0
	b := []byte("\x00asm\x01\x00\x00\x00")
	b = section(b, guestabi.SectionType, list(list([]byte{one, funcType}, t.Params), t.Results))
	im := text(text([]byte{one}, guestName), name)
	b = section(b, guestabi.SectionImport, append(im, byte(guestabi.KindFunc), firstType))
	return section(b, guestabi.SectionExport, append(text([]byte{one}, "0"), byte(guestabi.KindFunc), firstFunc))
}

// bindPointer makes c call whatever a function pointer points to. The type is
// checked by the call itself, and now if it is known.
func (c *callable) bindPointer(addr uint64, sig *dtype.Func) error {
	in := c.in
	if addr > 1<<32-1 || len(in.mod.res.Tables) == 0 {
		return fmt.Errorf("%w: no function at %#x", wasmffi.ErrNotFound, addr)
	}
	have, known := in.pools.typeAt(addr)
	if f, ok := in.tables.funcAt(addr); ok {
		have, known = in.mod.res.Module.FuncType(f)
	}
	if known {
		name := c.name
		if name == "" {
			name = fmt.Sprintf("function at %#x", addr)
		}
		if err := matchSignature(name, sig, c.sig.Type, have); err != nil {
			return err
		}
	}
	key, err := in.indirect(c.sig.Type)
	if err != nil {
		return err
	}
	c.slot = int64(addr)
	c.export = func() api.Function { return in.generatedMods[key].ExportedFunction(guestabi.IndirectCall) }
	return nil
}

// indirect makes the module that calls function pointers of a type. It returns
// its key.
func (in *instance) indirect(t guestabi.FuncType) (key string, err error) {
	if err := in.enter(nil); err != nil {
		return "", err
	}
	key = t.String()
	_, err = in.generated(key, func() []byte { return guestabi.CallIndirectModule(t, in.tableName()) })
	return key, in.leave(err)
}

// generated is an instance of a generated module that imports the guest, made
// when it is first asked for by its key, inside a call that was entered.
func (in *instance) generated(key string, wasm func() []byte) (api.Module, error) {
	if m, ok := in.generatedMods[key]; ok {
		return m, nil
	}
	bytes := wasm()
	m, err := in.helper(bytes, nil)
	if err != nil {
		return nil, err
	}
	if in.generatedMods == nil {
		in.generatedMods = map[string]generatedMod{}
	}
	in.generatedMods[key] = generatedMod{m, bytes}
	in.pools.keep(m)
	return m, nil
}
