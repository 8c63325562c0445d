;; A module that dies of a small table while it starts.
;; wat2wasm -o refusedstart.wasm refusedstart.wat
(module
  (table $t 1 funcref)
  (start $start)
  (func $start
    (drop (table.grow $t (ref.null func) (i32.const 1000)))
    unreachable))
