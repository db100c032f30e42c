package netpoll_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	goruntime "runtime"
	"slices"
	"syscall"
	"testing"

	"orderwire/netpoll"
)

// backend is one way to make a port; every test of this file runs on each.
type backend struct {
	name string
	make func(*netpoll.Arena, netpoll.Clock, netpoll.PortConfig) (netpoll.Port, error)
}

var backends = []backend{
	{"direct", netpoll.NewDirect},
	{"ring", netpoll.NewRing},
	{"auto", makeAuto},
	{"auto that fans out", makeFanOut},
	{"ring as of 6.0", netpoll.NewRingOf60},
	{"ring as of 5.15", netpoll.NewRingOf515},
	{"ring that copies nothing", makeZeroCopy},
	{"ring with a submitting thread", makeSQPoll},
}

func makeZeroCopy(a *netpoll.Arena, clock netpoll.Clock, c netpoll.PortConfig) (netpoll.Port, error) {
	c.ZeroCopyMin = 1
	return netpoll.NewRing(a, clock, c)
}

// makeSQPoll pins the thread, as the rule wants it: the test's own thread dies with the test.
func makeSQPoll(a *netpoll.Arena, clock netpoll.Clock, c netpoll.PortConfig) (netpoll.Port, error) {
	cpus, err := netpoll.Affinity()
	if err != nil {
		return nil, err
	}
	if len(cpus) < 2 {
		return nil, fmt.Errorf("%w: one CPU cannot hold a loop and a submitting thread", netpoll.ErrNoRing)
	}
	if err := netpoll.Pin(cpus[0]); err != nil {
		return nil, err
	}
	c.SQPoll = netpoll.SQPoll{On: true, CPU: cpus[len(cpus)-1], IdleMillis: 10}
	return netpoll.NewRing(a, clock, c)
}

func makeAuto(a *netpoll.Arena, clock netpoll.Clock, c netpoll.PortConfig) (netpoll.Port, error) {
	p, _, err := netpoll.Auto(a, clock, c)
	return p, err
}

func makeFanOut(a *netpoll.Arena, clock netpoll.Clock, c netpoll.PortConfig) (netpoll.Port, error) {
	c.FanOutMin = 1
	return makeAuto(a, clock, c)
}

// rig is a port under test, with its arena, on a thread of its own.
type rig struct {
	t      testing.TB
	arena  *netpoll.Arena
	port   netpoll.Port
	sent   []netpoll.Completion
	got    map[netpoll.Sock][]byte
	ended  map[netpoll.Sock]bool
	errno  map[netpoll.Sock]syscall.Errno
	closed map[netpoll.Sock]bool
}

// onEach runs test on each backend. The goroutine stays on its thread, as a loop's does.
func onEach(t *testing.T, c netpoll.PortConfig, slots, slotBytes int, test func(*testing.T, *rig)) {
	t.Helper()
	for _, b := range slices.Concat(backends, tagged) {
		t.Run(b.name, func(t *testing.T) {
			goruntime.LockOSThread() // never unlocked: what a backend does to its thread dies with it
			arena := newArena(t, slots, slotBytes)
			port, err := b.make(arena, netpoll.NewMonoClock(), c)
			if errors.Is(err, netpoll.ErrNoRing) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t, arena, port)
			defer r.close()
			test(t, r)
		})
	}
}

func newRig(t testing.TB, arena *netpoll.Arena, port netpoll.Port) *rig {
	return &rig{
		t: t, arena: arena, port: port,
		got: map[netpoll.Sock][]byte{}, ended: map[netpoll.Sock]bool{},
		errno: map[netpoll.Sock]syscall.Errno{}, closed: map[netpoll.Sock]bool{},
	}
}

func (r *rig) close() {
	if err := r.port.Close(); err != nil {
		r.t.Error(err)
	}
	if out := r.arena.Slots() - r.arena.Free(); out != 0 {
		r.t.Errorf("%d slots did not come back", out)
	}
}

