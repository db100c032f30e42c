package netpoll

import (
	"errors"
	"fmt"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// Detach ends s: what is under way is cancelled, and Closed follows when the kernel let go of every slot.
func (r *Ring) Detach(s Sock, abort bool) {
	k := r.find(s)
	k.abort = k.abort || abort
	if k.phase == closing {
		return
	}
	k.phase, k.receiving = closing, false
	r.dropReceive(s.Index)
	r.attend(k)
	r.retry(s.Index)
	r.call(enterGetEvents)
}

// cut ends the connection of a closing socket of which the kernel holds nothing but the memory of zero-copy
// sends: it would keep that until the peer acknowledges, which a dead one never does.
func (r *Ring) cut(i uint16) {
	k := &r.sockets[i]
	if k.ring.sends == 0 && !k.ring.armed && k.ring.ops > 0 && !k.ring.cut {
		k.ring.cut = true
		disconnect(int(k.fd), k.abort)
	}
}

// cancel asks the kernel to end what it holds of socket i.
func (r *Ring) cancel(i uint16) {
	k := &r.sockets[i]
	need := int(k.ring.sends)
	if k.ring.armed {
		need++
	}
	if r.ring.room() < need {
		r.call(0)
		if r.ring.room() < need {
			return // the next Reap tries again
		}
	}
	k.ring.cancelled = true
	if k.ring.armed {
		r.cancelOne(i, userData(udReceive, k.generation, k.ring.slot, i))
	}
	for at := k.queue.next; at != k.queue.next+uint32(k.ring.sends); at++ {
		r.cancelOne(i, userData(udSend, k.generation, k.queue.at(at).slot, i))
	}
}

func (r *Ring) cancelOne(i uint16, target uint64) {
	k := &r.sockets[i]
	e := r.ring.reserve()
	e.opcode, e.fd, e.addr = opAsyncCancel, -1, target
	e.userData = userData(udCancel, k.generation, 0, i)
	k.ring.ops++
}

// end closes the socket at i, of which the kernel holds nothing, and returns its last word.
func (r *Ring) end(i uint16) Completion {
	k := &r.sockets[i]
	c := Completion{Kind: Closed, Session: k.session, Sock: r.sock(i)}
	if r.features.FixedFiles {
		// The table's reference may live on until a grace period of the kernel has passed. So the connection
		// itself is ended here and now, and what happens to the descriptor later matters to nobody.
		disconnect(int(k.fd), k.abort)
		c.Errno = r.ring.setFile(int(i), -1)
	}
	if errno := closeSocket(int(k.fd), k.abort); errno != 0 {
		c.Errno = errno
	}
	if k.dirty { // its queue was cancelled before any Submit came
		r.dirty = slices.DeleteFunc(r.dirty, func(dirty uint16) bool { return dirty == i })
	}
	r.busy--
	r.leave(i)
	return c
}

// call enters the kernel and judges its refusals.
func (r *Ring) call(flags uintptr) {
	errno := r.ring.enter(0, flags)
	switch errno {
	case 0:
		r.refusals = 0
		return
	case unix.EEXIST:
		panic(ErrWrongThread.Error())
	case unix.EINVAL, unix.EBADF:
		if r.ring.enterFlags&enterRegisteredRing != 0 { // the registration is the thread's: another one has none
			panic(ErrWrongThread.Error())
		}
		r.counters.Transient++
	case unix.EINTR:
		r.counters.Interrupted++
	default: // EAGAIN, ENOMEM, EBUSY: the entries stay in the queue, and the next enter tries again
		r.counters.Transient++
	}
	if r.refusals++; r.refusals > maxRefusals {
		r.breakDown(errno)
	}
}

// breakDown fails every socket: the kernel has refused the ring for too long.
func (r *Ring) breakDown(errno syscall.Errno) {
	if r.broken != 0 {
		return
	}
	r.broken = errno
	for _, i := range r.active {
		k := &r.sockets[i]
		k.failed = errno
		r.attend(k)
	}
}

// Close detaches what is left, waits until the kernel has let go of every slot, and frees the ring. Cold;
// on the thread that made the port.
//
// Errors: while the kernel keeps slots nothing is unmapped, and the error says so.
func (r *Ring) Close() error {
	var out [16]Completion
	for idle := 0; len(r.active) > 0; {
		for _, i := range r.active {
			r.Detach(r.sock(i), false)
		}
		n := r.Reap(out[:])
		for _, c := range out[:n] {
			r.arena.Put(c.Slot)
		}
		if n > 0 {
			idle = 0
			continue
		}
		if idle++; idle == 100 { // an orderly end does not come by itself: purge what a dead peer never acknowledges
			for _, i := range r.active {
				r.sockets[i].abort, r.sockets[i].ring.cut = true, false
			}
			continue
		}
		if idle > 10_000 {
			return fmt.Errorf("netpoll: close ring: the kernel keeps %d sockets busy", len(r.active))
		}
		held := slices.ContainsFunc(r.active, func(i uint16) bool { return r.sockets[i].ring.ops > 0 })
		if !held || r.ring.ready() > 0 {
			continue
		}
		r.ring.wait()
	}
	var failures []error
	if r.buffers != nil {
		failures = append(failures, r.buffers.close())
	}
	failures = append(failures, r.ring.close())
	return errors.Join(failures...)
}
