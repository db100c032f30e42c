package netpoll

import (
	"fmt"
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wantReceive notes that a receive of socket i is to be armed: behind those that were served less lately.
// When slots are scarce, the first socket takes them all, and those behind it have had no turn.
func (r *Ring) wantReceive(i uint16) {
	k := &r.sockets[i]
	if k.ring.unarmed || !k.receiving || k.phase != open {
		return
	}
	k.ring.unarmed = true
	at := len(r.unarmed)
	for at > 0 && r.sockets[r.unarmed[at-1]].ring.served > k.ring.served {
		at--
	}
	r.unarmed = slices.Insert(r.unarmed, at, i) // within its capacity: no socket stands in it twice
}

// dropReceive takes that back.
func (r *Ring) dropReceive(i uint16) {
	if k := &r.sockets[i]; k.ring.unarmed {
		k.ring.unarmed = false
		r.unarmed = slices.DeleteFunc(r.unarmed, func(waiting uint16) bool { return waiting == i })
	}
}

// slotsAtOnce is how many slots must lie ready for each receive that is armed. An armed receive takes up to
// 32 of them at once; arming everybody when there are few would serve the first and turn the rest away.
const slotsAtOnce = 8

// arm lends slots to the kernel and arms receives that wait for it, those that have waited longest first.
// Its callers enter.
func (r *Ring) arm() {
	most := len(r.unarmed)
	if r.buffers != nil {
		r.buffers.fill()
		if r.buffers.held == 0 {
			r.counters.NoSlot++
			return
		}
		most = min(most, max(1, r.buffers.held/slotsAtOnce))
	}
	armed := 0
	for armed < most && r.armOne(r.unarmed[armed]) {
		armed++
	}
	if armed > 0 {
		r.unarmed = r.unarmed[:copy(r.unarmed, r.unarmed[armed:])]
	}
}

// armOne prepares the receive of socket i, or returns false where it has to wait for room or for a slot.
func (r *Ring) armOne(i uint16) bool {
	k := &r.sockets[i]
	if r.ring.room() == 0 {
		return false
	}
	if r.buffers == nil && k.ring.slot == 0 {
		slot, ok := r.arena.Take()
		if !ok {
			r.counters.NoSlot++
			return false
		}
		r.arena.own.lend(slot)
		k.ring.slot = slot
	}
	e := r.ring.reserve()
	e.opcode = opRecv
	r.aim(e, i)
	if r.buffers != nil {
		e.flags |= sqeBufferSelect
		e.ioprio = recvMultishot
		e.buf = bufferGroup
		if r.dated {
			e.opcode = opRecvMsg
			e.addr, e.length = r.ring.datedMessage(), 1
		}
	} else {
		// SAFETY: the slot is lent to the kernel until this receive completes; the arena outlives the ring.
		memory := r.arena.raw(k.ring.slot)
		e.addr = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(memory))))
		e.length = uint32(len(memory))
	}
	e.userData = userData(udReceive, k.generation, k.ring.slot, i)
	k.ring.unarmed = false
	k.ring.armed = true
	k.ring.ops++
	r.counters.Rearms++
	return true
}

// aim points e at socket i.
func (r *Ring) aim(e *sqe, i uint16) {
	if r.features.FixedFiles {
		e.flags |= sqeFixedFile
		e.fd = int32(i)
		return
	}
	e.fd = r.sockets[i].fd
}

// received takes a completion of a receive.
func (r *Ring) received(i uint16, c cqe, at int64, out []Completion) int {
	k := &r.sockets[i]
	if c.flags&cqeMore == 0 {
		k.ring.armed = false
		k.ring.ops--
		r.wantReceive(i)
	}
	var slot Slot
	switch {
	case c.flags&cqeBuffer != 0:
		slot = Slot(c.flags >> cqeBufferShift)
		r.buffers.back(slot)
	case r.buffers == nil:
		slot, k.ring.slot = k.ring.slot, 0
		r.arena.own.fill(slot)
	}
	from, wall := 0, int64(0)
	if r.dated && c.res > 0 {
		from, wall = readDated(r.arena.raw(slot)[:c.res])
		if from == int(c.res) {
			c.res = 0 // a head and nothing behind it is the end of the stream
		}
	}
	if c.res > 0 && k.phase == open {
		r.counters.Receives++
		r.counters.ReceivedBytes += uint64(int(c.res) - from)
		k.ring.served = r.counters.Receives
		out[0] = Completion{
			Kind: Received, Session: k.session, Sock: r.sock(i),
			Slot: slot, From: from, To: int(c.res), At: at,
		}
		if wall != 0 {
			out[0].Kernel = wall - r.clock.Wall(0)
		}
		return 1
	}
	r.arena.Put(slot) // it brought nothing, or nobody wants it any more
	if k.phase != open || !k.receiving {
		return 0
	}
	errno := syscall.Errno(-c.res)
	switch errno {
	case unix.ENOBUFS: // the kernel ran out of slots; arm lends it more
		r.counters.NoSlot++
		return 0
	case unix.EAGAIN, unix.EINTR, unix.ENOMEM, unix.ECANCELED:
		r.counters.Interrupted++
		return 0
	}
	if errno == 0 {
		errno = k.failed // the kernel tells an error once, and a send was told first
	}
	k.receiving = false // end of stream (0), or an error: there is nothing more to read, ever
	r.dropReceive(i)
	out[0] = Completion{Kind: Received, Session: k.session, Sock: r.sock(i), Errno: errno, At: at}
	return 1
}

