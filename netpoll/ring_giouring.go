//go:build giouring

package netpoll

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"unsafe"

	"github.com/pawelgaczynski/giouring"
	"golang.org/x/sys/unix"
)

// Giouring is a Port on the giouring library: the second opinion on our own ring, behind a build tag
// because any import of the library breaks a plain go build on today's Go.
//
// Only those calls of the library are used that were found sound: submission entries are zeroed first
// (stale flags survive in them), addresses come from the arena alone, nothing is cancelled by it. A socket
// that is detached is shut down, which ends what the kernel holds of it.
type Giouring struct {
	table
	arena    *Arena
	clock    Clock
	ring     *giouring.Ring
	pool     *giouring.BufAndRing
	want     int    // slots that are to lie in pool
	held     int    // slots that do
	lent     []bool // by slot
	dirty    []uint16
	unarmed  []uint16
	busy     int
	prepared bool // entries wait for the next Submit
	cqes     []*giouring.CompletionQueueEvent
	backlog  []Completion
	counters Counters
}

// newGiouring makes a Giouring port. Loop thread only.
func newGiouring(arena *Arena, clock Clock, c PortConfig) (Port, error) {
	c, err := c.filled()
	if err != nil {
		return nil, err
	}
	for c.ReceiveSlots > 1 && c.ReceiveSlots > arena.slots/2 {
		c.ReceiveSlots /= 2
	}
	g := &Giouring{
		table: newTable(c.Sockets, c.QueueSlots), arena: arena, clock: clock, ring: giouring.NewRing(),
		want: c.ReceiveSlots, lent: make([]bool, arena.slots+1),
		dirty: make([]uint16, 0, c.Sockets), unarmed: make([]uint16, 0, c.Sockets),
		cqes:    make([]*giouring.CompletionQueueEvent, 64),
		backlog: make([]Completion, 0, 2*int(completionsFor(c, c.Sockets))),
	}
	// The library cannot size the completion queue, so the submission queue is made large enough for both.
	entries := completionsFor(c, c.Sockets) / 2
	if err := g.ring.QueueInit(entries, setupSingleIssuer|setupDeferTaskrun|setupTaskrunFlag); err != nil {
		return nil, noRing(errnoOf(err))
	}
	if g.pool, err = g.ring.SetupBufRing(uint32(c.ReceiveSlots), bufferGroup, 0); err != nil {
		g.ring.QueueExit()
		return nil, noRing(errnoOf(err))
	}
	g.fill()
	return g, nil
}

// Backend is "giouring".
func (g *Giouring) Backend() string { return "giouring" }

// Arena is where the port's slots come from.
func (g *Giouring) Arena() *Arena { return g.arena }

// Counters tell what the port met.
func (g *Giouring) Counters() Counters { return g.counters }

// Path tells about the way to the peer of s. See Prober.
func (g *Giouring) Path(s Sock) (Path, syscall.Errno) { return g.path(s) }

// Attach takes over fd and arms its receive.
func (g *Giouring) Attach(fd int, session uint16) (Sock, error) {
	s, _, err := g.enter(fd, session)
	if err != nil {
		return s, err
	}
	g.wantReceive(s.Index)
	g.arm()
	g.submit()
	return s, nil
}

// Room tells whether one more Send can be queued on s.
func (g *Giouring) Room(s Sock) bool {
	k := g.find(s)
	return k.phase == open && !k.queue.full()
}

// Unsent is what of s the kernel did not take yet. Units: bytes.
func (g *Giouring) Unsent(s Sock) int {
	k := g.find(s)
	g.harvest()
	return k.queue.unsent
}

// Send queues slot[from:to]; Submit makes the system call.
func (g *Giouring) Send(s Sock, slot Slot, from, to int) {
	k := g.find(s)
	if k.phase != open {
		panic("netpoll: send on a socket that is being detached")
	}
	g.arena.own.lend(slot)
	k.queue.push(slot, from, to, false)
	g.attend(k)
	if !k.dirty {
		k.dirty = true
		g.dirty = append(g.dirty, s.Index)
	}
}

