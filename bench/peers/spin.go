package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// spinConn is a net.Conn over a raw file descriptor that never sleeps and never meets the Go poller: reads and writes are
// single system calls on a non-blocking socket, asked again and again.
type spinConn struct {
	fd       int
	deadline atomic.Int64 // wall clock, ns; 0: none
}

// dialSpin connects to a loopback address.
func dialSpin(t *target) (*spinConn, error) {
	addr, err := netip.ParseAddr(t.host)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: t.port, Addr: addr.As4()}); err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return newSpinConn(fd)
}

func newSpinConn(fd int) (*spinConn, error) {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return nil, err
	}
	return &spinConn{fd: fd}, unix.SetNonblock(fd, true)
}

func (c *spinConn) Read(p []byte) (int, error) {
	for {
		n, errno := rawRead(c.fd, p)
		switch {
		case errno == 0 && n == 0 && len(p) > 0:
			return 0, io.EOF
		case errno == 0:
			return n, nil
		case errno != unix.EAGAIN && errno != unix.EINTR:
			return 0, errno
		}
		if at := c.deadline.Load(); at != 0 && time.Now().UnixNano() > at {
			return 0, os.ErrDeadlineExceeded
		}
	}
}

func (c *spinConn) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		n, errno := rawWrite(c.fd, p[written:])
		switch {
		case errno == 0:
			written += n
		case errno != unix.EAGAIN && errno != unix.EINTR:
			return written, errno
		}
	}
	return written, nil
}

func (c *spinConn) Close() error         { return unix.Close(c.fd) }
func (c *spinConn) LocalAddr() net.Addr  { return &net.TCPAddr{} }
func (c *spinConn) RemoteAddr() net.Addr { return &net.TCPAddr{} }

func (c *spinConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

func (c *spinConn) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		c.deadline.Store(0)
	} else {
		c.deadline.Store(t.UnixNano())
	}
	return nil
}

func (c *spinConn) SetWriteDeadline(time.Time) error { return nil }

var _ net.Conn = (*spinConn)(nil)

// pair is a connected pair of loopback sockets.
func pair() (near, far int, err error) {
	listener, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, 0, err
	}
	defer unix.Close(listener)
	if err := unix.Bind(listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, 0, err
	}
	if err := unix.Listen(listener, 1); err != nil {
		return 0, 0, err
	}
	name, err := unix.Getsockname(listener)
	if err != nil {
		return 0, 0, err
	}
	if near, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return 0, 0, err
	}
	if err := unix.Connect(near, name); err != nil {
		return 0, 0, err
	}
	far, _, err = unix.Accept4(listener, unix.SOCK_CLOEXEC)
	return near, far, err
}