func (r *rig) attach(fd int, session uint16) netpoll.Sock {
	r.t.Helper()
	s, err := r.port.Attach(fd, session)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// turn reaps once and sorts what came.
func (r *rig) turn() int {
	var out [8]netpoll.Completion
	n := r.port.Reap(out[:])
	for _, c := range out[:n] {
		if r.closed[c.Sock] {
			r.t.Errorf("completion after Closed: %+v", c)
		}
		switch c.Kind {
		case netpoll.Sent:
			r.sent = append(r.sent, c)
			r.arena.Put(c.Slot)
		case netpoll.Received:
			if r.ended[c.Sock] {
				r.t.Errorf("received after the end: %+v", c)
			}
			if c.Slot == 0 {
				r.ended[c.Sock], r.errno[c.Sock] = true, c.Errno
				continue
			}
			if c.Errno != 0 || c.From >= c.To {
				r.t.Errorf("odd receive: %+v", c)
			}
			r.got[c.Sock] = append(r.got[c.Sock], r.arena.Bytes(c.Slot)[c.From:c.To]...)
			r.arena.Put(c.Slot)
		case netpoll.Closed:
			r.closed[c.Sock] = true
		default:
			r.t.Errorf("unknown completion %+v", c)
		}
	}
	return n
}

// send queues b in one slot, in which it starts at an odd place. It turns until there is room.
func (r *rig) send(s netpoll.Sock, b []byte) {
	r.t.Helper()
	var slot netpoll.Slot
	until(r.t, "a free slot and room to send", func() bool {
		if !r.port.Room(s) {
			r.turn()
			return false
		}
		taken, ok := r.arena.Take()
		if !ok {
			r.turn()
			return false
		}
		slot = taken
		return true
	})
	at := 13
	n := copy(r.arena.Bytes(slot)[at:], b)
	if n != len(b) {
		r.t.Fatalf("%d bytes do not fit a slot", len(b))
	}
	r.port.Send(s, slot, at, at+n)
}

// read fills b from the peer, and turns meanwhile: a port may still have to send it.
func (r *rig) read(peer *net.TCPConn, b []byte) {
	r.t.Helper()
	read := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(peer, b)
		read <- err
	}()
	until(r.t, "the peer to read", func() bool {
		r.turn()
		select {
		case err := <-read:
			if err != nil {
				r.t.Error(err)
			}
			return true
		default:
			return false
		}
	})
}

func (r *rig) detach(s netpoll.Sock, abort bool) {
	r.t.Helper()
	r.port.Detach(s, abort)
	until(r.t, "Closed", func() bool { r.turn(); return r.closed[s] })
}

func TestPortSendsInOrder(t *testing.T) {
	onEach(t, netpoll.PortConfig{}, 128, 512, func(t *testing.T, r *rig) {
		fd, peer := pair(t, netpoll.SocketOptions{})
		s := r.attach(fd, 9)
		want := pattern(0, 300*40)
		for i := range 40 {
			r.send(s, want[i*300:(i+1)*300])
			if i%3 == 0 {
				r.port.Submit()
			}
		}
		r.port.Submit()
		if n := r.port.Unsent(s); n != 0 && r.port.Backend() != "ring+sqpoll" { // there a thread has it in its own time
			t.Errorf("unsent %d after Submit", n)
		}
		got := make([]byte, len(want))
		r.read(peer, got)
		if !bytes.Equal(got, want) {
			t.Error("the peer read other bytes than were sent")
		}
		until(t, "40 Sent completions", func() bool { r.turn(); return len(r.sent) == 40 })
		for _, c := range r.sent {
			if c.Session != 9 || c.Sock != s || c.Errno != 0 || c.From != c.To {
				t.Errorf("bad completion %+v", c)
			}
		}
		if n := r.port.Unsent(s); n != 0 {
			t.Errorf("unsent %d", n)
		}
		r.detach(s, false)
		if n, err := peer.Read(got); err != io.EOF {
			t.Errorf("peer read %d, %v after the detach, want EOF", n, err)
		}
	})
}

func TestPortReceives(t *testing.T) {
	onEach(t, netpoll.PortConfig{}, 256, 256, func(t *testing.T, r *rig) {
		fd, peer := pair(t, netpoll.SocketOptions{})
		s := r.attach(fd, 1)
		want := pattern(5, 100_000)
		go func() {
			for i := 0; i < len(want); {
				n := min(len(want)-i, 1+i%1777)
				if _, err := peer.Write(want[i : i+n]); err != nil {
					return
				}
				i += n
			}
			_ = peer.CloseWrite()
		}()
		until(t, "the end of the stream", func() bool { r.turn(); return r.ended[s] })
		if !bytes.Equal(r.got[s], want) {
			t.Errorf("received %d bytes, not those that were sent (%d)", len(r.got[s]), len(want))
		}
		if r.errno[s] != 0 {
			t.Errorf("the stream ended with %v", r.errno[s])
		}
		r.send(s, []byte("still open this way"))
		r.port.Submit()
		b := make([]byte, 19)
		if _, err := io.ReadFull(peer, b); err != nil || string(b) != "still open this way" {
			t.Errorf("peer read %q, %v", b, err)
		}
	})
}

