package runtime

import (
	"context"
	"net"
	"net/netip"

	"orderwire/netpoll"
)

// Network is all that reaches beyond the process. The kernel's is the default; tests and the simulated
// world bring their own, together with their Clock and randomness.
type Network interface {
	// Lookup resolves host as getaddrinfo does: all addresses, in order of preference. Control plane.
	Lookup(ctx context.Context, host string) ([]netip.Addr, error)
	// Dial connects to one of addrs, in order, until ctx ends. Control plane.
	Dial(ctx context.Context, addrs []netip.AddrPort) (Conn, error)
	// Port makes the loop's port and says why it is the one it is. Called on the loop thread.
	Port(clock netpoll.Clock, arena *netpoll.Arena) (port netpoll.Port, why string, err error)
	// Sink makes a loopback connection inside this process for rehearsals. Called on the loop thread.
	Sink() (fd int, sink Sink, err error)
}

// Conn is a connection while it is cold. Detach ends that: the socket goes to a Port and the Conn is void.
type Conn interface {
	net.Conn
	Detach() (fd int, err error)
}
