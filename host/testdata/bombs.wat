;; Code that never ends, or does as much as it can at once, in the ways that C
;; compilers do not write.
;; wat2wasm -o bombs.wasm bombs.wat
(module
  (type $void (func))
  (type $unary (func (param i32) (result i32)))
  (memory (export "memory") 2)
  (table $t (export "table") 64 funcref)
  (table $u 64 funcref)
  (elem (table $t) (i32.const 1) func $nothing $recurse_indirect)
  (elem $e func $nothing $nothing $nothing $nothing)
  (data $d "0123456789abcdef")
  (global $depth (mut i32) (i32.const 0))

  (func (export "alive") (result i32) (i32.const 42))
  (func $nothing)

  ;; Endless.
  (func (export "loop_value") (drop (loop (result i32) (br_if 0 (i32.const 1)) (br 0))))
  (func (export "loop_params") (i32.const 1) (i64.const 2) (loop (param i32 i64) (br 0)))
  (func (export "loop_nested") (loop (loop (loop (br 2)))))
  (func (export "loop_if") (loop (if (i32.const 1) (then (br 1)) (else (br 1)))))
  (func (export "loop_indirect") (loop (call_indirect (type $void) (i32.const 1)) (br 0)))
  (func (export "loop_init")
    (loop (memory.init $d (i32.const 0) (i32.const 0) (i32.const 16)) (br 0)))
  (func (export "loop_fill_nothing")
    (loop (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)) (br 0)))
  (func (export "loop_table_copy")
    (loop (table.copy $t $u (i32.const 8) (i32.const 0) (i32.const 8)) (br 0)))
  (func (export "loop_table_init")
    (loop (table.init $u $e (i32.const 0) (i32.const 0) (i32.const 4)) (br 0)))
  (func (export "loop_table_grow")
    (loop (drop (table.grow $u (ref.null func) (i32.const 0))) (br 0)))
  (func (export "loop_refused")
    (loop (drop (memory.grow (i32.const 30000))) (br 0)))
  (func (export "loop_drop") (loop (data.drop $d) (elem.drop $e) (br 0)))
  (func $down (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
      (else (i32.const 0))))
  (func (export "loop_recurse") (loop (drop (call $down (i32.const 1000))) (br 0)))
  (func $a (call $b) (call $b)) (func $b (call $c) (call $c)) (func $c (call $d) (call $d))
  (func $d (call $e) (call $e)) (func $e (call $f) (call $f)) (func $f (call $g) (call $g))
  (func $g (call $h) (call $h)) (func $h (call $i) (call $i)) (func $i (call $j) (call $j))
  (func $j (call $k) (call $k)) (func $k (call $l) (call $l)) (func $l (call $m) (call $m))
  (func $m (call $n) (call $n)) (func $n (call $o) (call $o)) (func $o (call $p) (call $p))
  (func $p (call $q) (call $q)) (func $q (call $r) (call $r)) (func $r (call $s) (call $s))
  (func $s (call $v) (call $v)) (func $v (call $w) (call $w)) (func $w (call $x) (call $x))
  (func $x (call $y) (call $y)) (func $y (call $z) (call $z)) (func $z (call $a2) (call $a2))
  (func $a2 (call $b2) (call $b2)) (func $b2 (call $c2) (call $c2)) (func $c2 (call $nothing))
  ;; Without a loop: 2 to the 26th calls, and again.
  (func (export "doubling") (call $a) (call $a) (call $a) (call $a) (call $a) (call $a) (call $a) (call $a)
    (call $a) (call $a) (call $a) (call $a) (call $a) (call $a) (call $a) (call $a))

  ;; Through memory, each address read from where the last one led.
  (func (export "chase") (local $p i32) (local $n i32)
    (drop (memory.grow (i32.const 3000)))
    (loop (local.set $p (i32.add (i32.mul (local.get $p) (i32.const 1664525)) (i32.add (i32.const 1013904223) (local.get $n))))
      (local.set $n (i32.load (i32.rem_u (local.get $p) (i32.const 196000000)))) (br 0)))

  ;; As much as there is, at once, and for ever.
  (func (export "fill_all") (drop (memory.grow (i32.const 254)))
    (loop (memory.fill (i32.const 0) (i32.const 1) (i32.shl (memory.size) (i32.const 16))) (br 0)))
  (func (export "copy_all") (drop (memory.grow (i32.const 254)))
    (loop (memory.copy (i32.const 1) (i32.const 0) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 1))) (br 0)))
  (func (export "table_all") (drop (table.grow $u (ref.null func) (i32.const 900000)))
    (loop (table.fill $u (i32.const 0) (ref.null func) (table.size $u))
      (table.copy $u $u (i32.const 1) (i32.const 0) (i32.sub (table.size $u) (i32.const 1))) (br 0)))

  ;; Recursion.
  (func $recurse (export "recurse") (call $recurse))
  (func $recurse_indirect (export "recurse_indirect") (call_indirect (type $void) (i32.const 2)))
  (func (export "recurse_big") (drop (call $big (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)
    (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8))))
  (func $big (param i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
    (i64.add (call $big (local.get 1) (local.get 2) (local.get 3) (local.get 4)
      (local.get 5) (local.get 6) (local.get 7) (local.get 0)) (i64.mul (local.get 0) (local.get 7))))

  ;; So many frames of recursion, then a function pointer, if there is one.
  (func $descend (export "descend") (param i32 i32)
    (if (local.get 0)
      (then (call $descend (i32.sub (local.get 0) (i32.const 1)) (local.get 1)))
      (else (if (local.get 1) (then (call_indirect (type $void) (local.get 1)))))))

  ;; Takes all there is and gives up.
  (func (export "grow_and_trap")
    (loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable)

  ;; Out of range.
  (func (export "bad_fill") (memory.fill (i32.const -1) (i32.const 0) (i32.const -1)))
  (func (export "bad_copy") (memory.copy (i32.const 0) (i32.const -16) (i32.const 17)))
  (func (export "bad_init") (memory.init $d (i32.const 0) (i32.const 1) (i32.const 16)))
  (func (export "bad_init_wraps") (memory.init $d (i32.const 0) (i32.const 8) (i32.const -4)))
  (func (export "bad_init_dropped") (data.drop $d) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)))
  (func (export "bad_load") (drop (i64.load offset=4294967295 (i32.const -1))))
  (func (export "bad_store") (i64.store (i32.const -4) (i64.const 1)))
  (func (export "bad_table_fill") (table.fill $u (i32.const -1) (ref.null func) (i32.const 2)))
  (func (export "bad_table_copy") (table.copy $u $t (i32.const 0) (i32.const 1) (i32.const -1)))
  (func (export "bad_table_init") (table.init $u $e (i32.const 63) (i32.const 0) (i32.const 4)))
  (func (export "bad_table_set") (table.set $u (i32.const -1) (ref.null func)))
  (func (export "bad_call") (call_indirect $u (type $void) (i32.const -1)))
  (func (export "bad_call_null") (call_indirect $u (type $void) (i32.const 60)))
  (func (export "bad_call_type") (drop (call_indirect $t (type $unary) (i32.const 0) (i32.const 1)))))
