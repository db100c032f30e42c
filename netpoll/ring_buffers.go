package netpoll

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// bufferRing is the queue of arena slots into which the kernel receives (5.19).
//
// Owner: a slot in it is the kernel's, from lend until a completion names it, or until close.
type bufferRing struct {
	ring  *ring
	arena *Arena
	mem   []byte
	tail  uint16
	mask  uint16
	want  int    // how many slots are to lie in it
	held  int    // how many do
	lent  []bool // by slot: which they are
}

const bufferGroup = 0 // one ring has one pool of receive slots

// openBuffers registers a buffer ring for want slots, a power of two.
func openBuffers(r *ring, arena *Arena, want int) (*bufferRing, syscall.Errno) {
	mem, err := unix.Mmap(-1, 0, max(4096, want*16), unix.PROT_READ|unix.PROT_WRITE,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_POPULATE)
	if err != nil {
		return nil, errnoOf(err)
	}
	b := &bufferRing{ring: r, arena: arena, mem: mem, mask: uint16(want - 1), want: want, lent: make([]bool, arena.slots+1)}
	// SAFETY: mem is a mapping of its own that stays until close has unregistered it; reg lives until register returns.
	reg := pbufReg{addr: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(mem)))), entries: uint32(want), group: bufferGroup}
	if _, errno := r.register(registerPbufRing, unsafe.Pointer(&reg), 1); errno != 0 {
		if err := unix.Munmap(mem); err != nil {
			return nil, errnoOf(err)
		}
		return nil, errno
	}
	return b, 0
}

// entry is the i-th place of the ring.
func (b *bufferRing) entry(i uint16) *pbuf {
	// SAFETY: i is masked, and mem has 16 bytes for each of mask+1 entries.
	return (*pbuf)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b.mem)), uintptr(i&b.mask)*16))
}

// fill lends free slots to the kernel until it holds as many as it should, or the arena has none.
func (b *bufferRing) fill() {
	added := false
	for b.held < b.want {
		s, ok := b.arena.Take()
		if !ok {
			break
		}
		b.lend(s)
		added = true
	}
	if added {
		b.publish()
	}
}

// lend puts s into the next place. publish shows it to the kernel.
func (b *bufferRing) lend(s Slot) {
	b.arena.own.lend(s)
	memory := b.arena.raw(s)
	e := b.entry(b.tail)
	// SAFETY: the arena's mapping never moves and outlives the ring; only its address goes to the kernel.
	e.addr = uint64(uintptr(unsafe.Pointer(unsafe.SliceData(memory))))
	e.length = uint32(len(memory))
	e.word = e.word&^0xffff | uint32(s) // the upper half of the first entry's word is the tail, which stays
	b.tail++
	b.held++
	b.lent[s] = true
}

// publish moves the tail that the kernel reads. Go has no 16-bit atomics: the store takes the buffer id
// beside it along, which does not change (both architectures of this house are little-endian).
func (b *bufferRing) publish() {
	first := b.entry(0)
	atomic.StoreUint32(&first.word, uint32(b.tail)<<16|first.word&0xffff)
}

// back notes that the kernel gave slot s up.
//
// Panics: when the kernel names a slot that it does not hold: memory is being corrupted, and nothing can be trusted.
func (b *bufferRing) back(s Slot) {
	if int(s) >= len(b.lent) || !b.lent[s] {
		panic(fmt.Sprintf("netpoll: the kernel returned slot %d, which it does not hold", s))
	}
	b.lent[s] = false
	b.held--
	b.arena.own.fill(s)
}

// close takes the ring from the kernel and gives its slots back to the arena. No receive may be armed.
func (b *bufferRing) close() error {
	reg := pbufReg{group: bufferGroup}
	// SAFETY: reg lives until register returns.
	if _, errno := b.ring.register(unregisterPbufRing, unsafe.Pointer(&reg), 1); errno != 0 {
		return fmt.Errorf("netpoll: unregister receive slots: %w", errno)
	}
	for s, lent := range b.lent {
		if lent {
			b.back(Slot(s))
			b.arena.Put(Slot(s))
		}
	}
	if err := unix.Munmap(b.mem); err != nil {
		return fmt.Errorf("netpoll: unmap receive slots: %w", err)
	}
	return nil
}
