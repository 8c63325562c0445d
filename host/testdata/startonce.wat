;; A module that asks Go when it starts, and is started anew by a reset.
;; wat2wasm -o startonce.wasm startonce.wat
(module
  (import "env" "starting" (func $starting (result i32)))
  (memory (export "memory") 1)
  (table $t 1 funcref)
  (func $start (i32.store (i32.const 16) (call $starting)))
  (start $start)
  (func (export "tsize") (result i32) (table.size $t)))
