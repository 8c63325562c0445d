//go:build amd64 || arm64

package native

import (
	"bufio"
	"debug/elf"
	"fmt"
	"os"
	"strings"
)

// locate says where in which C code a fault happened.
//
// C is not asked: what was stopped halfway may hold the loader's lock.
func (l *library) locate(e *FaultError) {
	if own := l.symbols.own(); own != nil && e.PC-uint64(l.symbols.base) < own.size {
		e.Object = l.symbols.path
		at := e.PC - uint64(l.symbols.base)
		if info, err := l.debug.open(); err == nil {
			if frames, err := info.Line(at); err == nil && len(frames) != 0 {
				e.Function, e.File, e.Line = frames[0].Func, frames[0].File, frames[0].Line
				return
			}
		}
		if f, err := elf.Open(e.Object); err == nil {
			e.Function = functionAt(f, at)
			_ = f.Close() // opened for reading
		}
		return
	}
	path, offset, ok := mappedFile(e.PC)
	if !ok {
		return
	}
	e.Object = path
	f, err := elf.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && offset-p.Off < p.Filesz {
			e.Function = functionAt(f, offset-p.Off+p.Vaddr)
		}
	}
}

// mappedFile is the file that was mapped at an address, and where in it.
func mappedFile(addr uint64) (path string, offset uint64, ok bool) {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return "", 0, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var start, end, inode uint64
		var mode, device string
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x %s %x %s %d", &start, &end, &mode, &offset, &device, &inode); n != 6 {
			continue
		}
		if addr-start < end-start {
			slash := strings.IndexByte(lines.Text(), '/')
			if slash < 0 {
				return "", 0, false
			}
			return lines.Text()[slash:], addr - start + offset, true
		}
	}
	return "", 0, false
}

// functionAt is the function that an address of the file's own is in.
func functionAt(f *elf.File, addr uint64) string {
	for _, table := range []func() ([]elf.Symbol, error){f.Symbols, f.DynamicSymbols} {
		symbols, err := table()
		if err != nil {
			continue
		}
		for _, s := range symbols {
			if elf.ST_TYPE(s.Info) == elf.STT_FUNC && addr-s.Value < s.Size {
				return s.Name
			}
		}
	}
	return ""
}
