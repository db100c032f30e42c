package world

import (
	"net/netip"
	"syscall"
)

// link is one TCP connection: two ends, two pipes.
type link struct {
	number uint64
	client *end
	server *end
	up     *pipe // client to server
	down   *pipe
	base   int64 // one way, ns
	dice   dice
}

// newLink makes a connection between process l and the venue.
func newLink(s *stage, number uint64, l *life, addr netip.AddrPort, baseNanos int64, d dice) *link {
	k := &link{number: number, base: baseNanos, dice: d}
	k.client = &end{s: s, life: l, addr: addr, until: never}
	k.server = &end{s: s, addr: addr, until: never}
	k.up = &pipe{s: s, link: k, to: k.server, cutAfter: -1}
	k.down = &pipe{s: s, link: k, to: k.client, cutAfter: -1}
	k.client.out, k.server.out = k.up, k.down
	return k
}

// delay is how long the next parcel travels: the way and some queueing.
func (k *link) delay() int64 { return k.base + k.dice.Int64N(k.base/4+1) }

// reset breaks the connection from the middle: both ends learn of it, and nothing on the way arrives.
func (k *link) reset() {
	for _, p := range []*pipe{k.up, k.down} {
		p.over, p.held, p.flying = true, nil, nil
		p.flight++
		p.to.finish(syscall.ECONNRESET)
	}
}

// open tells whether anybody still uses it.
func (k *link) open() bool {
	return !k.client.closed && !k.server.closed && !k.client.ended && !k.server.ended
}
