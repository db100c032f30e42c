package netpoll

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Arena is the only memory that the kernel may see: one mapping outside the Go heap, cut into slots.
//
// Shape: slots of equal size, numbered from 1. One thread takes and puts; there is no lock.
// Owner: a slot is free (arena's), filling (the taker's), in flight (the kernel's) or filled (the
// handler's of a completion). With -tags owcheck each step between them is asserted, and Put poisons.
type Arena struct {
	mem        []byte
	free       []Slot // a stack: the slot that was put last is warm in the cache, and is taken first
	slots      int
	slotBytes  int
	strideSize int
	locked     bool
	own        ownership
}

// Slot is one piece of an Arena: a number, not a pointer. The zero Slot is none.
type Slot uint16

const (
	maxSlots     = 1<<16 - 1 // user_data and the kernel's buffer id have 16 bits for a slot
	cacheLine    = 64
	poison       = 0xDB // what a free slot holds under owcheck
	maxSlotBytes = 1 << 20
)

// NewArena maps room for slots pieces of slotBytes each, touches every page of it, and locks it into
// memory where the process may. Cold.
//
// Units: slots 1..65535; slotBytes 64..1 MiB, rounded up to whole cache lines.
func NewArena(slots, slotBytes int) (*Arena, error) {
	if slots < 1 || slots > maxSlots {
		return nil, fmt.Errorf("netpoll: arena of %d slots: want 1..%d", slots, maxSlots)
	}
	if slotBytes < cacheLine || slotBytes > maxSlotBytes {
		return nil, fmt.Errorf("netpoll: arena slots of %d bytes: want %d..%d", slotBytes, cacheLine, maxSlotBytes)
	}
	a := &Arena{slots: slots, slotBytes: (slotBytes + cacheLine - 1) &^ (cacheLine - 1)}
	a.strideSize = a.slotBytes
	if a.strideSize%4096 == 0 {
		a.strideSize += cacheLine // else every slot's head falls on the same set of the first-level cache
	}
	mem, err := unix.Mmap(-1, 0, slots*a.strideSize, unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE)
	if err != nil {
		return nil, fmt.Errorf("netpoll: map arena of %d bytes: %w", slots*a.strideSize, err)
	}
	a.mem = mem
	a.locked = unix.Mlock(mem) == nil // refused under a small RLIMIT_MEMLOCK; doctor says how to raise it
	// Slots hold signed orders and session bytes: they stay out of core dumps and of forked children.
	// Both are a kindness of the kernel, not a promise that we rest on: a refusal changes nothing else.
	_ = unix.Madvise(mem, unix.MADV_DONTDUMP)
	_ = unix.Madvise(mem, unix.MADV_DONTFORK)
	a.free = make([]Slot, 0, slots)
	for s := slots; s >= 1; s-- {
		a.free = append(a.free, Slot(s))
	}
	a.own.start(a)
	return a, nil
}

// Take gives a free slot to the caller, or false when there is none. Allocates nothing.
func (a *Arena) Take() (Slot, bool) {
	n := len(a.free)
	if n == 0 {
		return 0, false
	}
	s := a.free[n-1]
	a.free = a.free[:n-1]
	a.own.take(a, s)
	return s, true
}

// Put gives slot back. Putting the zero Slot does nothing, so that a completion's slot can be put unasked.
//
// Panics: with -tags owcheck, on a slot that is free or in flight.
func (a *Arena) Put(s Slot) {
	if s == 0 {
		return
	}
	a.own.put(a, s)
	a.free = append(a.free, s) // within its capacity: there are no more slots than places
}

// Bytes is the memory of slot s. It aliases the arena and is the caller's only until the slot is sent or put.
//
// Panics: on the zero Slot; with -tags owcheck, on a slot that is free or in flight.
func (a *Arena) Bytes(s Slot) []byte {
	a.own.look(s)
	at := (int(s) - 1) * a.strideSize
	return a.mem[at : at+a.slotBytes : at+a.slotBytes]
}

// raw is Bytes for the ports, which hold slots that are in flight.
func (a *Arena) raw(s Slot) []byte {
	at := (int(s) - 1) * a.strideSize
	return a.mem[at : at+a.slotBytes : at+a.slotBytes]
}

// Free is how many slots could be taken now.
func (a *Arena) Free() int { return len(a.free) }

// Slots is how many slots there are.
func (a *Arena) Slots() int { return a.slots }

// SlotBytes is the size of each slot.
func (a *Arena) SlotBytes() int { return a.slotBytes }

// Locked tells whether the kernel promised to keep the arena in memory.
func (a *Arena) Locked() bool { return a.locked }

// ErrSlotsOut is what Close says when slots were taken and never put.
var ErrSlotsOut = errors.New("netpoll: arena closed with slots still out")

// Close unmaps the arena. Every port on it must be closed before. Cold.
//
// While slots are out it refuses with ErrSlotsOut and unmaps nothing: the kernel might still write to them.
func (a *Arena) Close() error {
	if a.mem == nil {
		return nil
	}
	if out := a.slots - len(a.free); out != 0 {
		return fmt.Errorf("%w: %d of %d", ErrSlotsOut, out, a.slots)
	}
	mem := a.mem
	a.mem, a.free = nil, nil
	if err := unix.Munmap(mem); err != nil {
		return fmt.Errorf("netpoll: unmap arena: %w", err)
	}
	return nil
}
