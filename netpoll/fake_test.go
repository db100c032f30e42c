package netpoll_test

import (
	"bytes"
	"syscall"
	"testing"

	"orderwire/netpoll"
)

// newFake is a rig around a fake, for the same turning as of real ports.
func newFake(t *testing.T, seed uint64) (*rig, *netpoll.Fake) {
	t.Helper()
	arena := newArena(t, 64, 256)
	fake := netpoll.NewFake(arena, nil, netpoll.PortConfig{QueueSlots: 8}, seed)
	r := newRig(t, arena, fake)
	t.Cleanup(r.close)
	return r, fake
}

func TestFakeFollowsItsScript(t *testing.T) {
	r, fake := newFake(t, 1)
	s := r.attach(3, 7)
	fake.Window(s, 250)
	r.send(s, pattern(0, 200))
	r.send(s, pattern(200, 200))
	fake.Submit()
	if got := fake.Wire(s); !bytes.Equal(got, pattern(0, 250)) {
		t.Errorf("%d bytes on the wire, want the first 250", len(got))
	}
	if n := fake.Unsent(s); n != 150 {
		t.Errorf("unsent %d, want 150", n)
	}
	if r.turn(); len(r.sent) != 1 {
		t.Errorf("%d sends are told, want the first only", len(r.sent))
	}
	fake.Hold(s, 2)
	fake.Window(s, -1)
	fake.Most(s, 40)
	if n := r.turn() + r.turn(); n != 0 {
		t.Errorf("told %d in held turns", n)
	}
	if r.turn(); len(r.sent) != 2 || !bytes.Equal(fake.Wire(s), pattern(0, 400)) {
		t.Errorf("%d sends, %d bytes", len(r.sent), len(fake.Wire(s)))
	}
	if fake.Calls(s) != 6 { // 200, 50, then 150 in pieces of 40
		t.Errorf("%d calls, want 6", fake.Calls(s))
	}

	fake.Feed(s, pattern(0, 600)) // three slots
	fake.End(s, syscall.ECONNRESET)
	for range 4 {
		r.turn()
	}
	if !bytes.Equal(r.got[s], pattern(0, 600)) || !r.ended[s] || r.errno[s] != syscall.ECONNRESET {
		t.Errorf("received %d bytes, ended %v with %v", len(r.got[s]), r.ended[s], r.errno[s])
	}

	fake.FailSends(s, syscall.EPIPE)
	r.sent = nil
	r.send(s, []byte("late"))
	fake.Submit()
	r.turn()
	if len(r.sent) != 1 || r.sent[0].Errno != syscall.EPIPE || r.sent[0].To-r.sent[0].From != 4 {
		t.Errorf("failed send: %+v", r.sent)
	}
	r.detach(s, true)
	if closed, aborted := fake.Ended(s); !closed || !aborted {
		t.Errorf("ended: closed %v, aborted %v", closed, aborted)
	}
	mustPanic(t, "not attached", func() { fake.Room(s) })
}

// TestFakeChaosLosesNothing turns a hostile fake: whatever it delays, cuts and reorders, each socket's
// bytes stay in order, and the same seed gives the same turns.
func TestFakeChaosLosesNothing(t *testing.T) {
	run := func(seed uint64) (turns int, calls int) {
		r, fake := newFake(t, seed)
		fake.Disturb(netpoll.Chaos{Short: 0.3, Again: 0.3, Late: 0.3, Starved: 0.3, Cut: 0.5, Reordered: 0.5})
		a, b := r.attach(1, 1), r.attach(2, 2)
		fake.Feed(a, pattern(1, 5000))
		fake.Feed(b, pattern(2, 5000))
		sent := 0
		until(t, "all to come through", func() bool {
			if sent < 40 && fake.Room(a) && fake.Room(b) && r.arena.Free() > 1 {
				r.send(a, pattern(sent*100, 100))
				r.send(b, pattern(sent*100, 100))
				fake.Submit()
				sent++
			}
			r.turn()
			turns++
			return sent == 40 && fake.Unsent(a)+fake.Unsent(b) == 0 && len(r.got[a])+len(r.got[b]) == 10_000
		})
		for i, s := range []netpoll.Sock{a, b} {
			if !bytes.Equal(r.got[s], pattern(i+1, 5000)) {
				t.Errorf("seed %d: socket %d received other bytes than were fed", seed, i)
			}
			if len(fake.Wire(s)) != 4000 {
				t.Errorf("seed %d: socket %d has %d bytes on the wire, want 4000", seed, i, len(fake.Wire(s)))
			}
			for k := range 40 {
				if !bytes.Equal(fake.Wire(s)[k*100:(k+1)*100], pattern(k*100, 100)) {
					t.Fatalf("seed %d: record %d of socket %d is damaged", seed, k, i)
				}
			}
		}
		return turns, fake.Calls(a) + fake.Calls(b)
	}
	for seed := range uint64(20) {
		turns, calls := run(seed)
		if againTurns, againCalls := run(seed); againTurns != turns || againCalls != calls {
			t.Errorf("seed %d: %d turns and %d calls, then %d and %d", seed, turns, calls, againTurns, againCalls)
		}
	}
}
