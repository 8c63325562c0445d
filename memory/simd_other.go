//go:build !amd64

package memory

func binaryKernel(Op, numKind) loop2 { return nil }

func compareKernel(Op, numKind) loop2 { return nil }

func foldKernel(Op, numKind) func(acc, src []byte) bool { return nil }

func swapVectors([]byte, int) int { return 0 }
