package netpoll

import (
	"syscall"
)

// Port moves bytes between arena slots and sockets. It is the only way in which the loop talks to
// the kernel, and a fake of it is how tests turn the loop by hand.
//
// Shape: one Port belongs to one loop thread. Attach and Detach run there too; a socket is
// connected, and its handshakes are done, before it is attached.
// Owner: a slot given to Send belongs to the kernel until its Sent completion. A slot that comes with
// a Received completion belongs to the caller, who must Put it (or keep filling it) in the same turn.
type Port interface {
	// Backend names what moves the bytes: "direct", "ring", "ring+sqpoll", "giouring", "fake".
	Backend() string
	// Arena is where all slots of this port come from.
	Arena() *Arena
	// Attach takes over a connected, non-blocking socket and starts to receive from it.
	// The port owns fd from here on and closes it at the end of Detach.
	Attach(fd int, session uint16) (Sock, error)
	// Send queues slot[from:to] behind what the socket still has to send. It cannot fail: a failure is
	// a Sent completion with an Errno. Room asks first.
	Send(s Sock, slot Slot, from, to int)
	// Room tells whether one more Send can be queued on s now.
	Room(s Sock) bool
	// Submit hands to the kernel all that was queued by Send, without waiting. What the kernel refuses
	// for now (EAGAIN, short write) stays queued, in order, and is tried again by the next Reap.
	Submit()
	// Reap writes finished operations to out and returns how many. It never waits.
	Reap(out []Completion) int
	// Unsent tells how many bytes of s were queued but not yet handed to the kernel: what decides
	// between NotSent and Unknown, and whether a late order must die with its connection.
	Unsent(s Sock) int
	// Detach ends a socket: its operations are cancelled and reaped, then it is closed. abort makes the
	// close abortive (RST: what the kernel still had queued is purged). Its last word is one Closed completion.
	Detach(s Sock, abort bool)
	// Close detaches what is left, waits for the kernel to let go of every slot, and frees the port. Cold.
	Close() error
}

// Sock names one attached socket of a Port: index and generation. The zero Sock is none.
type Sock struct {
	Index      uint16
	Generation uint32
}

// CompletionKind tells what has finished.
type CompletionKind uint8

// The kinds of completion.
const (
	Sent     CompletionKind = iota + 1 // the slot's last byte was handed to the kernel, or Errno says why not
	Received                           // Slot[From:To] was received; To == From and Errno == 0 is the end of the stream
	Closed                             // Detach is done; the Sock is void
)

// Completion is one finished operation. Its slot is the caller's again.
type Completion struct {
	Kind    CompletionKind
	Session uint16 // as given to Attach
	Sock    Sock
	Slot    Slot
	From    int // bytes Slot[From:To] hold what was received, or what of a Sent was not handed over
	To      int
	Errno   syscall.Errno
	At      int64 // Clock nanoseconds at which the call that returned it began; 0 where unknown
	Kernel  int64 // Clock nanoseconds at which the kernel received the last byte; 0 where it was not asked (see Stamper)
}
