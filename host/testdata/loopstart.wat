;; A module whose start function does not end.
;; wat2wasm -o loopstart.wasm loopstart.wat
(module
  (func $spin (loop (br 0)))
  (start $spin))
