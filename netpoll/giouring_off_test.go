//go:build !giouring

package netpoll_test

// tagged are the backends that this build has besides: none.
var tagged []backend
