package netpoll

import (
	"math/rand/v2"
	"syscall"

	"golang.org/x/sys/unix"
)

// Fake is a Port without a kernel, turned by hand: tests feed what is received, read what was sent, and
// script short sends, refusals, failures and delays. The same seed gives the same behaviour.
//
// It keeps the contract of Port to the letter, arena ownership included. One thread, as any Port.
type Fake struct {
	table
	arena    *Arena
	clock    Clock
	random   *rand.Rand
	ends     []*fakeEnd // by socket index; the lives before the last are in past
	past     map[Sock]*fakeEnd
	dirty    []uint16
	chaos    Chaos
	counters Counters
}

// Chaos is how unfriendly a Fake is. Each is a chance in 0..1 at each opportunity; the zero value is a friendly kernel.
type Chaos struct {
	Short     float64 // a send takes only a part
	Again     float64 // a send is refused for now
	Late      float64 // a finished send is not told in this Reap
	Starved   float64 // bytes that are there are not received in this Reap
	Cut       float64 // a receive returns only a part of what is there
	Reordered float64 // a Reap goes through the sockets in another order
}

// fakeEnd is the other end of one socket.
type fakeEnd struct {
	wire      []byte // all bytes that the port handed over
	calls     int    // how many times it handed over something
	inbound   []byte
	ended     bool          // after inbound comes the end of the stream, or broken
	broken    syscall.Errno // what ends the stream, where it is no proper end
	window    int           // how many bytes it still takes; negative: all
	most      int           // how many bytes it takes at once; 0: all
	fatal     syscall.Errno // what the next send fails with
	heldReaps int           // for how many Reaps finished sends stay untold
	aborted   bool
	closed    bool
}

// fakeWireBytes is how much each end records without allocating, so that a test can count allocations.
const fakeWireBytes = 1 << 20

// NewFake makes a fake port on arena. A nil clock makes all At zero.
//
// Panics: on a config out of range: a test is wrong.
func NewFake(arena *Arena, clock Clock, c PortConfig, seed uint64) *Fake {
	c, err := c.filled()
	if err != nil {
		panic(err.Error())
	}
	return &Fake{
		table:  newTable(c.Sockets, c.QueueSlots),
		arena:  arena,
		clock:  clock,
		random: rand.New(rand.NewPCG(seed, 0)),
		ends:   make([]*fakeEnd, c.Sockets),
		past:   make(map[Sock]*fakeEnd),
		dirty:  make([]uint16, 0, c.Sockets),
	}
}

// Backend is "fake".
func (f *Fake) Backend() string { return "fake" }

// Arena is where the port's slots come from.
func (f *Fake) Arena() *Arena { return f.arena }

// Counters tell what the port met.
func (f *Fake) Counters() Counters { return f.counters }

// Attach takes any number that is not negative for a socket, and closes nothing.
func (f *Fake) Attach(fd int, session uint16) (Sock, error) {
	s, _, err := f.enter(fd, session)
	if err != nil {
		return s, err
	}
	e := &fakeEnd{wire: make([]byte, 0, fakeWireBytes), window: -1}
	f.ends[s.Index] = e
	f.past[s] = e
	return s, nil
}

// Disturb sets how unfriendly the fake is from now on.
func (f *Fake) Disturb(c Chaos) { f.chaos = c }

// Feed lets b arrive on s, behind what was fed before.
func (f *Fake) Feed(s Sock, b []byte) { e := f.end(s); e.inbound = append(e.inbound, b...) }

// End lets the stream of s end, properly with errno 0, behind what was fed before.
func (f *Fake) End(s Sock, errno syscall.Errno) { e := f.end(s); e.ended, e.broken = true, errno }

// Window lets s take n more bytes in all before it refuses with EAGAIN. Negative: any number.
func (f *Fake) Window(s Sock, n int) { f.end(s).window = n }

// Most lets s take at most n bytes at once. 0: any number.
func (f *Fake) Most(s Sock, n int) { f.end(s).most = n }

// FailSends lets the next send on s fail with errno.
func (f *Fake) FailSends(s Sock, errno syscall.Errno) { f.end(s).fatal = errno }

// Hold keeps finished sends of s untold for the next n Reaps.
func (f *Fake) Hold(s Sock, n int) { f.end(s).heldReaps = n }

// Wire is all that was handed over on s, in order, also after its end. It aliases the record.
func (f *Fake) Wire(s Sock) []byte { return f.end(s).wire }

// Calls is how many times bytes of s were handed over.
func (f *Fake) Calls(s Sock) int { return f.end(s).calls }

// Forget empties the record of s.
func (f *Fake) Forget(s Sock) { f.end(s).wire = f.end(s).wire[:0] }

// Ended tells whether s was detached and closed, and whether by an abort.
func (f *Fake) Ended(s Sock) (closed, aborted bool) { e := f.end(s); return e.closed, e.aborted }

// Live lists the attached sockets, oldest place first.
func (f *Fake) Live() []Sock {
	var live []Sock
	for i := range f.sockets {
		if f.sockets[i].phase != vacant {
			live = append(live, f.sock(uint16(i)))
		}
	}
	return live
}

func (f *Fake) end(s Sock) *fakeEnd {
	e, ok := f.past[s]
	if !ok {
		panic("netpoll: fake: socket was never attached")
	}
	return e
}

