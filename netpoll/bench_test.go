package netpoll_test

import (
	goruntime "runtime"
	"slices"
	"syscall"
	"testing"

	"orderwire/netpoll"
)

// BenchmarkSend measures one 300-byte record from slot to kernel, each way against the bare sendto of the
// same run: p50 ratios, the thread draining the peer itself ("self" in kernel.md's words).
func BenchmarkSend(b *testing.B) {
	goruntime.LockOSThread()
	defer goruntime.UnlockOSThread()
	clock, _ := netpoll.NewClock()
	type way struct {
		name string
		send func()
		reap func()
		peer int
		took []int64
	}
	var ways []*way
	bareFd, barePeer := pair(b, netpoll.SocketOptions{})
	defer syscall.Close(bareFd)
	payload := make([]byte, 300)
	ways = append(ways, &way{name: "bare sendto", peer: rawFd(b, barePeer), reap: func() {}, send: func() {
		if _, errno := netpoll.SendNow(bareFd, payload); errno != 0 {
			b.Fatal(errno)
		}
	}})
	for _, be := range backends {
		arena := newArena(b, 128, 512)
		port, err := be.make(arena, clock, netpoll.PortConfig{})
		if err != nil {
			b.Log(be.name, err)
			continue
		}
		defer port.Close()
		fd, peer := pair(b, netpoll.SocketOptions{})
		sock, err := port.Attach(fd, 1)
		if err != nil {
			b.Fatal(err)
		}
		var out [8]netpoll.Completion
		slot, _ := arena.Take()
		w := &way{name: be.name, peer: rawFd(b, peer)}
		w.send = func() {
			port.Send(sock, slot, 0, 300)
			port.Submit()
			slot = 0
		}
		w.reap = func() {
			for slot == 0 {
				for _, c := range out[:port.Reap(out[:])] {
					slot = c.Slot
				}
			}
		}
		ways = append(ways, w)
		defer func() { arena.Put(slot) }()
	}
	buf := make([]byte, 4096)
	drain := func(fd int) {
		for got := 0; got < 300; {
			if n, _ := syscall.Read(fd, buf); n > 0 {
				got += n
			}
		}
	}
	for round := 0; b.Loop(); round++ {
		for i := range ways {
			w := ways[(i+round)%len(ways)]
			from := clock.Now()
			w.send()
			w.took = append(w.took, clock.Now()-from)
			drain(w.peer)
			w.reap()
		}
	}
	floor := 0.0
	for i, w := range ways {
		slices.Sort(w.took)
		p50, p90 := float64(w.took[len(w.took)/2]), float64(w.took[len(w.took)*9/10])
		if i == 0 {
			floor = p50
		}
		b.Logf("%-22s p50 %6.0f ns  p90 %6.0f ns  ratio %.3f  n %d", w.name, p50, p90, p50/floor, len(w.took))
	}
}
