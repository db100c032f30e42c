package netpoll

import "errors"

// ErrNoRing is what a ring backend says where io_uring is missing, disabled or forbidden.
var ErrNoRing = errors.New("netpoll: io_uring is not available")
