//go:build !cgo

// Package cgobase is cgo doing what the benchmarks measure; this build has none.
package cgobase
