//go:build !amd64 || purego

package hmac256

// archKernels are none here: the standard library does it.
func archKernels() []kernel { return nil }
