package world

import (
	"crypto/tls"
	"errors"
	"fmt"

	"orderwire/bench/simex"
)

// peer is the venue behind its TLS: it lets the embedded exchange, which does no input or output, answer over pipes.
type peer struct {
	w       *world
	venue   *simex.Venue
	good    *tls.Config
	strange *tls.Config // of somebody else, whom nobody trusts
	expired *tls.Config
	lines   []*line
	dirty   []*line // they may have output
	ticking int64   // when the venue itself has something to do
}

// line is the server's half of one connection.
type line struct {
	peer     *peer
	link     *link
	tls      *tls.Conn
	conn     *simex.Conn // nil until the handshake is done
	tick     int64       // when it is ticked next
	dirty    bool
	gone     bool
	upgraded bool // it has answered once
	mangle
}

// accept serves a new connection.
func (p *peer) accept(k *link, stranger bool) {
	config := p.good
	if stranger {
		config = p.strange
	}
	n := &line{peer: p, link: k, tls: tls.Server(k.server, config), tick: never}
	p.w.stage.spawn(fmt.Sprintf("line %d", k.number), nil, n.serve)
}

// serve is the server's half: handshake, then whatever the client says, until it leaves.
func (n *line) serve() {
	p := n.peer
	n.link.server.until = p.w.now + handshakeNanos
	if err := n.tls.Handshake(); err != nil {
		n.link.server.leave(false)
		return
	}
	n.link.server.until = never
	n.conn = p.venue.Accept(p.w.wall())
	n.conn.OnOutput(func() { p.mark(n) })
	p.lines = append(p.lines, n)
	in := make([]byte, 4096)
	for !n.gone {
		got, err := n.tls.Read(in)
		if got > 0 && !n.gone {
			n.conn.Feed(p.w.wall(), in[:got])
			p.mark(n)
		}
		if err != nil {
			break
		}
	}
	if !n.gone {
		n.conn.Hangup(p.w.wall())
		n.leave(false)
	}
}

// handshakeNanos is how long the server waits for a client.
const handshakeNanos = 10_000_000_000

// mark remembers that a line may have output or another tick.
func (p *peer) mark(n *line) {
	if !n.dirty {
		n.dirty = true
		p.dirty = append(p.dirty, n)
		p.w.stage.at(p.w.now, p.pump)
	}
}

// pump sends what the marked lines have to say.
func (p *peer) pump() {
	for len(p.dirty) > 0 {
		n := p.dirty[0]
		p.dirty = p.dirty[1:]
		n.dirty = false
		n.flush()
	}
	if next := p.venue.NextTick(); next != never {
		p.tickVenue(next)
	}
}

// flush moves the exchange's output to the client, and arranges its next tick.
func (n *line) flush() {
	w := n.peer.w
	if n.gone {
		return
	}
	if out := n.conn.Output(w.wall(), nil); len(out) > 0 {
		n.say(out)
	}
	if ended, cause := n.conn.Closed(); ended {
		n.leave(errors.Is(cause, simex.ErrReset))
		return
	}
	next := n.conn.NextTick()
	if next == never {
		return
	}
	at := max(stageTime(next), w.now)
	if at >= n.tick && n.tick > w.now {
		return // an earlier tick is on its way
	}
	n.tick = at
	w.stage.at(at, func() {
		if n.gone || n.tick != at {
			return
		}
		n.tick = never
		n.conn.Tick(w.wall())
		n.peer.mark(n)
	})
}

// send writes to the client through TLS. The kernel takes everything, so that nothing waits.
func (n *line) send(b []byte) {
	if _, err := n.tls.Write(b); err != nil {
		n.peer.w.drops++ // the client is gone; its end of the line tells
	}
}

// leave ends the connection from the venue's side.
func (n *line) leave(abort bool) {
	if n.gone {
		return
	}
	n.gone = true
	for i, other := range n.peer.lines {
		if other == n {
			n.peer.lines = append(n.peer.lines[:i], n.peer.lines[i+1:]...)
			break
		}
	}
	if abort {
		n.link.server.leave(true)
		return
	}
	if !n.link.server.closed {
		_ = n.tls.CloseWrite() // close_notify is a courtesy here: the client may be gone
	}
	n.link.server.leave(false)
}

// tickVenue lets the venue's own switches fire.
func (p *peer) tickVenue(next int64) {
	at := max(stageTime(next), p.w.now)
	if p.ticking == at {
		return
	}
	p.ticking = at
	p.w.stage.at(at, func() {
		if p.ticking == at {
			p.ticking = 0
			p.venue.Tick(p.w.wall())
			p.w.stage.at(p.w.now, p.pump)
		}
	})
}

// stageTime is the world's time at which the venue's host shows wallNanos.
func stageTime(wallNanos int64) int64 { return wallNanos - epochNanos + bootNanos }
