/* wasmffi.h: mark what a C or C++ library exports to its host and imports from
 * it. One source works as wasm32, sandboxed, and as a native shared library.
 * Using it is optional: plain C whose functions are exported works as well.
 *
 *     WASMFFI_EXPORT int area(int w, int h) { return w * h; }
 *
 *     WASMFFI_IMPORT(void, host_log, (int level, const char *text));
 *     host_log(1, "ready");
 *
 * This file may be used without any conditions.
 */
#ifndef WASMFFI_H
#define WASMFFI_H

#ifdef __cplusplus
#define WASMFFI_EXTERN_C extern "C"
#define WASMFFI_BEGIN_C extern "C" {
#define WASMFFI_END_C }
#else
#define WASMFFI_EXTERN_C
#define WASMFFI_BEGIN_C
#define WASMFFI_END_C
#endif

/* WASMFFI_EXPORT, before a function, makes it visible to the host under its C
 * name, also from C++; WASMFFI_EXPORT_VAR does so before a global variable. A
 * wasm module exports these if it is linked with -Wl,--export-dynamic (wasmffi
 * build does that).
 *
 * WASMFFI_EXPORT_AS("name"), before a function, exports it from a wasm module
 * however that is linked. Natively a symbol keeps its C name, so use that name
 * where the library is to be built both ways. */
#if defined(_WIN32) && !defined(__wasm__)
#define WASMFFI_EXPORT_VAR __declspec(dllexport)
#else
#define WASMFFI_EXPORT_VAR __attribute__((visibility("default")))
#endif
#define WASMFFI_EXPORT WASMFFI_EXTERN_C WASMFFI_EXPORT_VAR
#if defined(__wasm__)
#define WASMFFI_EXPORT_AS(name) WASMFFI_EXPORT __attribute__((export_name(name)))
#else
#define WASMFFI_EXPORT_AS(name) WASMFFI_EXPORT
#endif

/* WASMFFI_IMPORT(result, name, (parameters)); at file scope declares a function
 * the host provides, called as name(...). In wasm it is an import of the module
 * "env"; WASMFFI_IMPORT_FROM("module", result, name, (parameters)); takes
 * another module. Natively it is an exported variable, a pointer to a function,
 * which the host sets after it has opened the library: until then it is NULL and
 * WASMFFI_IMPORTED(name) is false. Several files of a library may have the same
 * line, each once. A result that is a pointer to a function or to an array needs
 * a typedef. */
#define WASMFFI_IMPORT(result, name, parameters) WASMFFI_IMPORT_FROM("env", result, name, parameters)

#if defined(__wasm__)
#define WASMFFI_IMPORT_FROM(module, result, name, parameters) \
	WASMFFI_EXTERN_C __attribute__((import_module(module), import_name(#name))) result name parameters
#define WASMFFI_IMPORTED(name) 1
#else
#if defined(_WIN32)
#define WASMFFI_SHARED __declspec(dllexport) __declspec(selectany)
#else
#define WASMFFI_SHARED __attribute__((visibility("default"), weak))
#endif
#define WASMFFI_IMPORT_FROM(module, result, name, parameters) \
	WASMFFI_BEGIN_C \
	extern WASMFFI_EXPORT_VAR result (*name) parameters; \
	WASMFFI_SHARED result (*name) parameters = 0; \
	WASMFFI_END_C \
	WASMFFI_EXTERN_C result (*name) parameters
#define WASMFFI_IMPORTED(name) ((name) != 0)
#endif

#endif
