//go:build !amd64 || purego

package record

// WatchGCM has nothing to watch here: no kernel of ours is in this build.
func WatchGCM(func(key, nonce, sealed []byte, ahead bool)) (undo func()) { return func() {} }