func (g *Giouring) attend(k *socket) {
	if !k.busy {
		k.busy = true
		g.busy++
	}
}

// Submit hands over what was queued, one send of a socket after the other.
func (g *Giouring) Submit() {
	for {
		for _, i := range g.dirty {
			g.start(i)
		}
		if !g.prepared {
			break
		}
		g.submit()
		if !g.harvest() {
			break
		}
	}
	for _, i := range g.dirty {
		g.sockets[i].dirty = false
	}
	g.dirty = g.dirty[:0]
}

// entry reserves a zeroed submission, or nil when the queue is full.
func (g *Giouring) entry() *giouring.SubmissionQueueEntry {
	e := g.ring.GetSQE()
	if e != nil {
		*e = giouring.SubmissionQueueEntry{}
		g.prepared = true
	}
	return e
}

// start prepares the next send of socket i, once the kernel holds none of it.
func (g *Giouring) start(i uint16) {
	k := &g.sockets[i]
	if k.ring.sends != 0 || !k.queue.waiting() {
		return
	}
	if k.phase == closing || k.failed != 0 {
		errno := k.failed
		if errno == 0 {
			errno = unix.ECANCELED
		}
		k.queue.fail(errno)
		return
	}
	e := g.entry()
	if e == nil {
		return
	}
	entry := k.queue.at(k.queue.next)
	// SAFETY: the slot is lent to the kernel until this send completes; the arena is off the Go heap and outlives the ring.
	memory := g.arena.raw(entry.slot)[entry.from:entry.to]
	e.PrepareSend(int(k.fd), uintptr(unsafe.Pointer(unsafe.SliceData(memory))), uint32(len(memory)), unix.MSG_NOSIGNAL)
	e.SetData64(userData(udSend, k.generation, entry.slot, i))
	k.ring.sends++
	k.ring.ops++
}

// submit enters the kernel. What it refuses for now stays in the queue.
func (g *Giouring) submit() {
	g.counters.Enters++
	if _, err := g.ring.Submit(); err != nil {
		g.counters.Transient++
		return
	}
	g.prepared = false
}

// wantReceive notes that a receive of socket i is to be armed, the one first that was served longest ago.
func (g *Giouring) wantReceive(i uint16) {
	k := &g.sockets[i]
	if k.ring.unarmed || !k.receiving || k.phase != open {
		return
	}
	k.ring.unarmed = true
	at := len(g.unarmed)
	for at > 0 && g.sockets[g.unarmed[at-1]].ring.served > k.ring.served {
		at--
	}
	g.unarmed = slices.Insert(g.unarmed, at, i)
}

func (g *Giouring) dropReceive(i uint16) {
	if k := &g.sockets[i]; k.ring.unarmed {
		k.ring.unarmed = false
		g.unarmed = slices.DeleteFunc(g.unarmed, func(waiting uint16) bool { return waiting == i })
	}
}

// fill lends free slots to the kernel.
func (g *Giouring) fill() {
	added := 0
	for g.held < g.want {
		s, ok := g.arena.Take()
		if !ok {
			break
		}
		g.arena.own.lend(s)
		// SAFETY: as in start: only the address of arena memory goes to the kernel.
		memory := g.arena.raw(s)
		g.pool.BufRingAdd(uintptr(unsafe.Pointer(unsafe.SliceData(memory))), uint32(len(memory)), uint16(s), g.want-1, added)
		g.lent[s] = true
		g.held++
		added++
	}
	if added > 0 {
		g.pool.BufRingAdvance(added)
	}
}

