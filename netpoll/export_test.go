package netpoll

// Restore puts a slot back that a failed assertion left off the free list.
func (a *Arena) Restore(s Slot) { a.free = append(a.free, s) }