// TestPortStorm fills a tiny send buffer again and again in both directions at once: short writes and
// EAGAIN at every turn, and not one byte lost, repeated or out of order.
func TestPortStorm(t *testing.T) {
	onEach(t, netpoll.PortConfig{QueueSlots: 4}, 64, 65536, func(t *testing.T, r *rig) {
		fd, peer := pair(t, netpoll.SocketOptions{SendBufferBytes: 4608})
		s := r.attach(fd, 1)
		const total = 2 << 20
		want := pattern(0, total)
		result := make(chan []byte, 1)
		go func() {
			random := rand.New(rand.NewPCG(3, 3))
			got := make([]byte, 0, total)
			buf := make([]byte, 9000)
			for len(got) < total {
				n, err := peer.Read(buf[:1+random.IntN(len(buf))])
				got = append(got, buf[:n]...)
				if err != nil {
					break
				}
			}
			result <- got
		}()
		go func() { _, _ = peer.Write(want[:total/4]) }()
		random := rand.New(rand.NewPCG(1, 2))
		for i := 0; i < total; {
			n := min(total-i, 1+random.IntN(60_000))
			r.send(s, want[i:i+n])
			r.port.Submit()
			i += n
		}
		until(t, "all to be sent and received", func() bool {
			r.turn()
			return r.port.Unsent(s) == 0 && len(r.got[s]) >= total/4
		})
		if got := <-result; !bytes.Equal(got, want) {
			t.Errorf("the peer read %d bytes that differ from the %d sent", len(got), total)
		}
		if !bytes.Equal(r.got[s], want[:total/4]) {
			t.Errorf("received %d bytes, not those that were sent", len(r.got[s]))
		}
		c := r.port.(netpoll.Counted).Counters()
		t.Logf("again %d, short %d, sends %d", c.Again, c.ShortSends, c.Sends)
	})
}

// stuff sends until the kernel takes no more, and returns how many bytes were queued in all.
func (r *rig) stuff(s netpoll.Sock, slotBytes int) int {
	r.t.Helper()
	queued := 0
	until(r.t, "the kernel to refuse", func() bool {
		if !r.port.Room(s) {
			r.turn()
			return !r.port.Room(s) && r.port.Unsent(s) > 0
		}
		r.send(s, pattern(queued, slotBytes))
		queued += slotBytes
		r.port.Submit()
		return false
	})
	return queued
}

func TestPortBackPressure(t *testing.T) {
	onEach(t, netpoll.PortConfig{QueueSlots: 8}, 128, 8192, func(t *testing.T, r *rig) {
		fd, peer := pair(t, netpoll.SocketOptions{SendBufferBytes: 4608})
		s := r.attach(fd, 1)
		queued := r.stuff(s, 8000)
		unsent := r.port.Unsent(s)
		if unsent <= 0 || unsent > 8*8000 {
			t.Errorf("unsent %d of %d queued, want some, and no more than the queue holds", unsent, queued)
		}
		got := make([]byte, queued)
		read := make(chan error, 1)
		go func() {
			_, err := io.ReadFull(peer, got)
			read <- err
		}()
		until(t, "the queue to drain", func() bool { r.turn(); return r.port.Unsent(s) == 0 && r.port.Room(s) })
		if err := <-read; err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, pattern(0, queued/8000*8000)) && !bytes.Equal(got, repeated(queued, 8000)) {
			t.Error("the peer read other bytes than were sent")
		}
	})
}

// repeated is what stuff sends.
func repeated(queued, slotBytes int) []byte {
	var b []byte
	for at := 0; at < queued; at += slotBytes {
		b = append(b, pattern(at, slotBytes)...)
	}
	return b
}

