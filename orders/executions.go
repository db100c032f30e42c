package orders

// executions remembers which executions were booked, each under order and execution id, so that none counts twice:
// streams repeat themselves, and recovery reads fills that the stream has told already.
//
// It holds the last capacity of them; an older one that comes again is caught by the cumulative quantity only.
type executions struct {
	seen  index
	order []uint64 // keys by age, a ring
	next  int
}

func newExecutions(capacity int) executions {
	return executions{seen: newIndex(capacity), order: make([]uint64, max(capacity, 4))}
}

// first tells whether the execution is new, and remembers it.
func (x *executions) first(id uint64, execID []byte) bool {
	key := hashText(mix(id), execID)
	if key == 0 {
		key = 1 // 0 marks what was never used in the ring
	}
	if x.seen.find(key) >= 0 {
		return false
	}
	if old := x.order[x.next]; old != 0 {
		x.seen.drop(old)
	}
	x.order[x.next] = key
	x.seen.put(key, x.next)
	x.next = (x.next + 1) % len(x.order)
	return true
}
