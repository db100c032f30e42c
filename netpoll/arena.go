package netpoll

// Arena is the only memory that the kernel may see: one mapping outside the Go heap, cut into slots.
type Arena struct{}

// Slot is one piece of an Arena: a number, not a pointer. The zero Slot is none.
type Slot uint16
