package main

import "syscall"

// dup2 is dup2(2), which not every architecture has.
func dup2(from, to int) error { return syscall.Dup3(from, to, 0) }
