package netpoll

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Direct is the floor of all backends: sendto and recvfrom on non-blocking sockets, as raw system calls
// that the Go scheduler does not see, polled without end by the loop.
type Direct struct {
	table
	arena    *Arena
	clock    Clock
	busy     int // sockets with sends to reap or to retry, or closing
	turn     int // where the next Reap begins, so that no socket is always last
	stamps   *stamper
	counters Counters
}

// NewDirect makes a Direct port on arena. It never fails but for a config out of range.
func NewDirect(arena *Arena, clock Clock, c PortConfig) (Port, error) {
	c, err := c.filled()
	if err != nil {
		return nil, err
	}
	return &Direct{
		table:  newTable(c.Sockets, c.QueueSlots),
		arena:  arena,
		clock:  clock,
		stamps: newStamper(c.ReceiveStampEvery),
	}, nil
}

// Backend is "direct".
func (d *Direct) Backend() string { return "direct" }

// Arena is where the port's slots come from.
func (d *Direct) Arena() *Arena { return d.arena }

// Counters tell what the port met.
func (d *Direct) Counters() Counters { return d.counters }

// Attach takes over fd and polls it from the next Reap on.
func (d *Direct) Attach(fd int, session uint16) (Sock, error) {
	s, _, err := d.enter(fd, session)
	return s, err
}

// Room tells whether one more Send can be queued on s.
func (d *Direct) Room(s Sock) bool {
	k := d.find(s)
	return k.phase == open && !k.queue.full()
}

// Unsent is what of s the kernel did not take yet. Units: bytes.
func (d *Direct) Unsent(s Sock) int { return d.find(s).queue.unsent }

// Send makes the system call at once where nothing waits before it: there is nothing to be gained by
// waiting for Submit, and the shortest way is the fastest.
func (d *Direct) Send(s Sock, slot Slot, from, to int) {
	k := d.find(s)
	if k.phase != open {
		panic("netpoll: send on a socket that is being detached")
	}
	d.arena.own.lend(slot)
	first := !k.queue.waiting()
	k.queue.push(slot, from, to, k.stampNext)
	k.stampNext = false
	if !k.busy {
		k.busy = true
		d.busy++
	}
	if first {
		flush(k, d.arena, d.stamps, &d.counters)
	}
}

// SendStamped is Send, dated. See Stamper.
func (d *Direct) SendStamped(s Sock, slot Slot, from, to int) uint32 {
	k := d.find(s)
	k.stampNext = k.watched
	d.Send(s, slot, from, to)
	return k.queue.pushed - 1
}

// Watch lets the kernel date what goes through s. See Stamper.
func (d *Direct) Watch(s Sock) error { return d.watch(s, d.stamps) }

// Stamps returns the dates that have arrived. See Stamper.
func (d *Direct) Stamps(out []Stamp) int { return d.stamps.collect(&d.table, d.clock, out) }

// Submit has nothing left to do: what Send could not hand over, the kernel had refused, and Reap tries again.
func (d *Direct) Submit() {}

// flush sends what waits in k's queue, in order, until the kernel refuses.
func flush(k *socket, arena *Arena, stamps *stamper, counters *Counters) {
	q := &k.queue
	if k.failed != 0 {
		q.fail(k.failed)
		return
	}
	for q.waiting() {
		e := q.at(q.next)
		var n int
		var errno syscall.Errno
		if b := arena.raw(e.slot)[e.from:e.to]; e.stamp {
			n, errno = stamps.send(int(k.fd), b)
		} else {
			n, errno = sendNow(int(k.fd), b)
		}
		switch errno {
		case 0:
			counters.SentBytes += uint64(n)
			if q.took(n) {
				counters.Sends++
				counters.DirectSends++
				continue
			}
			counters.ShortSends++
		case unix.EAGAIN:
			counters.Again++
			return
		case unix.EINTR:
			counters.Interrupted++
		case unix.ENOBUFS, unix.ENOMEM:
			counters.Transient++ // the kernel is short of memory, the connection is whole
			return
		default:
			k.failed = errno
			q.fail(errno)
			return
		}
	}
}

// Reap returns finished sends, then polls each socket for one receive, until one has something: whoever waits
// for it should not wait for the others to be asked, too. The next Reap goes on behind that socket.
func (d *Direct) Reap(out []Completion) int {
	n := 0
	if d.busy != 0 {
		n = d.reapBusy(out)
	}
	if n == len(out) {
		return n
	}
	for range d.active {
		if d.turn >= len(d.active) {
			d.turn = 0
		}
		i := d.active[d.turn]
		d.turn++
		if d.receive(i, &out[n]) {
			return n + 1
		}
	}
	return n
}

// reapBusy looks after the sockets with sends under way or closing.
func (d *Direct) reapBusy(out []Completion) int {
	n := 0
	for i := 0; i < len(d.active); i++ { // the list may shrink under way; what moved up is seen next time
		at := d.active[i]
		k := &d.sockets[at]
		if !k.busy {
			continue
		}
		if k.queue.waiting() {
			flush(k, d.arena, d.stamps, &d.counters)
		}
		n += reapSent(k, d.sock(at), d.arena, out[n:])
		if !k.queue.empty() {
			continue
		}
		if k.phase == open {
			k.busy = false
			d.busy--
			continue
		}
		if n < len(out) {
			out[n] = d.end(at)
			n++
		}
	}
	return n
}

