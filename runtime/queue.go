package runtime

import "sync/atomic"

// queue carries fixed-size values from one goroutine to one other, without locks and without memory after
// its making: how the two planes talk.
//
// Shape: a power of two of places. One producer calls put, one consumer calls take.
type queue[T any] struct {
	places []T
	mask   uint64
	_      [64]byte // head and tail on cache lines of their own: the planes run on different cores
	head   atomic.Uint64
	_      [56]byte
	tail   atomic.Uint64
	_      [56]byte
}

func newQueue[T any](places int) *queue[T] {
	n := 1
	for n < places {
		n <<= 1
	}
	return &queue[T]{places: make([]T, n), mask: uint64(n - 1)}
}

// put adds a copy of *v and tells whether there was room.
func (q *queue[T]) put(v *T) bool {
	tail := q.tail.Load()
	if tail-q.head.Load() > q.mask {
		return false
	}
	q.places[tail&q.mask] = *v
	q.tail.Store(tail + 1)
	return true
}

// empty tells whether nothing waits.
func (q *queue[T]) empty() bool { return q.head.Load() == q.tail.Load() }

// take moves the oldest value to *v and tells whether there was one.
func (q *queue[T]) take(v *T) bool {
	head := q.head.Load()
	if head == q.tail.Load() {
		return false
	}
	*v = q.places[head&q.mask]
	var zero T
	q.places[head&q.mask] = zero
	q.head.Store(head + 1)
	return true
}
