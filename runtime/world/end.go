package world

import (
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"orderwire/netpoll"
)

// end is one end of a connection as its owner has it: a net.Conn whose calls wait on the world's time. The client's end
// may be handed over to a port; from then on it is fed there.
type end struct {
	s      *stage
	life   *life // whose process it belongs to; nil: the venue's
	addr   netip.AddrPort
	out    *pipe  // what it sends
	inbox  []byte // received, not yet read
	ended  bool   // the peer sends no more, behind inbox
	broken syscall.Errno
	closed bool
	until  int64 // deadline of calls that wait

	port *port // after the hand-over
	sock netpoll.Sock
}

// Read waits for bytes, for the end of the stream, or for the deadline.
func (e *end) Read(p []byte) (int, error) {
	for {
		switch {
		case e.closed:
			return 0, net.ErrClosed
		case len(e.inbox) > 0:
			n := copy(p, e.inbox)
			e.inbox = e.inbox[n:]
			return n, nil
		case e.broken != 0:
			return 0, &netpoll.OpError{Op: "read", Errno: e.broken}
		case e.ended:
			return 0, io.EOF
		case e.s.now >= e.until:
			return 0, os.ErrDeadlineExceeded
		}
		e.s.park(e.until, func() bool { return e.closed || len(e.inbox) > 0 || e.broken != 0 || e.ended })
	}
}

// Write hands p to the kernel, which takes everything.
func (e *end) Write(p []byte) (int, error) {
	switch {
	case e.closed:
		return 0, net.ErrClosed
	case e.broken != 0:
		return 0, &netpoll.OpError{Op: "write", Errno: e.broken}
	case e.s.now >= e.until:
		return 0, os.ErrDeadlineExceeded
	}
	e.out.send(p)
	return len(p), nil
}

// Close ends the connection in good order: what was written still arrives.
func (e *end) Close() error {
	if e.closed {
		return net.ErrClosed
	}
	e.leave(false)
	return nil
}

// leave closes the end. abort purges what the kernel still holds and resets the peer.
func (e *end) leave(abort bool) {
	if e.closed {
		return
	}
	e.closed = true
	if abort {
		e.out.abort()
	} else {
		e.out.finish()
	}
}

// receive takes bytes that have arrived.
func (e *end) receive(b []byte) {
	switch {
	case e.closed:
		e.out.abort() // nobody is there: the kernel resets the sender
	case e.port != nil:
		e.port.feed(e, b)
	default:
		e.inbox = append(e.inbox, b...)
	}
}

// finish is the end of what the peer sends; errno is 0 where it is in good order.
func (e *end) finish(errno syscall.Errno) {
	if e.ended || e.broken != 0 {
		return
	}
	e.ended, e.broken = true, errno
	if errno != 0 {
		e.inbox = nil // a reset discards what was not read
	}
	if e.port != nil && !e.closed {
		e.port.end(e, errno)
	}
}

// Detach hands the connection over to a port. What arrives before it is attached waits in the inbox.
func (e *end) Detach() (int, error) {
	if e.closed {
		return 0, net.ErrClosed
	}
	return e.life.hand(e), nil
}

// SetDeadline bounds the calls that wait. The zero time is no deadline.
func (e *end) SetDeadline(t time.Time) error {
	e.until = momentOf(t)
	return nil
}

func (e *end) SetReadDeadline(t time.Time) error { return e.SetDeadline(t) }

// SetWriteDeadline does nothing: a write never waits here.
func (e *end) SetWriteDeadline(time.Time) error { return nil }

func (e *end) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(netip.AddrPort{}) }
func (e *end) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(e.addr) }
