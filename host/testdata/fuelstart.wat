;; A module that takes 100,000 units of fuel and more to start, twice, and is
;; started anew by a reset.
;; wat2wasm -o fuelstart.wasm fuelstart.wat
(module
  (table $t 1 funcref)
  (global $turns (export "turns") (mut i32) (i32.const 0))
  (func $work (export "_initialize")
    (local $n i32)
    (local.set $n (i32.const 20000))
    (loop
      (global.set $turns (i32.add (global.get $turns) (i32.const 1)))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (start $work)
  (func (export "work") (result i32) (call $work) (global.get $turns))
  (func (export "turned") (result i32) (global.get $turns))
  (func (export "tsize") (result i32) (table.size $t)))