// reapSent moves finished sends of k to out.
func reapSent(k *socket, s Sock, arena *Arena, out []Completion) int {
	n := 0
	for ; n < len(out) && k.queue.finished(); n++ {
		e := k.queue.pop()
		arena.own.fill(e.slot)
		out[n] = Completion{
			Kind: Sent, Session: k.session, Sock: s, Slot: e.slot,
			From: int(e.from), To: int(e.to), Errno: e.errno,
		}
	}
	return n
}

// receive asks socket i for bytes once, and tells whether it wrote a completion to out.
func (d *Direct) receive(i uint16, out *Completion) bool {
	k := &d.sockets[i]
	if !k.receiving {
		return false
	}
	if k.slot == 0 {
		slot, ok := d.arena.Take()
		if !ok {
			d.counters.NoSlot++
			return false
		}
		d.arena.own.lend(slot)
		k.slot = slot
	}
	at := d.clock.Now()
	n, wall, errno := d.take(k)
	if errno == unix.EAGAIN {
		return false
	}
	if errno == unix.EINTR || errno == unix.ENOBUFS || errno == unix.ENOMEM {
		d.counters.Interrupted++
		return false
	}
	if n == 0 && errno == 0 {
		errno = k.failed // the kernel tells an error once, and a send was told first
	}
	*out = Completion{Kind: Received, Session: k.session, Sock: d.sock(i), To: n, Errno: errno, At: at}
	if n > 0 {
		d.counters.Receives++
		d.counters.ReceivedBytes += uint64(n)
		d.arena.own.fill(k.slot)
		out.Slot, k.slot = k.slot, 0
		if wall != 0 {
			out.Kernel = wall - d.clock.Wall(0)
		}
		return true
	}
	k.receiving = false // end of stream, or an error: there is nothing more to read, ever
	d.dropReceive(k)
	return true
}

// take receives into k's slot, and asks for the kernel's date where this receive's turn has come.
func (d *Direct) take(k *socket) (n int, wall int64, errno syscall.Errno) {
	b := d.arena.raw(k.slot)
	if k.watched && d.stamps.every != 0 && d.counters.Receives%d.stamps.every == 0 {
		return d.stamps.receive(int(k.fd), b)
	}
	n, errno = receiveNow(int(k.fd), b)
	return n, 0, errno
}

func (d *Direct) dropReceive(k *socket) {
	if k.slot != 0 {
		d.arena.own.fill(k.slot)
		d.arena.Put(k.slot)
		k.slot = 0
	}
}

// Detach ends s. What was not handed over comes back as Sent with ECANCELED, then Closed follows.
func (d *Direct) Detach(s Sock, abort bool) {
	k := d.find(s)
	if k.phase == closing {
		k.abort = k.abort || abort
		return
	}
	k.phase, k.abort, k.receiving = closing, abort, false
	d.dropReceive(k)
	k.queue.fail(unix.ECANCELED)
	if !k.busy {
		k.busy = true
		d.busy++
	}
}

// end closes the socket at i, whose queue is empty, and returns its last word.
func (d *Direct) end(i uint16) Completion {
	k := &d.sockets[i]
	c := Completion{Kind: Closed, Session: k.session, Sock: d.sock(i), Errno: closeSocket(int(k.fd), k.abort)}
	d.busy--
	d.leave(i)
	return c
}

// Close ends every socket. Slots that were still queued go back to the arena.
func (d *Direct) Close() error {
	var out [16]Completion
	for len(d.active) > 0 {
		for _, i := range d.active {
			d.Detach(d.sock(i), false)
		}
		for _, c := range out[:d.Reap(out[:])] {
			d.arena.Put(c.Slot)
		}
	}
	return nil
}

// sendNow is one sendto that neither blocks nor raises SIGPIPE. b is arena memory, which never moves.
func sendNow(fd int, b []byte) (int, syscall.Errno) {
	// SAFETY: b lies in the arena's mapping, which outlives the call; the kernel only reads it (rule: RawSyscall takes uintptr(unsafe.Pointer) in its argument list).
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))),
		uintptr(len(b)), unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// receiveNow is one recvfrom that does not block.
func receiveNow(fd int, b []byte) (int, syscall.Errno) {
	// SAFETY: as in sendNow; the kernel writes at most len(b) bytes before it returns.
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))),
		uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// disconnect ends the connection of fd at once, whoever else still refers to the socket.
func disconnect(fd int, abort bool) {
	if !abort {
		_ = unix.Shutdown(fd, unix.SHUT_RDWR) // ENOTCONN: the peer was faster
		return
	}
	var unspec [16]byte // AF_UNSPEC is 0
	// SAFETY: unspec lives on this stack frame; the kernel reads 16 bytes of it before the call returns.
	// For TCP a connect to it is a disconnect: RST, and the send queue is purged (tcp_disconnect).
	_, _, _ = unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&unspec)), uintptr(len(unspec)))
}

// closeSocket closes fd; abort sends RST and purges what the kernel still had queued.
func closeSocket(fd int, abort bool) syscall.Errno {
	if abort {
		linger := unix.Linger{Onoff: 1, Linger: 0}
		if err := unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &linger); err != nil {
			// Without the reset a late order could still leave the kernel. Shutting down both sides is the next best.
			_ = unix.Shutdown(fd, unix.SHUT_RDWR)
		}
	}
	_, _, errno := unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	return errno
}
