package netpoll

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// socket is what a port knows of one attached connection.
//
//	vacant -> open (Attach) -> closing (Detach) -> vacant (its Closed completion is out)
//
// Shape: two cache lines, since sixteen sends on sixteen sockets find none of them warm.
type socket struct {
	queue      sendQueue
	fd         int32
	generation uint32 // counts the lives of this place; 24 bits, never 0

	ring      ringState     // what rings need; zero elsewhere
	failed    syscall.Errno // the send side is dead of it
	place     uint16        // where it stands in table.active
	session   uint16
	slot      Slot // what the next receive writes to, where the port keeps one for each socket
	phase     socketPhase
	receiving bool // false after end of stream or a receive error
	dirty     bool // stands in the port's list of sockets with new sends
	busy      bool // counts in the port's number of sockets that Reap has to look after
	abort     bool
	stampNext bool   // the next send is to be dated
	watched   bool   // the kernel dates what goes through it
	stampBase uint32 // what the kernel counts ahead of our byte offsets
	_         [12]byte
}

type socketPhase uint8

const (
	vacant socketPhase = iota
	open
	closing
)

// table holds the sockets of one port: a fixed array, with the indices of the live ones packed for polling.
type table struct {
	sockets []socket
	active  []uint16
	vacant  []uint16
	info    unix.TCPInfo // where Path reads to: the loop allocates nothing
}

// ErrFull is what Attach says when the port holds as many sockets as it was made for.
var ErrFull = errors.New("netpoll: port holds all the sockets it was made for")

const maxGeneration = 1<<24 - 1 // user_data has 24 bits for it

func newTable(sockets, queueSlots int) table {
	t := table{
		sockets: make([]socket, sockets),
		active:  make([]uint16, 0, sockets),
		vacant:  make([]uint16, 0, sockets),
	}
	for i := sockets - 1; i >= 0; i-- {
		t.sockets[i].queue = newSendQueue(queueSlots)
		t.sockets[i].fd = -1
		t.vacant = append(t.vacant, uint16(i))
	}
	return t
}

// enter gives fd a place and a new generation.
func (t *table) enter(fd int, session uint16) (Sock, *socket, error) {
	if fd < 0 {
		return Sock{}, nil, fmt.Errorf("netpoll: attach: %d is no file descriptor", fd)
	}
	n := len(t.vacant)
	if n == 0 {
		return Sock{}, nil, fmt.Errorf("%w: %d", ErrFull, len(t.sockets))
	}
	i := t.vacant[n-1]
	t.vacant = t.vacant[:n-1]
	k := &t.sockets[i]
	k.generation++
	if k.generation > maxGeneration {
		k.generation = 1
	}
	k.fd, k.session, k.phase, k.receiving = int32(fd), session, open, true
	k.failed, k.abort, k.dirty, k.busy, k.slot = 0, false, false, false, 0
	k.watched, k.stampNext, k.stampBase = false, false, 0
	k.queue.clear()
	k.ring = ringState{}
	k.place = uint16(len(t.active))
	t.active = append(t.active, i)
	return Sock{Index: i, Generation: k.generation}, k, nil
}

// find is the live socket that s names.
//
// Panics: when s is void: its Closed completion was reaped, or it never was.
func (t *table) find(s Sock) *socket {
	if int(s.Index) < len(t.sockets) {
		k := &t.sockets[s.Index]
		if k.generation == s.Generation && k.phase != vacant {
			return k
		}
	}
	panic("netpoll: socket is not attached")
}

// leave makes the place of socket i vacant.
func (t *table) leave(i uint16) {
	k := &t.sockets[i]
	last := len(t.active) - 1
	moved := t.active[last]
	t.active[k.place] = moved
	t.sockets[moved].place = k.place
	t.active = t.active[:last]
	t.vacant = append(t.vacant, i)
	k.phase, k.fd = vacant, -1
}

// sock names the socket at i.
func (t *table) sock(i uint16) Sock {
	return Sock{Index: i, Generation: t.sockets[i].generation}
}

// watch lets the kernel date what goes through s.
func (t *table) watch(s Sock, stamps *stamper) error {
	k := t.find(s)
	base, err := stamps.watch(int(k.fd))
	if err != nil {
		return err
	}
	k.watched, k.stampBase = true, base-k.queue.pushed
	return nil
}
