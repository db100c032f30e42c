package netpoll

import "syscall"

// sendQueue holds the sends of one socket, in order, from Send until their Sent completion is reaped.
//
// Shape: head <= next <= tail, counted without end and masked on use. [head, next) is finished, [next,
// tail) is not. A ring marks how far its submissions have come in each entry; Direct needs only next.
type sendQueue struct {
	entries []sendEntry
	mask    uint32
	head    uint32
	next    uint32
	tail    uint32
	pushed  uint32 // bytes ever queued, modulo 2^32: what the kernel's ids count
	unsent  int    // bytes of [head, tail) that the kernel did not take
}

type sendEntry struct {
	slot  Slot
	stamp bool  // its date is wanted
	held  uint8 // zero-copy sends of it of which the kernel still holds the memory
	errno syscall.Errno
	from  uint32
	to    uint32
}

func newSendQueue(slots int) sendQueue {
	return sendQueue{entries: make([]sendEntry, slots), mask: uint32(slots - 1)}
}

func (q *sendQueue) clear() {
	q.head, q.next, q.tail, q.pushed, q.unsent = 0, 0, 0, 0, 0
}

func (q *sendQueue) at(i uint32) *sendEntry { return &q.entries[i&q.mask] }

func (q *sendQueue) full() bool    { return q.tail-q.head > q.mask }
func (q *sendQueue) empty() bool   { return q.tail == q.head }
func (q *sendQueue) waiting() bool { return q.tail != q.next }

// finished tells whether the first entry has come to its end, and the kernel is done with its memory.
func (q *sendQueue) finished() bool { return q.next != q.head && q.at(q.head).held == 0 }

func (q *sendQueue) push(slot Slot, from, to int, stamp bool) {
	if q.full() {
		panic("netpoll: send queued without asking Room")
	}
	*q.at(q.tail) = sendEntry{slot: slot, stamp: stamp, from: uint32(from), to: uint32(to)}
	q.tail++
	q.unsent += to - from
	q.pushed += uint32(to - from)
}

// took notes that the kernel took n more bytes of the first waiting entry, and tells whether that was its end.
func (q *sendQueue) took(n int) (done bool) {
	e := q.at(q.next)
	e.from += uint32(n)
	q.unsent -= n
	if e.from < e.to {
		return false
	}
	q.next++
	return true
}

// fail ends everything that waits with errno. What was not handed over stays visible in from and to.
func (q *sendQueue) fail(errno syscall.Errno) {
	for ; q.next != q.tail; q.next++ {
		q.at(q.next).errno = errno
	}
}

// pop takes the first finished entry out. Callers ask finished before.
func (q *sendQueue) pop() sendEntry {
	e := *q.at(q.head)
	q.head++
	q.unsent -= int(e.to - e.from) // more than 0 only where it failed
	return e
}

// release notes that the kernel let go of the memory of one zero-copy send of slot.
//
// Panics: when no such send is out.
func (q *sendQueue) release(slot Slot) {
	for i := q.head; i != q.tail; i++ {
		if e := q.at(i); e.slot == slot && e.held > 0 {
			e.held--
			return
		}
	}
	panic("netpoll: the kernel released a slot that it did not hold")
}
