package orders

// WaitingOn is how many orders and cancels of one connection are without any answer yet: none, and it may be closed.
func (t *Tracker) WaitingOn(session uint16) (n int) {
	for at := t.waiting.first; at != none; at = t.entries[at].next {
		if t.entries[at].session == session {
			n++
		}
	}
	return n
}
