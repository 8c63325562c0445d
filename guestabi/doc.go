// Package guestabi knows what a wasm32 guest looks like from the outside: the
// binary format of a module, how to make a module safe to run, and how C's
// functions and types are lowered to wasm32. It works on bytes and depends on
// no wasm engine.
//
// # Making a module safe
//
// A module is parsed, validated exactly as it came, and then rewritten:
//
//	res, err := guestabi.Rewrite(wasm, guestabi.Options{
//		MaxMemoryPages: 1024,    // 64 MiB
//		InitialFuel:    1 << 20, // before the first tick
//	})
//
// The new module, res.Wasm, behaves as the old one but for these additions,
// whose names the module as it came does not use and cannot reach:
//
//   - its memory (res.Memory), every table (res.Tables), every mutable global
//     (res.Globals) and the C stack pointer (res.StackPointer) are exported;
//   - the maximum of the memory and of the tables is set by the host, so that
//     a table may grow beyond what the module declared;
//   - a counter (the exported mutable i64 global res.Fuel) goes down as code
//     runs. When it falls below zero the guest calls the imported function
//     res.Tick of type (i64) -> i64 and goes on with the counter set to what that
//     returned. Tick is where a host yields, looks at a deadline, or ends the
//     call by panicking.
//
// With Options.Own the memory, the tables and the globals that a module imports
// become its own, so that it imports functions only; a module linked as a shared
// library (wasm-ld -shared) is given its place in them. They come first in their
// index spaces as it is, and constant expressions get values in the place of
// imported globals: nothing else changes.
//
// The import comes first among the functions the module defines: the imported
// functions keep their indices, and every defined function moves up by one
// ([Result.OriginalFunc] undoes that). Code moves too; [Result.OriginalOffset]
// leads from an offset in the new code section to the one debug information
// speaks of. Custom sections that would be wrong then, debug information among
// them, are left out: they are to be read from the module as it came.
//
// # Fuel
//
// One unit is about one wasm instruction, or 16 bytes filled, copied or grown at
// once. A loop is charged each time round, a function when it is called, a branch
// of an if or a switch when it is taken; only short branches and what a br_if
// jumps over are charged whether they run or not. Equal calls use equal amounts,
// on every engine. The counter is checked wherever code could go on without end,
// that is in loops, in functions that call others, and every 256 KiB of a bulk
// operation. A body that is longer than 32 Ki units ticks on the way, whatever the
// counter says. A short function without any of these is paid for by its callers,
// and is free when the host calls it.
//
// Tick is told how much the guest needs to go on with: what the next round of a
// loop costs, which has not been charged, or 0 where the counter is below 0 or the
// body long. With Options.Refusals, [Refused] in that place says that the guest was
// refused something; it is no request, and the counter then means nothing.
//
// At all other ticks, whenever another host function runs, and when a call from the
// host has returned, the counter is exact; what Tick returns takes its place.
// Between those the guest may hold it in a local: after a trap, the global holds the
// value of the last exact moment. So a host that keeps account of what it gives
// knows what has been used, and where it gives at least what is needed, neither that
// nor where the guest ends depends on the slices it gives. Whatever Tick returns,
// the guest gets on a little; only a panic in Tick ends it.
//
// # Reading a module
//
//	m, err := guestabi.Parse(wasm)
//	err = guestabi.Validate(m)
//
// [Module] holds types, imports, functions, tables, memories, globals, exports,
// segments, code positions, custom sections and the names of functions. It
// refers to the bytes it was parsed from, which must not change.
//
// WebAssembly 2.0 is understood, and of what came later tail calls, arithmetic in
// constant expressions, and atomic operations: of threads, that is, all but
// there being several. A shared memory becomes one that is not; there atomic
// operations are loads and stores, waiting traps, and notifying finds nobody.
// Everything else (exception handling, garbage collection and typed function
// references, 64-bit and multiple memories, relaxed SIMD, components) is an
// error wrapping ErrNotSupported that names it and says where it is.
//
// # Helper modules
//
// [PoolModule] generates a module that appends host functions to a guest's
// table, which is how a Go function becomes a C function pointer, and
// [CallIndirectModule] one that calls a C function pointer.
//
// # C header
//
// [Header] is wasmffi.h, which a C author may include to mark what is exported
// to and imported from the host, in a wasm build and in a native one alike.
package guestabi
