;; A module with nothing but a global.
;; wat2wasm -o nomemory.wasm nomemory.wat
(module
  (global $a (mut i32) (i32.const 11))
  (func (export "g32") (result i32) (global.get $a))
  (func (export "set") (param i32) (global.set $a (local.get 0))))
