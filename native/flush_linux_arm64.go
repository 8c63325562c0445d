package native

// flushCode makes code just written visible to instruction fetch.
func flushCode(addr, size uintptr)
