package netpoll

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Ring is a Port on io_uring: receives are armed once for good (multishot, into arena slots that the
// kernel holds), and an idle Reap makes no system call: it reads two words that the kernel maps for it.
//
// Sends go through the ring, too, or (see NewAuto) by sendto where that is faster.
//
// One thread makes it and uses it, Close included: that thread is locked to its goroutine before NewRing.
type Ring struct {
	table
	arena       *Arena
	clock       Clock
	ring        *ring
	buffers     *bufferRing // nil before 5.19: then each socket receives into a slot of its own
	features    RingFeatures
	name        string
	zeroCopyMin int  // from how many bytes a send is not copied; 0: never
	direct      bool // one record goes by sendto; fanOut or more go by one enter
	fanOut      int
	dirty       []uint16     // sockets with sends that no Submit has tried yet
	busy        int          // sockets with sends to reap or to retry, or closing
	unarmed     []uint16     // sockets that want a receive armed, the one first that was served longest ago
	flying      int          // sends that the kernel holds
	backlog     []Completion // what Submit found while it looked for its sends
	refusals    int          // enters in a row that the kernel refused
	broken      syscall.Errno
	stamps      *stamper
	dated       bool // receives carry the kernel's date: they are RECVMSG, with a head before the bytes
	counters    Counters
}

// ringState is what a ring knows of one socket.
type ringState struct {
	ops       uint16 // operations that the kernel still holds: receive, sends, cancels
	sends     uint16 // of these, sends
	served    uint64 // the port's count of receives when this socket had its last
	armed     bool   // a receive is under way
	unarmed   bool   // a receive is to be armed
	cancelled bool   // what is under way was asked to end
	cut       bool   // the connection was ended under zero-copy sends, so that the kernel lets go of them
	slot      Slot   // what a receive without a buffer ring writes to
}

// The kinds of operation in user_data.
const (
	udReceive = 1 + iota
	udSend
	udCancel
)

// maxChain is how many sends of one socket are linked in one submission.
const maxChain = 8

// maxRefusals is after how many refused enters in a row the ring is given up: the kernel does not recover.
const maxRefusals = 1 << 16

// userData names an operation: kind(8) | generation(24) | slot(16) | socket(16). Never a pointer.
func userData(kind uint8, generation uint32, slot Slot, index uint16) uint64 {
	return uint64(kind)<<56 | uint64(generation)<<32 | uint64(slot)<<16 | uint64(index)
}

// NewRing makes a port whose sends and receives all go through one io_uring. Loop thread only.
//
// Errors: ErrNoRing where io_uring is missing, disabled or forbidden.
func NewRing(arena *Arena, clock Clock, c PortConfig) (Port, error) {
	return newRingPort(arena, clock, c, without{})
}

func newRingPort(arena *Arena, clock Clock, c PortConfig, off without) (*Ring, error) {
	c, err := c.filled()
	if err != nil {
		return nil, err
	}
	for c.ReceiveSlots > 1 && c.ReceiveSlots > arena.slots/2 {
		c.ReceiveSlots /= 2 // at least half of the arena is left to send from
	}
	if c.SQPoll, err = c.SQPoll.filled(); err != nil {
		return nil, err
	}
	kernel, features, err := setUp(c, c.Sockets, off)
	if err != nil {
		return nil, err
	}
	r := &Ring{
		table:    newTable(c.Sockets, c.QueueSlots),
		arena:    arena,
		clock:    clock,
		ring:     kernel,
		features: features,
		name:     "ring",
		fanOut:   c.FanOutMin,
		stamps:   newStamper(c.ReceiveStampEvery),
		dirty:    make([]uint16, 0, c.Sockets),
		unarmed:  make([]uint16, 0, c.Sockets),
		backlog:  make([]Completion, 0, c.ReceiveSlots+c.Sockets),
	}
	if features.Multishot && !off.bufferRing {
		buffers, errno := openBuffers(kernel, arena, c.ReceiveSlots)
		if errno == 0 {
			r.buffers = buffers
			r.buffers.fill()
		}
	}
	r.dated = c.ReceiveStampEvery > 0 && r.buffers != nil && arena.slotBytes > 2*datedHead
	r.features.BufferRing = r.buffers != nil
	r.features.Multishot = r.buffers != nil
	if c.ZeroCopyMin > 0 && features.SendZC {
		r.zeroCopyMin = c.ZeroCopyMin
		r.features.FixedBuffers = kernel.registerArena(arena)
	}
	r.features.NAPI = c.NAPIMicros > 0 && kernel.registerNAPI(c.NAPIMicros)
	if features.SQPoll {
		r.name = "ring+sqpoll"
	}
	return r, nil
}

// Backend is "ring" or "auto".
func (r *Ring) Backend() string { return r.name }

// Arena is where the port's slots come from.
func (r *Ring) Arena() *Arena { return r.arena }

// Features tell what of io_uring is in use.
func (r *Ring) Features() RingFeatures { return r.features }

// Counters tell what the port met.
func (r *Ring) Counters() Counters {
	c := r.counters
	c.Enters = r.ring.enters
	return c
}

// Attach takes over fd and arms its receive.
func (r *Ring) Attach(fd int, session uint16) (Sock, error) {
	s, _, err := r.enter(fd, session)
	if err != nil {
		return s, err
	}
	if r.features.FixedFiles {
		if errno := r.ring.setFile(int(s.Index), fd); errno != 0 {
			r.leave(s.Index)
			return Sock{}, &OpError{Op: "register socket", Errno: errno}
		}
	}
	r.wantReceive(s.Index)
	r.arm()
	r.call(enterGetEvents)
	return s, nil
}

// Room tells whether one more Send can be queued on s.
func (r *Ring) Room(s Sock) bool {
	k := r.find(s)
	return k.phase == open && !k.queue.full()
}

// Send queues slot[from:to]; Submit makes the system call.
func (r *Ring) Send(s Sock, slot Slot, from, to int) {
	k := r.find(s)
	if k.phase != open {
		panic("netpoll: send on a socket that is being detached")
	}
	r.arena.own.lend(slot)
	k.queue.push(slot, from, to, k.stampNext)
	k.stampNext = false
	r.attend(k)
	if !k.dirty {
		k.dirty = true
		r.dirty = append(r.dirty, s.Index)
	}
}

// SendStamped is Send, dated. A dated send goes by sendmsg, not through the ring. See Stamper.
func (r *Ring) SendStamped(s Sock, slot Slot, from, to int) uint32 {
	k := r.find(s)
	k.stampNext = k.watched
	r.Send(s, slot, from, to)
	return k.queue.pushed - 1
}

// Watch lets the kernel date what goes through s. See Stamper.
func (r *Ring) Watch(s Sock) error { return r.watch(s, r.stamps) }

// Stamps returns the dates that have arrived. See Stamper.
func (r *Ring) Stamps(out []Stamp) int { return r.stamps.collect(&r.table, r.clock, out) }

// attend makes Reap look after k.
func (r *Ring) attend(k *socket) {
	if !k.busy {
		k.busy = true
		r.busy++
	}
}

// Submit hands over what was queued. A socket's sends are either all direct or all in the ring, until
// they are drained: records must not overtake each other.
func (r *Ring) Submit() {
	direct := r.direct && len(r.dirty) < r.fanOut
	if direct && r.flying == 0 { // the common case, and the one that counts
		for _, i := range r.dirty {
			k := &r.sockets[i]
			k.dirty = false
			flush(k, r.arena, r.stamps, &r.counters)
		}
		r.dirty = r.dirty[:0]
		return
	}
	if r.flying != 0 {
		r.harvest()
	}
	behind := r.pumpDirty(direct)
	if r.ring.waiting() {
		// Sends complete inside the call that submits them. Asking for events would only run other work first.
		r.call(0)
	}
	// A link of a chain runs when the one before it has completed, some only in the next enter.
	for (behind || r.flying != 0 && r.ring.flags()&sqTaskrun != 0) && r.harvest() {
		behind = r.pumpDirty(direct)
		if r.ring.waiting() || r.ring.flags()&sqTaskrun != 0 {
			r.call(enterGetEvents)
		}
	}
	for _, i := range r.dirty {
		r.sockets[i].dirty = false
	}
	r.dirty = r.dirty[:0]
}

// pumpDirty starts what the dirty sockets have to send, and tells whether one of them has more than could be started.
func (r *Ring) pumpDirty(direct bool) (behind bool) {
	for _, i := range r.dirty {
		k := &r.sockets[i]
		switch {
		case k.ring.sends != 0: // its turn comes when those are back
			behind = true
		case direct:
			flush(k, r.arena, r.stamps, &r.counters)
		default:
			r.pump(i)
			behind = behind || k.queue.tail-k.queue.next > uint32(k.ring.sends)
		}
	}
	return behind
}

// harvest takes what the kernel has completed without telling anyone, and reports whether a send was among
// it. What it brings besides waits in the backlog for the next Reap.
func (r *Ring) harvest() bool {
	before := r.flying
	if ready := r.ring.ready(); ready != 0 {
		n := r.drain(ready, r.clock.Now(), r.backlog[len(r.backlog):cap(r.backlog)])
		r.backlog = r.backlog[:len(r.backlog)+n]
	}
	return r.flying < before
}

// Reap returns what has finished. While nothing has, it makes no system call.
func (r *Ring) Reap(out []Completion) int {
	if len(r.unarmed) != 0 || r.buffers != nil && r.buffers.held < r.buffers.want {
		r.arm()
	}
	if r.ring.waiting() {
		r.call(enterGetEvents)
	}
	var at int64
	ready := r.ring.ready()
	if ready == 0 && r.ring.flags()&(sqTaskrun|sqOverflow) != 0 {
		at = r.clock.Now()
		if r.ring.flags()&sqOverflow != 0 {
			r.counters.Overflows++
		}
		r.call(enterGetEvents)
		ready = r.ring.ready()
	}
	n := 0
	if len(r.backlog) != 0 {
		n = copy(out, r.backlog)
		r.backlog = r.backlog[:copy(r.backlog, r.backlog[n:])]
	}
	if ready != 0 && n < len(out) {
		if at == 0 {
			at = r.clock.Now()
		}
		n += r.drain(ready, at, out[n:])
	}
	if r.busy != 0 {
		n += r.reapBusy(out[n:])
	}
	return n
}

// drain handles up to ready completions of the kernel, as far as out has room for what they bring.
func (r *Ring) drain(ready uint32, at int64, out []Completion) int {
	n, used := 0, uint32(0)
	for used < ready && n < len(out) {
		c := *r.ring.peek(used)
		used++
		n += r.handle(c, at, out[n:])
	}
	r.ring.advance(used)
	return n
}

// handle takes one completion of the kernel and writes at most one of ours.
func (r *Ring) handle(c cqe, at int64, out []Completion) int {
	index := uint16(c.userData)
	generation := uint32(c.userData>>32) & maxGeneration
	if int(index) >= len(r.sockets) || r.sockets[index].phase == vacant || r.sockets[index].generation != generation {
		r.drop(c)
		return 0
	}
	switch c.userData >> 56 {
	case udReceive:
		return r.received(index, c, at, out)
	case udSend:
		r.sent(index, c)
	case udCancel:
		r.sockets[index].ring.ops-- // whether it found something is told by what it was for
	default:
		r.drop(c)
	}
	return 0
}

// drop counts a completion of an older generation, and takes back the slot it may bring.
func (r *Ring) drop(c cqe) {
	r.counters.Stale++
	if c.flags&cqeBuffer != 0 && r.buffers != nil {
		s := Slot(c.flags >> cqeBufferShift)
		r.buffers.back(s)
		r.arena.Put(s)
	}
}

// reapBusy looks after the sockets with sends under way or closing.
func (r *Ring) reapBusy(out []Completion) int {
	n := 0
	for i := 0; i < len(r.active); i++ { // the list may shrink under way; what moved up is seen next time
		at := r.active[i]
		k := &r.sockets[at]
		if !k.busy {
			continue
		}
		r.retry(at)
		if r.broken != 0 && n < len(out) && k.phase == open && k.receiving {
			k.receiving = false
			out[n] = Completion{Kind: Received, Session: k.session, Sock: r.sock(at), Errno: r.broken}
			n++
		}
		n += reapSent(k, r.sock(at), r.arena, out[n:])
		switch {
		case !k.queue.empty():
		case k.phase == open:
			k.busy = false
			r.busy--
		case k.ring.ops == 0 && n < len(out):
			out[n] = r.end(at)
			n++
		}
	}
	if r.ring.waiting() {
		r.call(0)
	}
	return n
}

// retry moves on what waits in the queue of socket i, once the kernel holds no send of it.
func (r *Ring) retry(i uint16) {
	k := &r.sockets[i]
	if k.phase == closing {
		if !k.ring.cancelled {
			r.cancel(i)
		}
		r.cut(i)
	}
	if k.ring.sends != 0 || !k.queue.waiting() {
		return
	}
	switch {
	case k.phase == closing:
		k.queue.fail(unix.ECANCELED)
	case k.failed != 0:
		k.queue.fail(k.failed)
	case r.direct:
		flush(k, r.arena, r.stamps, &r.counters)
	default:
		r.pump(i)
	}
}
