package world

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"

	"orderwire/netpoll"
	"orderwire/runtime"
)

// network is runtime.Network: what lies between a process and the venue.
type network struct {
	w    *world
	life *life
}

var _ runtime.Network = (*network)(nil)

// The venue's addresses.
var (
	venueHost    = "localhost" // what its certificate is for
	venueAddr    = netip.MustParseAddr("127.0.0.1")
	strangerAddr = netip.MustParseAddr("127.0.0.66") // somebody else answers there
	deadAddr     = netip.MustParseAddr("127.0.0.99") // nobody answers there
)

const lookupNanos = 2_000_000

// Lookup resolves a name, after a while.
func (n *network) Lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	s := n.w.stage
	answer, nanos, err := n.w.faults.lookup(host)
	s.park(s.now+nanos, func() bool { return ctx.Err() != nil })
	if ended := ctx.Err(); ended != nil {
		return nil, ended
	}
	return answer, err
}

// Dial connects to the first of addrs, after a round trip.
func (n *network) Dial(ctx context.Context, addrs []netip.AddrPort) (runtime.Conn, error) {
	s := n.w.stage
	if len(addrs) == 0 {
		return nil, &netpoll.OpError{Op: "connect", Cause: netpoll.ErrNoAddress}
	}
	for len(addrs) > 1 && addrs[0].Addr() == deadAddr {
		s.park(s.now+2*n.w.oneWay, func() bool { return ctx.Err() != nil })
		addrs = addrs[1:]
	}
	errno, silent := n.w.faults.connect()
	until := s.now + 2*n.w.oneWay
	if silent {
		until = never
	}
	s.park(until, func() bool { return ctx.Err() != nil })
	switch {
	case ctx.Err() != nil:
		return nil, &netpoll.OpError{Op: "connect", Addr: addrs[0].String(), Errno: syscall.ETIMEDOUT, Cause: errors.Join(netpoll.ErrBlackHole, ctx.Err())}
	case errno != 0:
		return nil, &netpoll.OpError{Op: "connect", Addr: addrs[0].String(), Errno: errno}
	}
	n.w.links++
	k := newLink(s, n.w.links, n.life, addrs[0], n.w.oneWay, n.w.wire)
	n.life.links = append(n.life.links, k)
	n.w.peer.accept(k, addrs[0].Addr() == strangerAddr)
	return k.client, nil
}

// Port makes the loop's port.
func (n *network) Port(clock netpoll.Clock, arena *netpoll.Arena) (netpoll.Port, string, error) {
	p := &port{Fake: netpoll.NewFake(arena, clock, netpoll.PortConfig{}, n.w.wire.Uint64()), life: n.life, arena: arena}
	n.life.port = p
	return p, "the simulated world has no other", nil
}

// Sink is not there: the world does not rehearse.
func (n *network) Sink() (int, runtime.Sink, error) {
	return 0, nil, errors.New("world: rehearsals need a kernel")
}

// errNotFound is what a resolver says of a name that does not exist.
func errNotFound(host string) error {
	return &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}