// pump prepares what waits in the queue of socket i: one send, or a chain of linked ones. Submit and Reap enter.
//
// One chain of a socket is under way at a time: a second could overtake the first where that has to wait.
func (r *Ring) pump(i uint16) {
	k := &r.sockets[i]
	if k.failed != 0 {
		k.queue.fail(k.failed)
		return
	}
	n := min(int(k.queue.tail-k.queue.next), maxChain, r.ring.room())
	for link := range n {
		if k.queue.at(k.queue.next + uint32(link)).stamp {
			n = link
			break
		}
	}
	if n == 0 { // a dated send is first, or the queue is full. The ring holds none of this socket now, so it may go directly
		flush(k, r.arena, r.stamps, &r.counters)
		return
	}
	for link := range n {
		entry := k.queue.at(k.queue.next + uint32(link))
		e := r.ring.reserve()
		e.opcode = opSend
		r.aim(e, i)
		// SAFETY: the slot is lent to the kernel until this send completes; the arena outlives the ring.
		memory := r.arena.raw(entry.slot)[entry.from:entry.to]
		e.addr = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(memory))))
		e.length = uint32(len(memory))
		e.opFlags = unix.MSG_NOSIGNAL
		if r.zeroCopyMin != 0 && n == 1 && len(memory) >= r.zeroCopyMin {
			e.opcode = opSendZC
			if r.features.FixedBuffers {
				e.ioprio = recvsendFixedBuf // the arena is buffer 0
			}
		}
		if link < n-1 {
			e.flags |= sqeLink
			e.opFlags |= unix.MSG_WAITALL // else a short send would not break the chain, and the next would follow the gap
		}
		e.userData = userData(udSend, k.generation, entry.slot, i)
		k.ring.sends++
		k.ring.ops++
		r.flying++
	}
}

// sent takes a completion of a send.
//
// Panics: when the kernel completes a send that is not the next one: a record would be lost or sent twice.
func (r *Ring) sent(i uint16, c cqe) {
	k := &r.sockets[i]
	r.attend(k)
	if c.flags&cqeNotif != 0 { // the second completion of a zero-copy send: now the memory is free
		k.ring.ops--
		k.queue.release(Slot(c.userData >> 16))
		return
	}
	k.ring.sends--
	r.flying--
	if c.flags&cqeMore != 0 {
		k.queue.at(k.queue.next).held++
	} else {
		k.ring.ops--
	}
	if c.res >= 0 {
		if slot := Slot(c.userData >> 16); !k.queue.waiting() || k.queue.at(k.queue.next).slot != slot {
			panic(fmt.Sprintf("netpoll: the kernel completed the send of slot %d out of order", slot))
		}
		r.counters.SentBytes += uint64(c.res)
		if k.queue.took(int(c.res)) {
			r.counters.Sends++
			r.counters.RingSends++
		} else {
			r.counters.ShortSends++ // the rest is pumped again when the chain is back
		}
		return
	}
	switch errno := syscall.Errno(-c.res); errno {
	case unix.EAGAIN:
		r.counters.Again++
	case unix.EINTR:
		r.counters.Interrupted++
	case unix.ENOBUFS, unix.ENOMEM:
		r.counters.Transient++
	case unix.ECANCELED: // by Detach, or because the send before it in the chain fell short
	default:
		k.failed = errno
	}
}

// Unsent is what of s the kernel did not take yet. Units: bytes. Completions that were not reaped count
// as taken. Of a chain's sends under way it may be too high by a part of one record, never by its end.
//
// Where a kernel thread submits, sends under way count as taken: it may take them at any moment.
func (r *Ring) Unsent(s Sock) int {
	k := r.find(s)
	n := k.queue.unsent
	if k.ring.sends == 0 {
		return n
	}
	if r.features.SQPoll {
		for at := range uint32(k.ring.sends) {
			e := k.queue.at(k.queue.next + at)
			n -= int(e.to - e.from)
		}
		return n
	}
	for i := range r.ring.ready() {
		c := r.ring.peek(i)
		mine := userData(udSend, k.generation, Slot(c.userData>>16), s.Index) == c.userData
		if mine && c.res > 0 {
			n -= int(c.res)
		}
	}
	return n
}
