package host

import (
	"fmt"
	"path"
	"strings"
)

// A Frame is a C function that was running.
type Frame struct {
	// Function is its name: by the debug info, else by the module's name section
	// or exports. "func 12" is one without.
	Function string
	// File, Line and Column say where it was, or where it called the frame
	// before it. They are "" and 0 without debug info.
	File         string
	Line, Column int
	// Inlined tells that its code is inside that of the next frame.
	Inlined bool
	// Offset is that of the instruction in the contents of the module's code
	// section, as debuggers and llvm-symbolizer count. Frames inlined into one
	// function share it.
	Offset uint64
	// Args are the arguments that Go passed, in C's syntax, in the frame of the
	// function that it called: "p=0x1010, n=3". Names are by the prototype or the
	// debug info. C may have changed its own copies since.
	Args string
}

// String is the frame as in messages: area(n=3) (geo.c:42).
func (f Frame) String() string {
	s := printable(f.Function)
	if f.Args != "" {
		s += "(" + f.Args + ")"
	}
	if f.File != "" && f.Line > 0 {
		// Debug info may come from Windows.
		s += fmt.Sprintf(" (%s:%d)", printable(path.Base(strings.ReplaceAll(f.File, `\`, "/"))), f.Line)
	}
	return s
}

// callers prints the innermost frames, with a space before: " in f, called from g".
func callers(frames []Frame) string {
	const shown = 4
	s := ""
	for i, f := range frames {
		switch {
		case i == 0:
			s = " in " + f.String()
		case i == shown:
			return s + ", …"
		case frames[i-1].Inlined:
			s += ", inlined in " + f.String()
		default:
			s += ", called from " + f.String()
		}
	}
	return s
}

// frames are the C functions of the engine's error, innermost first.
func (in *instance) frames(err error) (fs []Frame) {
	_, trace, ok := strings.Cut(err.Error(), "\nwasm stack trace:\n\t")
	if !ok {
		return nil
	}
	for _, p := range places(trace) {
		index, ok := in.mod.res.OriginalFunc(p.fn)
		if !ok {
			continue // what the rewriting added
		}
		fs = append(fs, in.framesAt(index, in.mod.res.OriginalOffset(p.offset))...)
	}
	return fs
}

// framesAt are the frames of a function at an offset: those inlined there, and
// itself.
func (in *instance) framesAt(index uint32, offset uint64) []Frame {
	name := in.mod.funcName(index)
	if info, err := in.debugInfo(); err == nil {
		if lines, err := info.Line(offset); err == nil && len(lines) > 0 {
			fs := make([]Frame, len(lines))
			for i, l := range lines {
				fs[i] = Frame{Function: l.Func, File: l.File, Line: l.Line, Column: l.Column, Inlined: l.Inlined, Offset: offset}
				if l.Func == "" {
					fs[i].Function = name
				}
			}
			return fs
		}
	}
	return []Frame{{Function: name, Offset: offset}}
}
