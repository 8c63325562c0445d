;; A module that is refused memory and table entries, and dies later or never.
;; wat2wasm -o refused.wasm refused.wat
(module
  (memory (export "memory") 1 3)
  (table $t (export "table") 4 10 funcref)
  (table $u 1 externref)

  ;; What each of them returns is what the instruction did.
  (func $table (export "table_by") (param $n i32) (result i32)
    (table.grow $t (ref.null func) (local.get $n)))
  (func $memory (export "memory_by") (param $n i32) (result i32)
    (memory.grow (local.get $n)))
  ;; In a loop, with the counter in a local, and values on the stack.
  (func (export "table_until") (param $step i32) (result i32) (local $turns i32)
    (loop
      (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
      (br_if 0 (i32.and
        (i32.ne (i32.const -1) (table.grow $u (ref.null extern) (local.get $step)))
        (i32.ne (i32.const -1) (table.grow $t (ref.null func) (local.get $step))))))
    (local.get $turns))
  (func (export "table_then_trap") (param $n i32)
    (drop (call $table (local.get $n)))
    unreachable)
  (func (export "memory_then_trap") (param $n i32)
    (drop (call $memory (local.get $n)))
    unreachable)
  ;; The trap comes from the very function, after the code that was added.
  (func (export "table_and_divide") (param $n i32) (result i32)
    (i32.div_u (i32.const 1) (i32.add (i32.const 1) (table.grow $t (ref.null func) (local.get $n)))))
  (func (export "trap") unreachable)
  (func (export "spin") (param $n i32)
    (drop (table.grow $t (ref.null func) (local.get $n)))
    (loop (br 0))))