func TestPortDetachCancelsWhatWaits(t *testing.T) {
	for _, abort := range []bool{false, true} {
		name := map[bool]string{false: "gently", true: "by abort"}[abort]
		t.Run(name, func(t *testing.T) {
			onEach(t, netpoll.PortConfig{QueueSlots: 8}, 128, 8192, func(t *testing.T, r *rig) {
				fd, peer := pair(t, netpoll.SocketOptions{SendBufferBytes: 4608})
				s := r.attach(fd, 1)
				queued := r.stuff(s, 8000)
				r.sent = nil
				unsent := r.port.Unsent(s)
				r.detach(s, abort)
				cancelled := 0
				for _, c := range r.sent {
					if c.From != c.To && c.Errno != syscall.ECANCELED {
						t.Errorf("not handed over, but %v: %+v", c.Errno, c)
					}
					cancelled += c.To - c.From
				}
				threaded := r.port.Backend() == "ring+sqpoll" // there what is under way counts as taken
				if !threaded && (cancelled > unsent || unsent-cancelled >= 8000) {
					t.Errorf("cancelled %d bytes, %d were unsent", cancelled, unsent)
				}
				got, err := io.ReadAll(peer)
				if abort {
					if !errors.Is(err, syscall.ECONNRESET) {
						t.Errorf("peer: %v, want a reset", err)
					}
					return
				}
				if err != nil || !bytes.Equal(got, repeated(queued, 8000)[:queued-cancelled]) {
					t.Errorf("peer read %d bytes (%v), want exactly the %d that were handed over", len(got), err, queued-cancelled)
				}
			})
		})
	}
}

func TestPortPeerResets(t *testing.T) {
	onEach(t, netpoll.PortConfig{QueueSlots: 8}, 64, 1024, func(t *testing.T, r *rig) {
		for cut := 0; cut <= 700; cut += 50 {
			fd, peer := pair(t, netpoll.SocketOptions{})
			s := r.attach(fd, uint16(cut))
			r.sent = nil
			sends := 0
			for ; sends < 4; sends++ {
				r.send(s, pattern(sends*200, 200))
			}
			r.port.Submit()
			if _, err := io.ReadFull(peer, make([]byte, cut)); err != nil {
				t.Fatal(err)
			}
			_ = peer.SetLinger(0)
			_ = peer.Close()
			until(t, "the reset", func() bool { r.turn(); return r.ended[s] })
			if r.errno[s] != syscall.ECONNRESET {
				t.Errorf("cut at %d: receive ended with %v", cut, r.errno[s])
			}
			r.send(s, []byte("too late"))
			r.port.Submit()
			sends++
			until(t, "all sends to end", func() bool { r.turn(); return len(r.sent) == sends })
			last := r.sent[len(r.sent)-1]
			if last.Errno != syscall.EPIPE && last.Errno != syscall.ECONNRESET || last.To-last.From != 8 {
				t.Errorf("cut at %d: send after the reset: %+v", cut, last)
			}
			r.detach(s, true)
		}
	})
}

func TestPortGenerations(t *testing.T) {
	onEach(t, netpoll.PortConfig{Sockets: 2}, 64, 512, func(t *testing.T, r *rig) {
		var old netpoll.Sock
		for i := range 20 {
			fd, peer := pair(t, netpoll.SocketOptions{})
			s := r.attach(fd, uint16(i))
			if s == old || s == (netpoll.Sock{}) {
				t.Fatalf("socket %d is %v, the one before was %v", i, s, old)
			}
			if i > 0 {
				mustPanic(t, "not attached", func() { r.port.Room(old) })
				mustPanic(t, "not attached", func() { r.port.Detach(old, false) })
			}
			if _, err := peer.Write([]byte("never read")); err != nil {
				t.Fatal(err)
			}
			r.send(s, []byte("hello"))
			if i%2 == 0 {
				r.port.Submit()
			}
			r.detach(s, i%3 == 0)
			old = s
		}
	})
}

func TestPortIsFull(t *testing.T) {
	onEach(t, netpoll.PortConfig{Sockets: 1}, 64, 512, func(t *testing.T, r *rig) {
		fd, _ := pair(t, netpoll.SocketOptions{})
		r.attach(fd, 1)
		spare, _ := pair(t, netpoll.SocketOptions{})
		if _, err := r.port.Attach(spare, 2); !errors.Is(err, netpoll.ErrFull) {
			t.Errorf("second Attach: %v", err)
		}
		if err := syscall.Close(spare); err != nil {
			t.Errorf("a refused Attach must leave the descriptor alone: %v", err)
		}
		if _, err := r.port.Attach(-1, 2); err == nil {
			t.Error("attached -1")
		}
	})
}

