package world

import (
	"crypto/tls"
	"errors"

	"orderwire/bench/simex"
)

// Faults of the venue as a whole, and of its half of the connections.

// pickLine is a connection that has come as far as the venue, nil where there is none.
func (f *faults) pickLine() *line {
	lines := f.w.peer.lines
	if len(lines) == 0 {
		return nil
	}
	return lines[f.d.IntN(len(lines))]
}

// incident lets something happen at the venue.
func (f *faults) incident(kind Fault) {
	w := f.w
	n := f.pickLine()
	in := simex.Incident{}
	switch kind {
	case Ban:
		in.Kind, in.Nanos = simex.Ban, f.d.between(200_000_000, 5_000_000_000)
		f.darken(in.Nanos)
	case Maintenance:
		in.Kind, in.Nanos = simex.Maintenance, f.d.between(200_000_000, 5_000_000_000)
		f.darken(in.Nanos)
	case VenueClockStep:
		in.Kind, in.Nanos = simex.ClockStep, f.d.between(-500_000_000, 500_000_000)-w.venueAhead
		w.venueAhead += in.Nanos
	default:
		if n == nil {
			return
		}
		in.Conn = n.conn.Number()
	}
	switch kind {
	case CloseCode:
		in.Kind, in.Code = simex.CloseConns, []uint16{1000, 1001, 1008, 1011, 1012, 1013}[f.d.IntN(6)]
	case TokenExpiry:
		in.Kind = simex.ExpireTokens
	case Silence:
		in.Kind = simex.Silence
		f.darken(holeNoticed)
	case Shutdown:
		in.Kind = simex.ShutdownNotice
	case ShutdownCut:
		in.Kind, in.Nanos = simex.ShutdownNotice, f.d.between(100_000_000, 4_000_000_000)
	}
	f.hit(kind)
	w.peer.venue.Inject(w.wall(), in)
	for _, n := range w.peer.lines {
		w.peer.mark(n)
	}
}

// hello is asked for the venue's certificate at each handshake.
func (f *faults) hello(*tls.ClientHelloInfo) (*tls.Config, error) {
	switch {
	case f.nextAlert:
		f.nextAlert = false
		f.hit(TLSAlert)
		return nil, errors.New("world: this handshake is refused with an alert")
	case f.nextExpired:
		f.nextExpired = false
		f.hit(TLSExpired)
		return f.w.peer.expired, nil
	}
	return nil, nil
}

// newTickets lets the venue forget the keys of its tickets: sessions cannot be resumed.
func (p *peer) newTickets(d dice) {
	var key [32]byte
	for i := range key {
		key[i] = byte(d.Uint32())
	}
	p.good.SetSessionTicketKeys([][32]byte{key})
}

// mangle is what a line does to what the venue says.
type mangle struct {
	fragments int   // messages that are still sent in pieces
	until     int64 // nothing is said before
	waiting   []byte
}

// say sends what the exchange has to say, spoilt as far as it is to be.
func (n *line) say(out []byte) {
	f := n.peer.w.faults
	if f.slowUpgrades > 0 && !n.upgraded {
		f.slowUpgrades--
		f.hit(SlowUpgrade)
		nanos := f.d.between(50_000_000, 4_000_000_000)
		n.until = n.peer.w.now + nanos
		f.darken(nanos)
		n.peer.w.at(n.until, func() {
			if !n.gone {
				n.send(n.waiting)
				n.waiting = nil
			}
		})
	}
	n.upgraded = true
	if n.peer.w.now < n.until {
		n.waiting = append(n.waiting, out...)
		return
	}
	if n.fragments > 0 {
		out = n.split(out)
	}
	n.send(out)
}

// split sends text messages in pieces, with a PING in between.
func (n *line) split(out []byte) []byte {
	var pieces []byte
	for len(out) > 0 {
		head, size, text := readFrame(out)
		if size == 0 || size > len(out) {
			return append(pieces, out...) // not frames
		}
		payload := out[head:size]
		if !text || len(payload) < 2 || n.fragments == 0 {
			pieces = append(pieces, out[:size]...)
			out = out[size:]
			continue
		}
		n.fragments--
		n.peer.w.faults.hit(Fragments)
		at := 1 + n.peer.w.faults.d.IntN(len(payload)-1)
		pieces = append(append(pieces, frameHead(opText, false, at)...), payload[:at]...)
		pieces = append(append(pieces, frameHead(opPing, true, 1)...), 'x')
		pieces = append(append(pieces, frameHead(opContinuation, true, len(payload)-at)...), payload[at:]...)
		out = out[size:]
	}
	return pieces
}

const (
	opContinuation = 0
	opText         = 1
	opPing         = 9
)

// frameHead is the head of a server's frame (RFC 6455 section 5.2).
func frameHead(op byte, fin bool, size int) []byte {
	if fin {
		op |= 0x80
	}
	switch {
	case size < 126:
		return []byte{op, byte(size)}
	case size < 1<<16:
		return []byte{op, 126, byte(size >> 8), byte(size)}
	}
	return []byte{op, 127, 0, 0, 0, 0, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}
}

// readFrame measures the server's frame at the start of b; size is 0 where there is none. text tells a whole text message.
func readFrame(b []byte) (head, size int, text bool) {
	if len(b) < 2 || b[0]&0x70 != 0 {
		return 0, 0, false
	}
	head, n := 2, int(b[1])
	switch {
	case n == 126 && len(b) >= 4:
		head, n = 4, int(b[2])<<8|int(b[3])
	case n >= 126:
		return 0, 0, false
	}
	return head, head + n, b[0] == 0x80|opText
}
