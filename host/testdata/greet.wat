;; A module that prints when it starts.
;; wat2wasm -o greet.wasm greet.wat
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\08\00\00\00\05\00\00\00hello")
  (func $greet (export "greet") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64))))
  (func (export "touch") (drop (call $random (i32.const 128) (i32.const 8))))
  (start $greet))
