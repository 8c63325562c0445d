package native

// flushCode makes code just written visible to instruction fetch.
func flushCode(addr, size uintptr) { plain(defaultSymbol("sys_icache_invalidate"), addr, size) }
