package main

import (
	"os"
	"strings"

	"github.com/wasmffi/wasmffi/dtype"
	"github.com/wasmffi/wasmffi/guestabi"
)

func (in *inspection) wasm(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	m, err := guestabi.Parse(data)
	if err != nil {
		return err
	}
	in.Backend, in.ABI = "host", dtype.WASM32.Name()
	for _, i := range m.Imports {
		in.Imports = append(in.Imports, i.Module+"."+i.Name.Name)
		switch i.Kind {
		case guestabi.KindMemory:
			in.Memory = memoryLimits(i.Memory)
		case guestabi.KindTable:
			in.Table = tableLimits(i.Table)
		}
	}
	if len(m.Memories) > 0 {
		in.Memory = memoryLimits(m.Memories[0])
	}
	if len(m.Tables) > 0 && in.Table == nil {
		in.Table = tableLimits(m.Tables[0])
	}
	for _, e := range m.Exports {
		switch e.Kind {
		case guestabi.KindFunc:
			t, _ := m.FuncType(e.Index)
			in.Functions = append(in.Functions, functionInfo{Name: e.Name, Signature: t.String()})
		case guestabi.KindTable:
			if in.Table != nil && e.Index == 0 {
				in.Table.Exported = true
			}
		case guestabi.KindGlobal:
			if isVariable(m, e) {
				in.Variables = append(in.Variables, variableInfo{Name: e.Name})
			}
		}
	}
	return nil
}

// isVariable reports whether an exported global is the address of a C
// variable: a constant i32. Names that begin with __ are the linker's own.
func isVariable(m *guestabi.Module, e guestabi.Export) bool {
	i := e.Index - m.Imported(guestabi.KindGlobal)
	if e.Index < m.Imported(guestabi.KindGlobal) || int(i) >= len(m.Globals) {
		return false
	}
	g := m.Globals[i]
	return g.Type == guestabi.I32 && !g.Mutable && !strings.HasPrefix(e.Name, "__")
}

func memoryLimits(l guestabi.Limits) *memoryInfo {
	return &memoryInfo{l.Min, maximum(l)}
}

func tableLimits(t guestabi.Table) *tableInfo {
	return &tableInfo{Min: t.Min, Max: maximum(t.Limits)}
}

func maximum(l guestabi.Limits) *uint32 {
	if !l.HasMax {
		return nil
	}
	return &l.Max
}
