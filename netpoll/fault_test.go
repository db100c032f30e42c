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
	"sync"
	"syscall"
	"testing"

	"orderwire/netpoll"
)

// ringRig is a rig on a ring with a chosen completion queue; 0 is the usual size.
func ringRig(t *testing.T, c netpoll.PortConfig, slots, slotBytes int, completions uint32) *rig {
	t.Helper()
	goruntime.LockOSThread() // never unlocked: the ring is bound to the thread
	arena := newArena(t, slots, slotBytes)
	port, err := netpoll.NewRingOf(arena, netpoll.NewMonoClock(), c, completions)
	if errors.Is(err, netpoll.ErrNoRing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return newRig(t, arena, port)
}

// TestRingOverflows makes a completion queue of eight places, and lets forty receives arrive in one turn.
func TestRingOverflows(t *testing.T) {
	r := ringRig(t, netpoll.PortConfig{Entries: 8, ReceiveSlots: 64}, 256, 256, 8)
	defer r.close()
	var socks []netpoll.Sock
	for i := range 5 {
		fd, peer := pair(t, netpoll.SocketOptions{})
		socks = append(socks, r.attach(fd, uint16(i)))
		if _, err := peer.Write(pattern(i, 8*256)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "all bytes in spite of the overflow", func() bool {
		r.turn()
		return !slices.ContainsFunc(socks, func(s netpoll.Sock) bool { return len(r.got[s]) < 8*256 })
	})
	for i, s := range socks {
		if !bytes.Equal(r.got[s], pattern(i, 8*256)) {
			t.Errorf("socket %d received other bytes than were sent", i)
		}
	}
	t.Logf("%+v", r.port.(netpoll.Counted).Counters())
}

func TestRingDropsTheDead(t *testing.T) {
	r := ringRig(t, netpoll.PortConfig{}, 64, 256, 0)
	defer r.close()
	fd, _ := pair(t, netpoll.SocketOptions{})
	old := r.attach(fd, 1)
	r.detach(old, false)
	fd, _ = pair(t, netpoll.SocketOptions{})
	s := r.attach(fd, 2)
	if s.Index != old.Index || s.Generation == old.Generation {
		t.Fatalf("%v then %v: the test wants the same place again", old, s)
	}
	stale := func() uint64 { return r.port.(netpoll.Counted).Counters().Stale }
	for i, data := range []uint64{
		netpoll.UserData(netpoll.UdSend, old.Generation, 3, old.Index),
		netpoll.UserData(netpoll.UdReceive, old.Generation, 0, old.Index),
		netpoll.UserData(netpoll.UdCancel, old.Generation, 0, old.Index),
		netpoll.UserData(netpoll.UdSend, s.Generation, 3, 999),
		netpoll.UserData(0x77, s.Generation, 0, s.Index),
		0, ^uint64(0),
	} {
		if n := netpoll.Inject(r.port, data, 100, 0); n != 0 || stale() != uint64(i+1) {
			t.Errorf("completion %#x brought %d, stale %d", data, n, stale())
		}
	}
	r.send(s, []byte("alive"))
	r.port.Submit()
	until(t, "the new socket's send", func() bool { r.turn(); return len(r.sent) == 1 })
}

// FuzzUserData lets completions of any name arrive: whatever is not of a living socket is counted and dropped.
func FuzzUserData(f *testing.F) {
	f.Add(uint64(0), int32(0))
	f.Add(^uint64(0), int32(-105))
	f.Add(netpoll.UserData(netpoll.UdSend, 1, 1, 0), int32(300))
	f.Fuzz(func(t *testing.T, data uint64, res int32) {
		r := ringRig(t, netpoll.PortConfig{Sockets: 1, Entries: 8, ReceiveSlots: 1, QueueSlots: 1}, 4, 64, 0)
		defer r.close()
		if n := netpoll.Inject(r.port, data, res, 0); n != 0 {
			t.Errorf("a completion of nobody brought %d", n)
		}
		if got := r.port.(netpoll.Counted).Counters().Stale; got != 1 {
			t.Errorf("stale %d", got)
		}
	})
}

// TestRingIsRefusedForAWhile lets the kernel refuse every enter: nothing is lost, nothing goes twice.
func TestRingIsRefusedForAWhile(t *testing.T) {
	r := ringRig(t, netpoll.PortConfig{}, 64, 512, 0)
	defer r.close()
	fd, peer := pair(t, netpoll.SocketOptions{})
	s := r.attach(fd, 1)
	mend := netpoll.BreakRing(r.port)
	want := pattern(0, 300*5)
	for i := range 5 {
		r.send(s, want[i*300:(i+1)*300])
		r.port.Submit()
		r.turn()
	}
	if n := r.port.Unsent(s); n != len(want) || len(r.sent) != 0 {
		t.Errorf("refused, and yet %d of %d are unsent, %d told as sent", n, len(want), len(r.sent))
	}
	if c := r.port.(netpoll.Counted).Counters(); c.Transient == 0 {
		t.Errorf("the refusals were not counted: %+v", c)
	}
	mend(false)
	got := make([]byte, len(want))
	r.read(peer, got)
	if !bytes.Equal(got, want) {
		t.Error("the peer read other bytes than were sent")
	}
	until(t, "five sends", func() bool { r.turn(); return len(r.sent) == 5 })
}

// TestRingRetriesShortMemory answers a send with each error that passes by itself.
func TestRingRetriesShortMemory(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOBUFS, syscall.ENOMEM, syscall.EAGAIN, syscall.EINTR, syscall.ECANCELED} {
		t.Run(errno.Error(), func(t *testing.T) {
			r := ringRig(t, netpoll.PortConfig{}, 64, 512, 0)
			defer r.close()
			fd, peer := pair(t, netpoll.SocketOptions{})
			s := r.attach(fd, 1)
			mend := netpoll.BreakRing(r.port)
			slot, _ := r.arena.Take()
			copy(r.arena.Bytes(slot), pattern(0, 300))
			r.port.Send(s, slot, 0, 300)
			r.port.Submit()
			mend(true) // the kernel took the send, and answers:
			netpoll.Inject(r.port, netpoll.UserData(netpoll.UdSend, s.Generation, slot, s.Index), -int32(errno), 0)
			got := make([]byte, 300)
			r.read(peer, got)
			if !bytes.Equal(got, pattern(0, 300)) {
				t.Error("the peer read other bytes than were sent")
			}
			until(t, "the send", func() bool { r.turn(); return len(r.sent) == 1 })
			if r.sent[0].Errno != 0 {
				t.Errorf("ended with %v", r.sent[0].Errno)
			}
		})
	}
}

// TestRingIsGivenUp lets the kernel refuse for good: every socket hears of it, instead of a silent spin.
func TestRingIsGivenUp(t *testing.T) {
	r := ringRig(t, netpoll.PortConfig{}, 64, 512, 0)
	defer r.close()
	fd, _ := pair(t, netpoll.SocketOptions{})
	s := r.attach(fd, 1)
	mend := netpoll.BreakRing(r.port)
	r.send(s, []byte("never"))
	r.port.Submit()
	for range netpoll.MaxRefusals + 2 {
		r.turn()
	}
	if !r.ended[s] || r.errno[s] != syscall.EBADF {
		t.Errorf("ended %v with %v", r.ended[s], r.errno[s])
	}
	mend(false)
}

// TestThreadsAreKeptApart uses a ring from a second thread: the kernel refuses, and the port says why.
func TestThreadsAreKeptApart(t *testing.T) {
	r := ringRig(t, netpoll.PortConfig{}, 64, 512, 0)
	defer r.close()
	if ring := r.port.(*netpoll.Ring); !ring.Features().SingleIssuer {
		t.Skip("this kernel lets any thread submit")
	}
	fd, _ := pair(t, netpoll.SocketOptions{})
	s := r.attach(fd, 1)
	slot, _ := r.arena.Take()
	done := make(chan string)
	go func() {
		goruntime.LockOSThread()
		defer func() { done <- fmt.Sprint(recover()) }()
		r.port.Send(s, slot, 0, 5)
		r.port.Submit()
	}()
	if said := <-done; said != netpoll.ErrWrongThread.Error() {
		t.Errorf("panic %q", said)
	}
}

// TestCreateAndClose makes and closes ports with a living socket each. TestMain counts what is left.
func TestCreateAndClose(t *testing.T) {
	goruntime.LockOSThread()
	const cycles = 10_000
	arena := newArena(t, 16, 256)
	clock := netpoll.NewMonoClock()
	before := openFiles()
	for i := range cycles {
		port, err := netpoll.NewRing(arena, clock, netpoll.PortConfig{Sockets: 2, Entries: 8, QueueSlots: 2, ReceiveSlots: 4})
		if errors.Is(err, netpoll.ErrNoRing) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatalf("cycle %d: %v", i, err)
		}
		if i%100 == 0 { // a socket costs more than all the rest
			fd, _ := pair(t, netpoll.SocketOptions{})
			s, err := port.Attach(fd, 1)
			if err != nil {
				t.Fatal(err)
			}
			slot, _ := arena.Take()
			port.Send(s, slot, 0, 100)
			if i%200 == 0 {
				port.Submit()
			}
		}
		if err := port.Close(); err != nil {
			t.Fatalf("cycle %d: %v", i, err)
		}
		if arena.Free() != arena.Slots() {
			t.Fatalf("cycle %d kept %d slots", i, arena.Slots()-arena.Free())
		}
	}
	if after := openFiles(); after > before+cycles/100 { // the peers are closed at the end of the test
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

// TestPortSoak lets several sockets live through random sends, peers that read in pieces, close and reset, and
// detaches at any moment. What a peer has read is always the beginning of what was sent.
func TestPortSoak(t *testing.T) {
	onEach(t, netpoll.PortConfig{Sockets: 6, QueueSlots: 8, ReceiveSlots: 16}, 96, 4096, func(t *testing.T, r *rig) {
		random := rand.New(rand.NewPCG(11, 5))
		var readers sync.WaitGroup
		defer readers.Wait()
		lives := map[netpoll.Sock]*life{}
		for born, steps := 0, 0; steps < 4000; steps++ {
			if len(lives) < 6 && (random.IntN(20) == 0 || len(lives) == 0) {
				fd, peer := pair(t, netpoll.SocketOptions{SendBufferBytes: 8192})
				born++
				lives[r.attach(fd, uint16(born))] = newLife(peer, random.Uint64(), &readers)
			}
			for s, l := range lives {
				switch {
				case r.closed[s]:
					l.judge(t, s, r)
					delete(lives, s)
				case l.leaving || !r.port.Room(s) || r.arena.Free() < 20:
				case r.ended[s] || random.IntN(300) == 0:
					l.leaving = true
					r.port.Detach(s, random.IntN(2) == 0)
				case random.IntN(2) == 0:
					n := 1 + random.IntN(4000)
					r.send(s, pattern(l.queued, n))
					l.sizes = append(l.sizes, n)
					l.queued += n
				}
				break // one step at a time, on whichever socket the map gives
			}
			r.port.Submit()
			r.turn()
		}
		for s := range lives {
			if !lives[s].leaving {
				r.port.Detach(s, true)
			}
		}
		until(t, "the last sockets to close", func() bool {
			r.turn()
			for s, l := range lives {
				if r.closed[s] {
					l.judge(t, s, r)
					delete(lives, s)
				}
			}
			return len(lives) == 0
		})
	})
}

// life is one socket of the soak, with its peer.
type life struct {
	queued  int
	sizes   []int
	leaving bool
	mu      sync.Mutex
	read    []byte
	done    chan struct{}
}

// newLife lets a peer read, and now and then write, close or reset.
func newLife(peer *net.TCPConn, seed uint64, readers *sync.WaitGroup) *life {
	l := &life{done: make(chan struct{})}
	readers.Go(func() {
		defer close(l.done)
		random := rand.New(rand.NewPCG(seed, 1))
		buf := make([]byte, 5000)
		for {
			n, err := peer.Read(buf[:1+random.IntN(len(buf))])
			l.mu.Lock()
			l.read = append(l.read, buf[:n]...)
			l.mu.Unlock()
			if err != nil {
				break
			}
			switch random.IntN(60) {
			case 0:
				_ = peer.SetLinger(0)
				_ = peer.Close()
				return
			case 1:
				_ = peer.CloseWrite()
			case 2, 3, 4:
				_, _ = peer.Write(buf[:random.IntN(2000)])
			}
		}
		_ = peer.Close()
	})
	return l
}

// judge compares what the peer has read with what was sent to it.
func (l *life) judge(t *testing.T, s netpoll.Sock, r *rig) {
	t.Helper()
	<-l.done
	var sent []byte
	for at, i := 0, 0; i < len(l.sizes); i++ {
		sent = append(sent, pattern(at, l.sizes[i])...)
		at += l.sizes[i]
	}
	if !bytes.HasPrefix(sent, l.read) {
		t.Errorf("the peer of %v read %d bytes that are not the beginning of what was sent", s, len(l.read))
	}
	completions, handed := 0, 0
	for _, c := range r.sent {
		if c.Sock == s {
			handed += l.sizes[completions] - (c.To - c.From)
			completions++
		}
	}
	if completions != len(l.sizes) {
		t.Errorf("%v: %d sends, %d completions", s, len(l.sizes), completions)
	}
	if len(l.read) > handed {
		t.Errorf("%v: the peer read %d bytes, but only %d were told as handed over", s, len(l.read), handed)
	}
}

// TestMillionSends sends a million records of random size through a hostile fake kernel.
func TestMillionSends(t *testing.T) {
	arena := newArena(t, 64, 64)
	fake := netpoll.NewFake(arena, nil, netpoll.PortConfig{QueueSlots: 16}, 42)
	r := newRig(t, arena, fake)
	defer r.close()
	fake.Disturb(netpoll.Chaos{Short: 0.2, Again: 0.2, Late: 0.2, Reordered: 0.2})
	socks := []netpoll.Sock{r.attach(1, 1), r.attach(2, 2), r.attach(3, 3)}
	random := rand.New(rand.NewPCG(42, 42))
	at := map[netpoll.Sock]int{}
	total := 1_000_000
	if testing.Short() {
		total = 50_000
	}
	for sent := 0; sent < total; {
		s := socks[random.IntN(len(socks))]
		if !fake.Room(s) || arena.Free() == 0 {
			r.turn()
			r.sent = r.sent[:0]
			continue
		}
		n := 1 + random.IntN(32)
		slot, _ := arena.Take()
		b := arena.Bytes(slot)
		for i := range n {
			b[i] = byte(at[s] + i)
		}
		at[s] += n
		fake.Send(s, slot, 0, n)
		sent++
		if random.IntN(3) == 0 {
			fake.Submit()
		}
		if wire := fake.Wire(s); len(wire) > 1<<16 {
			first := wire[0]
			for i, got := range wire {
				if got != first+byte(i) {
					t.Fatalf("byte %d of socket %v is %d, want %d", i, s, got, first+byte(i))
				}
			}
			fake.Forget(s)
		}
	}
	until(t, "the last sends", func() bool {
		r.turn()
		return fake.Unsent(socks[0])+fake.Unsent(socks[1])+fake.Unsent(socks[2]) == 0
	})
}

// TestTwoLoops runs two ports on two threads, each with its own arena and connection.
func TestTwoLoops(t *testing.T) {
	var loops sync.WaitGroup
	for loop := range 2 {
		fd, peer := pair(t, netpoll.SocketOptions{})
		go func() { _, _ = io.Copy(peer, peer) }()
		arena := newArena(t, 64, 512)
		loops.Go(func() {
			goruntime.LockOSThread()
			port, _, err := netpoll.Auto(arena, netpoll.NewMonoClock(), netpoll.PortConfig{})
			if err != nil {
				t.Error(err)
				return
			}
			s, err := port.Attach(fd, uint16(loop))
			if err != nil {
				t.Error(err)
				return
			}
			var out [8]netpoll.Completion
			for i, got := 0, 0; got < 100*300; {
				if i < 100 && port.Room(s) && arena.Free() > 0 {
					slot, _ := arena.Take()
					copy(arena.Bytes(slot), pattern(i*300, 300))
					port.Send(s, slot, 0, 300)
					port.Submit()
					i++
				}
				for _, c := range out[:port.Reap(out[:])] {
					if c.Kind == netpoll.Received {
						if c.Slot == 0 || !bytes.Equal(arena.Bytes(c.Slot)[c.From:c.To], pattern(got, c.To-c.From)) {
							t.Errorf("loop %d: wrong bytes at %d: %+v", loop, got, c)
							return
						}
						got += c.To - c.From
					}
					arena.Put(c.Slot)
				}
				goruntime.Gosched()
			}
			if err := port.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	loops.Wait()
}
