//go:build owcheck

package netpoll_test

import (
	"testing"

	"orderwire/netpoll"
)

func TestOwnershipOfSlots(t *testing.T) {
	a := newArena(t, 4, 64)
	port := netpoll.NewFake(a, nil, netpoll.PortConfig{}, 1)
	sock, err := port.Attach(0, 7)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := a.Take()
	a.Put(s)
	mustPanic(t, "put while free", func() { a.Put(s) })
	mustPanic(t, "looked at while free", func() { a.Bytes(s) })
	mustPanic(t, "no such slot", func() { a.Put(5) })

	s, _ = a.Take()
	port.Send(sock, s, 0, 8)
	mustPanic(t, "looked at while in flight", func() { a.Bytes(s) })
	mustPanic(t, "put while in flight", func() { a.Put(s) })
	mustPanic(t, "lent to the kernel while in flight", func() { port.Send(sock, s, 0, 8) })
	port.Submit()
	var out [4]netpoll.Completion
	if n := port.Reap(out[:]); n != 1 || out[0].Slot != s {
		t.Fatalf("reaped %d: %+v", n, out[0])
	}
	a.Put(s)

	s, _ = a.Take()
	b := a.Bytes(s)
	for i, got := range b {
		if got != 0xDB {
			t.Fatalf("byte %d of a fresh slot is %#x, want the poison", i, got)
		}
	}
	a.Put(s)
	b[3] = 1
	mustPanic(t, "written at byte 3 while it was free", func() { a.Take() })
	b[3] = 0xDB
	// The failed Take had taken the slot off the free list before it looked.
	for range 3 {
		s, _ := a.Take()
		defer a.Put(s)
	}
	a.Restore(s)
	if err := port.Close(); err != nil {
		t.Fatal(err)
	}
}
