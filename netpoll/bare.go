package netpoll

import (
	"context"
	"net/netip"
	"syscall"
)

// Bare is a connected socket and two raw system calls: the floor with which benchmarks compare every port and every
// client. It has no queue, no completion and no memory of its own. One thread.
type Bare struct{ fd int }

// NewBare takes over a connected, non-blocking socket, such as NewSink makes.
func NewBare(fd int) *Bare { return &Bare{fd: fd} }

// DialBare connects to addr with the options of an order socket. Control plane.
func DialBare(ctx context.Context, addr netip.AddrPort) (*Bare, error) {
	conn, err := Dial(ctx, DialConfig{Addrs: []netip.AddrPort{addr}})
	if err != nil {
		return nil, err
	}
	fd, err := conn.Detach()
	if err != nil {
		return nil, err
	}
	return NewBare(fd), nil
}

// Send hands p to the kernel and returns how much of it was taken. It never waits (EAGAIN), and allocates nothing.
func (b *Bare) Send(p []byte) (int, syscall.Errno) { return sendNow(b.fd, p) }

// Receive takes what has arrived; 0 without an errno is the end of the stream. It never waits (EAGAIN), and allocates nothing.
func (b *Bare) Receive(p []byte) (int, syscall.Errno) { return receiveNow(b.fd, p) }

// Close closes the socket.
func (b *Bare) Close() error {
	if errno := closeSocket(b.fd, false); errno != 0 {
		return &OpError{Op: "close", Errno: errno}
	}
	return nil
}
