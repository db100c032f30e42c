//go:build !giouring

package netpoll

// newGiouring is not there without the build tag: any import of giouring breaks a plain go build.
func newGiouring(*Arena, Clock, PortConfig) (Port, error) { return nil, ErrNotBuilt }
