package netpoll

// ringState is what a ring knows of one socket.
type ringState struct{}
