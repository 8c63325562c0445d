;; A module that wants its memory from elsewhere.
;; wat2wasm -o importmemory.wasm importmemory.wat
(module (import "env" "memory" (memory 1)) (func (export "f")))