// arm arms the receives that wait for it.
func (g *Giouring) arm() {
	g.fill()
	if g.held == 0 {
		g.counters.NoSlot++
		return
	}
	armed := 0
	for _, i := range g.unarmed[:min(len(g.unarmed), max(1, g.held/slotsAtOnce))] {
		e := g.entry()
		if e == nil {
			break
		}
		k := &g.sockets[i]
		e.PrepareRecvMultishot(int(k.fd), 0, 0, 0)
		e.Flags |= sqeBufferSelect
		e.BufIG = bufferGroup
		e.SetData64(userData(udReceive, k.generation, 0, i))
		k.ring.unarmed, k.ring.armed = false, true
		k.ring.ops++
		g.counters.Rearms++
		armed++
	}
	if armed > 0 {
		g.unarmed = g.unarmed[:copy(g.unarmed, g.unarmed[armed:])]
	}
}

// Reap returns what has finished. While nothing has, it makes no system call.
func (g *Giouring) Reap(out []Completion) int {
	if len(g.unarmed) != 0 || g.held < g.want {
		g.arm()
	}
	if g.prepared {
		g.submit()
	}
	n := copy(out, g.backlog)
	g.backlog = g.backlog[:copy(g.backlog, g.backlog[n:])]
	n += g.drain(out[n:])
	if g.busy != 0 {
		n += g.reapBusy(out[n:])
	}
	return n
}

// harvest takes what the kernel has completed into the backlog, and tells whether a send was among it.
func (g *Giouring) harvest() bool {
	before := g.counters.RingSends + g.counters.ShortSends
	n := g.drain(g.backlog[len(g.backlog):cap(g.backlog)])
	g.backlog = g.backlog[:len(g.backlog)+n]
	return g.counters.RingSends+g.counters.ShortSends != before
}

// drain handles completions of the kernel, as far as out has room for what they bring.
func (g *Giouring) drain(out []Completion) int {
	n := 0
	for n < len(out) {
		at := int64(0)
		ready := g.ring.PeekBatchCQE(g.cqes[:min(len(g.cqes), len(out)-n)])
		if ready == 0 {
			break
		}
		at = g.clock.Now()
		for _, c := range g.cqes[:ready] {
			n += g.handle(cqe{userData: c.UserData, res: c.Res, flags: c.Flags}, at, out[n:])
		}
		g.ring.CQAdvance(ready)
	}
	return n
}

// handle takes one completion of the kernel and writes at most one of ours.
func (g *Giouring) handle(c cqe, at int64, out []Completion) int {
	index := uint16(c.userData)
	generation := uint32(c.userData>>32) & maxGeneration
	if int(index) >= len(g.sockets) || g.sockets[index].phase == vacant || g.sockets[index].generation != generation {
		g.counters.Stale++
		g.arena.Put(g.back(c))
		return 0
	}
	if c.userData>>56 == udReceive {
		return g.received(index, c, at, out)
	}
	g.sent(index, c)
	return 0
}

// back is the slot that a completion brings, 0 where it brings none.
func (g *Giouring) back(c cqe) Slot {
	if c.flags&cqeBuffer == 0 {
		return 0
	}
	s := Slot(c.flags >> cqeBufferShift)
	if int(s) >= len(g.lent) || !g.lent[s] {
		panic(fmt.Sprintf("netpoll: the kernel returned slot %d, which it does not hold", s))
	}
	g.lent[s] = false
	g.held--
	g.arena.own.fill(s)
	return s
}

func (g *Giouring) received(i uint16, c cqe, at int64, out []Completion) int {
	k := &g.sockets[i]
	if c.flags&cqeMore == 0 {
		k.ring.armed = false
		k.ring.ops--
		g.wantReceive(i)
	}
	slot := g.back(c)
	if c.res > 0 && k.phase == open {
		g.counters.Receives++
		g.counters.ReceivedBytes += uint64(c.res)
		k.ring.served = g.counters.Receives
		out[0] = Completion{Kind: Received, Session: k.session, Sock: g.sock(i), Slot: slot, To: int(c.res), At: at}
		return 1
	}
	g.arena.Put(slot)
	if k.phase != open || !k.receiving {
		return 0
	}
	errno := syscall.Errno(-c.res)
	switch errno {
	case unix.ENOBUFS:
		g.counters.NoSlot++
		return 0
	case unix.EAGAIN, unix.EINTR, unix.ENOMEM, unix.ECANCELED:
		g.counters.Interrupted++
		return 0
	case 0:
		errno = k.failed // the kernel tells an error once, and a send was told first
	}
	k.receiving = false
	g.dropReceive(i)
	out[0] = Completion{Kind: Received, Session: k.session, Sock: g.sock(i), Errno: errno, At: at}
	return 1
}