// TestPortStarves takes every slot away: receiving stops, loses nothing, and goes on when slots are back.
func TestPortStarves(t *testing.T) {
	onEach(t, netpoll.PortConfig{ReceiveSlots: 8}, 16, 256, func(t *testing.T, r *rig) {
		fd, peer := pair(t, netpoll.SocketOptions{})
		s := r.attach(fd, 1)
		var held []netpoll.Slot
		hoard := func() {
			for {
				slot, ok := r.arena.Take()
				if !ok {
					return
				}
				held = append(held, slot)
			}
		}
		want := pattern(0, 60_000)
		go func() { _, _ = peer.Write(want) }()
		random := rand.New(rand.NewPCG(9, 9))
		until(t, "all bytes in spite of the hoarder", func() bool {
			if random.IntN(3) == 0 {
				hoard()
			} else {
				for _, slot := range held {
					r.arena.Put(slot)
				}
				held = held[:0]
			}
			r.turn()
			return len(r.got[s]) >= len(want)
		})
		for _, slot := range held {
			r.arena.Put(slot)
		}
		if !bytes.Equal(r.got[s], want) {
			t.Error("received other bytes than were sent")
		}
	})
}

func TestPortIsFair(t *testing.T) {
	onEach(t, netpoll.PortConfig{}, 256, 256, func(t *testing.T, r *rig) {
		const sockets, each = 12, 40_000 // fits the socket buffers: all are full before the first turn
		var socks []netpoll.Sock
		var peers []*net.TCPConn
		for i := range sockets {
			fd, peer := pair(t, netpoll.SocketOptions{})
			socks = append(socks, r.attach(fd, uint16(i)))
			peers = append(peers, peer)
			if _, err := peer.Write(pattern(i, each)); err != nil {
				t.Fatal(err)
			}
		}
		// With eight completions a turn and all sockets full, nobody may be left behind for long.
		until(t, "every socket to be heard", func() bool {
			r.turn()
			least, most := 1<<30, 0
			for _, s := range socks {
				least, most = min(least, len(r.got[s])), max(most, len(r.got[s]))
			}
			if least == 0 && most >= each {
				t.Fatal("one socket was drained while another was not heard at all")
			}
			return least == each
		})
		for i, s := range socks {
			if !bytes.Equal(r.got[s], pattern(i, each)) {
				t.Errorf("socket %d received bytes of another", i)
			}
			_ = peers[i].Close()
		}
	})
}

func TestPortClosesUnderLoad(t *testing.T) {
	onEach(t, netpoll.PortConfig{QueueSlots: 8}, 256, 8192, func(t *testing.T, r *rig) {
		for i := range 4 {
			fd, peer := pair(t, netpoll.SocketOptions{SendBufferBytes: 4608})
			s := r.attach(fd, uint16(i))
			r.stuff(s, 8000)
			if _, err := peer.Write(pattern(0, 1000)); err != nil {
				t.Fatal(err)
			}
		}
	}) // rig.close counts the slots
}

func TestPortAllocatesNothing(t *testing.T) {
	if netpoll.OwnershipChecked {
		t.Skip("owcheck: assertions allocate")
	}
	onEach(t, netpoll.PortConfig{}, 128, 512, func(t *testing.T, r *rig) {
		fd, peer := pair(t, netpoll.SocketOptions{})
		s := r.attach(fd, 1)
		peerFd := rawFd(t, peer)
		var out [8]netpoll.Completion
		buf := make([]byte, 512)
		allocs := testing.AllocsPerRun(200, func() {
			slot, _ := r.arena.Take()
			r.port.Send(s, slot, 0, 300)
			r.port.Submit()
			for got := 0; got < 300; {
				if n, _ := syscall.Read(peerFd, buf); n > 0 {
					got += n
				}
			}
			_, _ = syscall.Write(peerFd, buf[:100])
			for sent, received := false, false; !sent || !received; {
				for _, c := range out[:r.port.Reap(out[:])] {
					sent = sent || c.Kind == netpoll.Sent
					received = received || c.Kind == netpoll.Received
					r.arena.Put(c.Slot)
				}
			}
		})
		if allocs != 0 {
			t.Errorf("%v allocations for a send and a receive", allocs)
		}
	})
}

// rawFd is the descriptor under a Go connection, which stays the Go connection's.
func rawFd(t testing.TB, c *net.TCPConn) int {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	fd := -1
	if err := raw.Control(func(u uintptr) { fd = int(u) }); err != nil {
		t.Fatal(err)
	}
	return fd
}
