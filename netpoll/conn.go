package netpoll

import (
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Conn is a connected socket while it is cold: a blocking net.Conn for handshakes, which then gives its
// file descriptor away.
//
// It never touches the Go netpoller: a descriptor that was registered there could not be handed to a loop
// without leaving traces. It waits by ppoll, and an eventfd for each direction ends a wait.
type Conn struct {
	fd            int
	remote        netip.AddrPort
	local         netip.AddrPort
	closed        atomic.Bool
	readDeadline  atomic.Pointer[time.Time]
	writeDeadline atomic.Pointer[time.Time]
	reading       sync.Mutex // held while a Read uses fd: Close and Detach wait for it
	writing       sync.Mutex
	readWake      *wake
	writeWake     *wake
}

// newConn takes over fd. On failure fd is closed.
func newConn(fd int, remote netip.AddrPort) (*Conn, error) {
	readWake, err := newWake()
	if err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	writeWake, err := newWake()
	if err != nil {
		readWake.close()
		_ = unix.Close(fd)
		return nil, err
	}
	c := &Conn{fd: fd, remote: remote, readWake: readWake, writeWake: writeWake}
	if sa, err := unix.Getsockname(fd); err == nil {
		c.local = addrPortOf(sa)
	}
	return c, nil
}

// Read reads at least one byte, or tells why not. It blocks until the read deadline.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c.reading.Lock()
	defer c.reading.Unlock()
	for {
		if c.closed.Load() {
			return 0, c.fail("read", 0, net.ErrClosed)
		}
		n, err := unix.Read(c.fd, p)
		switch {
		case err == nil && n == 0:
			return 0, io.EOF
		case err == nil:
			return n, nil
		case err == unix.EINTR:
			continue
		case err != unix.EAGAIN:
			return 0, c.fail("read", errnoOf(err), nil)
		}
		if err := c.wait("read", unix.POLLIN, c.readWake, &c.readDeadline); err != nil {
			return 0, err
		}
	}
}

// Write writes all of p, or tells how much of it and why not more. It blocks until the write deadline.
func (c *Conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	written := 0
	for written < len(p) {
		if c.closed.Load() {
			return written, c.fail("write", 0, net.ErrClosed)
		}
		n, err := unix.SendmsgN(c.fd, p[written:], nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
		switch {
		case err == nil:
			written += n
			continue
		case err == unix.EINTR:
			continue
		case err != unix.EAGAIN:
			return written, c.fail("write", errnoOf(err), nil)
		}
		if err := c.wait("write", unix.POLLOUT, c.writeWake, &c.writeDeadline); err != nil {
			return written, err
		}
	}
	return written, nil
}

// wait returns when fd is ready for events, or with an error at the deadline. A wake lets the caller look again.
func (c *Conn) wait(op string, events int16, w *wake, at *atomic.Pointer[time.Time]) error {
	for !c.closed.Load() {
		var deadline time.Time
		if t := at.Load(); t != nil {
			deadline = *t
		}
		fds := []unix.PollFd{{Fd: int32(c.fd), Events: events}, {Fd: int32(w.fd), Events: unix.POLLIN}}
		n, err := pollUntil(fds, deadline)
		if err != nil {
			return err
		}
		if fds[0].Revents != 0 {
			return nil // ready, or in error: the next read or write tells
		}
		if n == 0 {
			return c.fail(op, unix.EAGAIN, os.ErrDeadlineExceeded)
		}
		w.drain()
	}
	return nil // the caller sees closed
}

func (c *Conn) fail(op string, errno syscall.Errno, cause error) error {
	return &OpError{Op: op, Addr: c.remote.String(), Errno: errno, Cause: cause}
}

// Detach gives the socket away: the Conn is void after it, and the caller owns fd, which is non-blocking.
// A Read or Write under way is ended first.
func (c *Conn) Detach() (fd int, err error) {
	fd, ok := c.retire()
	if !ok {
		return -1, c.fail("detach", 0, net.ErrClosed)
	}
	return fd, nil
}

// Close ends what is under way and closes the socket.
func (c *Conn) Close() error {
	fd, ok := c.retire()
	if !ok {
		return c.fail("close", 0, net.ErrClosed)
	}
	if err := unix.Close(fd); err != nil {
		return c.fail("close", errnoOf(err), nil)
	}
	return nil
}

// retire makes c void, once, and returns the fd it held.
func (c *Conn) retire() (int, bool) {
	if c.closed.Swap(true) {
		return -1, false
	}
	c.readWake.fire()
	c.writeWake.fire()
	c.reading.Lock()
	defer c.reading.Unlock()
	c.writing.Lock()
	defer c.writing.Unlock()
	c.readWake.close()
	c.writeWake.close()
	fd := c.fd
	c.fd = -1
	return fd, true
}

// LocalAddr is our end.
func (c *Conn) LocalAddr() net.Addr { return net.TCPAddrFromAddrPort(c.local) }

// RemoteAddr is the other end.
func (c *Conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

// Remote is the address that was connected to.
func (c *Conn) Remote() netip.AddrPort { return c.remote }

// SetDeadline sets both deadlines. The zero time means none.
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

// SetReadDeadline holds for the Read under way, too.
func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.setDeadline(&c.readDeadline, t, func() { c.readWake.fire() })
}

// SetWriteDeadline holds for the Write under way, too.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	return c.setDeadline(&c.writeDeadline, t, func() { c.writeWake.fire() })
}

func (c *Conn) setDeadline(at *atomic.Pointer[time.Time], t time.Time, tell func()) error {
	if c.closed.Load() {
		return c.fail("set deadline", 0, net.ErrClosed)
	}
	at.Store(&t)
	tell()
	return nil
}
