// Package debuginfo reads functions, types and variables of a library out of
// its own debug info, so that C can be called with nothing declared:
//
//	struct point { double x, y; };                  info, err := debuginfo.Open("geo.wasm")
//	double area(const struct point *p, int n);      area, err := info.Func("area")
//	                                                fmt.Println(area.Type) // double(const struct point *p, int n)
//	int verbose;                                    v, err := info.Var("verbose") // v.Type, v.Addr
//
// It reads DWARF 4 and 5 from WebAssembly modules (also a side file named by
// external_debug_info), ELF (also separate files found by build id or debug
// link), Mach-O (also .dSYM bundles) and PE.
//
// # Cost
//
// [Open] and [New] read the container's table of sections and nothing else.
// The first lookup builds an index of names and code addresses; each later
// lookup decodes one function, type or variable with what it refers to, once.
// An [Info] is safe for concurrent use.
//
// # Types
//
// Types come out as a reader of the C text would make them: typedef names are
// kept, size_t or int32_t are dtype's own, a pointer to const says so. The
// offsets in the debug info are the truth: the packed and aligned attributes,
// which DWARF does not carry, are derived so that the layout on [Info.ABI] is
// exactly that, as are unnamed bit-fields. Where they change nothing about it they
// are lost: a packed struct of 16 bytes whose one member is aligned to 16, such as
// an __int128, becomes one that is not packed, which AArch64 passes in other
// registers. No other is known to be passed differently.
//
// What dtype cannot express (vectors of three, _Float128 beside an x87 long double)
// is an error wrapping [dtype.ErrNotSupported] where it is used by value or
// asked for by name. Behind a pointer it does no harm: a struct of that kind is
// left incomplete there, and anything else becomes void.
//
// A struct, union or enum that several source files define alike is one type.
// Units written in C are read, and of C++ what it declares extern "C"; a class
// with constructors or a destructor has no C way to be passed by value. Other
// languages are skipped.
//
// # Addresses
//
// Addresses are those of the file: for ELF, Mach-O and PE the virtual address
// that the linker gave (the loader adds its base), for a function in
// WebAssembly the offset from the start of the code section's contents, for a
// variable in WebAssembly the address in linear memory.
//
// # Trust
//
// The file is not trusted: damaged or hostile debug info gives errors wrapping
// [ErrMalformed], in time and memory bounded by the file's size. A file that
// lies well-formedly gives wrong types; it can never give a type that dtype
// would refuse.
package debuginfo
