//go:build !amd64 || purego

package record

// archKernels are none here: the standard library does it.
func archKernels() []kernel { return nil }