func (g *Giouring) sent(i uint16, c cqe) {
	k := &g.sockets[i]
	k.ring.sends--
	k.ring.ops--
	g.attend(k)
	switch errno := syscall.Errno(-c.res); {
	case c.res >= 0:
		g.counters.SentBytes += uint64(c.res)
		if k.queue.took(int(c.res)) {
			g.counters.Sends++
			g.counters.RingSends++
		} else {
			g.counters.ShortSends++
		}
	case errno == unix.EAGAIN || errno == unix.EINTR || errno == unix.ENOBUFS || errno == unix.ENOMEM:
		g.counters.Again++
	case k.phase == open:
		k.failed = errno
	}
}

// reapBusy looks after the sockets with sends under way or closing.
func (g *Giouring) reapBusy(out []Completion) int {
	n := 0
	for i := 0; i < len(g.active); i++ {
		at := g.active[i]
		k := &g.sockets[at]
		if !k.busy {
			continue
		}
		g.start(at)
		n += reapSent(k, g.sock(at), g.arena, out[n:])
		switch {
		case !k.queue.empty():
		case k.phase == open:
			k.busy = false
			g.busy--
		case k.ring.ops == 0 && n < len(out):
			out[n] = g.end(at)
			n++
		}
	}
	if g.prepared {
		g.submit()
	}
	return n
}

// Detach ends s: its connection is shut down, so that the kernel lets go of every slot, and Closed follows.
func (g *Giouring) Detach(s Sock, abort bool) {
	k := g.find(s)
	k.abort = k.abort || abort
	if k.phase == closing {
		return
	}
	g.harvest() // what was handed over before the end is told as that
	k.phase, k.receiving = closing, false
	g.dropReceive(s.Index)
	g.attend(k)
	disconnect(int(k.fd), k.abort)
	g.start(s.Index)
}

// end closes the socket at i, of which the kernel holds nothing.
func (g *Giouring) end(i uint16) Completion {
	k := &g.sockets[i]
	c := Completion{Kind: Closed, Session: k.session, Sock: g.sock(i), Errno: closeSocket(int(k.fd), k.abort)}
	if k.dirty {
		g.dirty = slices.DeleteFunc(g.dirty, func(dirty uint16) bool { return dirty == i })
	}
	g.busy--
	g.leave(i)
	return c
}

// Close ends every socket, waits until the kernel holds no slot, and frees the ring.
func (g *Giouring) Close() error {
	var out [16]Completion
	for idle := 0; len(g.active) > 0; idle++ {
		if idle > 1<<24 {
			return fmt.Errorf("netpoll: close giouring: the kernel keeps %d sockets busy", len(g.active))
		}
		for _, i := range g.active {
			g.Detach(g.sock(i), false)
		}
		for _, c := range out[:g.Reap(out[:])] {
			g.arena.Put(c.Slot)
			idle = 0
		}
	}
	failure := g.ring.FreeBufRing(bufferGroup)
	for s, lent := range g.lent {
		if lent {
			g.arena.own.fill(Slot(s))
			g.arena.Put(Slot(s))
		}
	}
	// SAFETY: the library mapped so much for the pool, forgets about it, and the kernel has just let go of it.
	failure = errors.Join(failure, unix.MunmapPtr(unsafe.Pointer(g.pool), uintptr(g.want)*unsafe.Sizeof(giouring.BufAndRing{})))
	g.ring.QueueExit()
	if failure != nil {
		return fmt.Errorf("netpoll: close giouring: %w", failure)
	}
	return nil
}
