package netpoll_test

import (
	"errors"
	goruntime "runtime"
	"slices"
	"testing"

	"orderwire/netpoll"
)

func TestSQPollIsRefusedBesideALoop(t *testing.T) {
	goruntime.LockOSThread() // never unlocked: the thread dies pinned
	cpus, err := netpoll.Affinity()
	if err != nil {
		t.Fatal(err)
	}
	arena := newArena(t, 8, 256)
	refused := func(name string, s netpoll.SQPoll) {
		t.Helper()
		s.On = true
		port, err := netpoll.NewRing(arena, netpoll.NewMonoClock(), netpoll.PortConfig{SQPoll: s})
		if err == nil {
			_ = port.Close()
		}
		if !errors.Is(err, netpoll.ErrSharedCore) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(cpus) > 1 {
		refused("an unpinned loop", netpoll.SQPoll{CPU: cpus[0]})
	}
	refused("a named loop on the same CPU", netpoll.SQPoll{CPU: cpus[0], LoopCPUs: cpus})
	if err := netpoll.Pin(cpus[0]); err != nil {
		t.Fatal(err)
	}
	refused("the CPU to which this thread is pinned", netpoll.SQPoll{CPU: cpus[0]})
}

func TestSiblingLists(t *testing.T) {
	for text, want := range map[string][]int{"2,6": {2, 6}, "0-1": {0, 1}, "": nil, "x": nil, "3": {3}, "4-y": nil} {
		if got := netpoll.ParseSiblings(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