// Room tells whether one more Send can be queued on s.
func (f *Fake) Room(s Sock) bool {
	k := f.find(s)
	return k.phase == open && !k.queue.full()
}

// Unsent is what of s was not handed over. Units: bytes.
func (f *Fake) Unsent(s Sock) int { return f.find(s).queue.unsent }

// Send queues slot[from:to].
func (f *Fake) Send(s Sock, slot Slot, from, to int) {
	k := f.find(s)
	if k.phase != open {
		panic("netpoll: send on a socket that is being detached")
	}
	f.arena.own.lend(slot)
	k.queue.push(slot, from, to, false)
	if !k.dirty {
		k.dirty = true
		f.dirty = append(f.dirty, s.Index)
	}
}

// Submit hands over what was queued, as far as the script allows.
func (f *Fake) Submit() {
	for _, i := range f.dirty {
		f.sockets[i].dirty = false
		f.flush(i)
	}
	f.dirty = f.dirty[:0]
}

func (f *Fake) chance(p float64) bool { return p > 0 && f.random.Float64() < p }

// flush is what sendto would do, again and again.
func (f *Fake) flush(i uint16) {
	k, e := &f.sockets[i], f.ends[i]
	q := &k.queue
	if k.failed == 0 {
		k.failed = e.fatal
	}
	if k.failed != 0 {
		q.fail(k.failed)
		return
	}
	for q.waiting() {
		entry := q.at(q.next)
		n := int(entry.to - entry.from)
		if e.window >= 0 {
			n = min(n, e.window)
		}
		if n == 0 && entry.from != entry.to || f.chance(f.chaos.Again) {
			f.counters.Again++
			return
		}
		if e.most > 0 {
			n = min(n, e.most)
		}
		if n > 1 && f.chance(f.chaos.Short) {
			n = 1 + f.random.IntN(n-1)
		}
		e.wire = append(e.wire, f.arena.raw(entry.slot)[entry.from:int(entry.from)+n]...)
		e.calls++
		f.counters.SentBytes += uint64(n)
		if e.window >= 0 {
			e.window -= n
		}
		if q.took(n) {
			f.counters.Sends++
		} else {
			f.counters.ShortSends++
		}
	}
}

// Reap returns what has finished, as the script and the chaos allow.
func (f *Fake) Reap(out []Completion) int {
	if f.chance(f.chaos.Reordered) {
		f.random.Shuffle(len(f.active), func(i, j int) {
			f.active[i], f.active[j] = f.active[j], f.active[i]
			f.sockets[f.active[i]].place, f.sockets[f.active[j]].place = uint16(i), uint16(j)
		})
	}
	n := 0
	for place := len(f.active) - 1; place >= 0 && n < len(out); place-- { // backwards: leaving moves the last one
		n += f.reapOne(f.active[place], out[n:])
	}
	return n
}

func (f *Fake) reapOne(i uint16, out []Completion) int {
	k, e := &f.sockets[i], f.ends[i]
	if k.phase == open && k.queue.waiting() {
		f.flush(i)
	}
	n := 0
	if e.heldReaps > 0 {
		e.heldReaps--
	} else if !f.chance(f.chaos.Late) {
		n = reapSent(k, f.sock(i), f.arena, out)
	}
	if n < len(out) && k.receiving && !f.chance(f.chaos.Starved) {
		n += f.receive(i, out[n:])
	}
	if n < len(out) && k.phase == closing && k.queue.empty() {
		out[n] = Completion{Kind: Closed, Session: k.session, Sock: f.sock(i)}
		n++
		e.closed, e.aborted = true, k.abort
		f.leave(i)
	}
	return n
}

func (f *Fake) receive(i uint16, out []Completion) int {
	k, e := &f.sockets[i], f.ends[i]
	c := Completion{Kind: Received, Session: k.session, Sock: f.sock(i)}
	if f.clock != nil {
		c.At = f.clock.Now()
	}
	if len(e.inbound) == 0 {
		if !e.ended {
			return 0
		}
		k.receiving = false
		c.Errno = e.broken
		out[0] = c
		return 1
	}
	slot, ok := f.arena.Take()
	if !ok {
		f.counters.NoSlot++
		return 0
	}
	f.arena.own.lend(slot)
	n := min(len(e.inbound), f.arena.slotBytes)
	if n > 1 && f.chance(f.chaos.Cut) {
		n = 1 + f.random.IntN(n-1)
	}
	copy(f.arena.raw(slot), e.inbound[:n])
	e.inbound = e.inbound[:copy(e.inbound, e.inbound[n:])] // the capacity stays, so that a test can count allocations
	f.arena.own.fill(slot)
	f.counters.Receives++
	f.counters.ReceivedBytes += uint64(n)
	c.Slot, c.To = slot, n
	out[0] = c
	return 1
}

// Detach ends s, as the other ports do.
func (f *Fake) Detach(s Sock, abort bool) {
	k := f.find(s)
	k.abort = k.abort || abort
	if k.phase == closing {
		return
	}
	k.phase, k.receiving = closing, false
	k.queue.fail(unix.ECANCELED)
}

// Close ends every socket.
func (f *Fake) Close() error {
	f.chaos = Chaos{}
	var out [16]Completion
	for len(f.active) > 0 {
		for _, s := range f.Live() {
			f.end(s).heldReaps = 0
			f.Detach(s, false)
		}
		for _, c := range out[:f.Reap(out[:])] {
			f.arena.Put(c.Slot)
		}
	}
	return nil
}
