package native

// stackBounds asks for the extent of the calling thread's stack.
func stackBounds() (low, high uintptr) {
	self := plain(defaultSymbol("pthread_self"))
	high = plain(defaultSymbol("pthread_get_stackaddr_np"), self)
	return high - plain(defaultSymbol("pthread_get_stacksize_np"), self), high
}
