//go:build !amd64 || purego

package netpoll

// counter is not there on this build; counterUnfit keeps everybody from it.
func counter() uint64 { panic("netpoll: no time stamp counter on this build") }

func counterUnfit() string { return "this build has no time stamp counter" }
