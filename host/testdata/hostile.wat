;; A module that does its worst.
;; wat2wasm -o hostile.wasm hostile.wat
(module
  (memory (export "memory") 1)
  (table (export "table") 4 funcref)
  (elem (i32.const 1) $recurse)
  (global $__stack_pointer (export "__stack_pointer") (mut i32) (i32.const 65536))
  (type $unary (func (param i32) (result i32)))
  (type $void (func))

  ;; malloc gives what set_malloc said, or loops for ever, or traps.
  (global $answer (mut i32) (i32.const 0))
  (func (export "set_malloc") (param i32) (global.set $answer (local.get 0)))
  (func (export "malloc") (param i32) (result i32)
    (if (i32.eq (global.get $answer) (i32.const -1)) (then (loop (br 0))))
    (if (i32.eq (global.get $answer) (i32.const -2)) (then unreachable))
    (global.get $answer))
  (func (export "free") (param i32))

  (func (export "loop_br") (loop (br 0)))
  (func (export "loop_br_if") (loop (br_if 0 (i32.const 1))))
  (func (export "loop_br_table") (loop (br_table 0 0 0 (i32.const 7))))
  (func (export "loop_outer") (loop (block (loop (br 2)))))
  (func $nothing)
  (func (export "loop_call") (loop (call $nothing) (br 0)))
  (func (export "loop_fill")
    (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0)))
  (func (export "loop_copy")
    (loop (memory.copy (i32.const 0) (i32.const 1) (i32.const 65535)) (br 0)))
  (func (export "loop_grow") (loop (drop (memory.grow (i32.const 0))) (br 0)))
  (func (export "loop_table")
    (loop (table.fill 0 (i32.const 0) (ref.null func) (i32.const 4)) (br 0)))

  (func $recurse (export "recurse") (call $recurse))
  (func (export "recurse_indirect") (call_indirect (type $void) (i32.const 1)))

  (func (export "eat_memory") (result i32)
    (loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
    (memory.size))
  (func (export "eat_table") (result i32)
    (loop (br_if 0 (i32.ne (table.grow 0 (ref.null func) (i32.const 1000)) (i32.const -1))))
    (table.size 0))

  ;; The stack pointer is anywhere when Go is called, and when C returns.
  (func (export "set_sp") (param i32) (global.set $__stack_pointer (local.get 0)))
  (func (export "apply_at") (param $f i32) (param $sp i32) (result i32)
    (global.set $__stack_pointer (local.get $sp))
    (call_indirect (type $unary) (i32.const 5) (local.get $f)))
  (func (export "first") (param i32) (result i32) (i32.load (local.get 0)))

  ;; Results that are no C values of their types.
  (func (export "two") (result i32) (i32.const 2))
  (func (export "wide") (result i32) (i32.const 0x12345678))

  ;; Function pointers are what the guest makes of them.
  (func (export "wipe_table") (table.fill 0 (i32.const 0) (ref.null func) (table.size 0)))
  (func (export "call_at") (param $f i32) (param $x i32) (result i32)
    (call_indirect (type $unary) (local.get $x) (local.get $f))))
