package tlsio

import (
	"fmt"
	"net"

	utls "github.com/refraction-networking/utls"

	"orderwire/tlsio/record"
)

// maxTickets is how many tickets of one connection are digested; afterwards the library's half of it is dropped.
const maxTickets = 4

// digester turns tickets that arrive after the take-over into sessions. No public call of the library builds a session of TLS
// 1.3, but the parked library connection still can: the ticket is sealed again, in memory, under the server's first application
// key with a counter of its own, and given to the library to read. The real stream's keys and numbers are not touched, so a
// ticket that comes after a KeyUpdate is digested like any other.
type digester struct {
	library *utls.UConn
	wire    *parked
	sealer  *record.Sealer
	view    *view
	left    int
}

// park keeps the library's half of a connection for its tickets. Early data is never asked for.
func (a *attempt) park() (*digester, error) {
	if a.sessions == nil {
		return nil, nil
	}
	a.sessions.accept()
	if a.flight.version != record.TLS13 { // TLS 1.2 sends its ticket inside the handshake
		return nil, nil
	}
	sealer, err := record.NewSealer(record.Keys{Version: record.TLS13, Suite: a.flight.suite, Secret: a.keys.serverTraffic, Tier: a.config.Tier})
	if err != nil {
		return nil, err
	}
	a.gate.parked = &parked{}
	a.gate.conn = nil // whatever the library does from here on, it cannot reach the wire
	return &digester{library: a.library, wire: a.gate.parked, sealer: sealer, view: a.sessions, left: maxTickets}, nil
}

// Ticket takes the whole NewSessionTicket messages of an event (record.EventTicket, or EventKeyUpdate with Data) and puts the
// sessions into the cache. It belongs off the loop: it allocates. It uses neither direction of the Link, so it may run beside
// the loop, but not beside itself or Wipe. Without a cache it does nothing.
func (l *Link) Ticket(messages []byte) error {
	for len(messages) > 0 && l.tickets != nil {
		c := cursor{rest: messages}
		kind := c.number(1)
		c.vector(3)
		if c.bad || kind != messageNewSessionTicket {
			return fmt.Errorf("tlsio: %s: not a session ticket", l.Info.Host)
		}
		size := len(messages) - len(c.rest)
		if err := l.tickets.digest(messages[:size]); err != nil {
			l.tickets.end()
			l.tickets = nil
			return fmt.Errorf("tlsio: %s: session ticket: %w", l.Info.Host, err)
		}
		if l.tickets.left--; l.tickets.left == 0 {
			l.tickets.end()
			l.tickets = nil
		}
		messages = messages[size:]
	}
	return nil
}

// digest lets the library read one ticket.
func (d *digester) digest(message []byte) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicked(value)
		}
	}()
	for len(message) > 0 {
		n := min(len(message), record.MaxPlaintext)
		d.wire.in = d.sealer.AppendHandshake(d.wire.in, message[:n])
		message = message[n:]
	}
	_, err = d.library.Read(make([]byte, 1))
	if e, ok := err.(net.Error); ok && e == errNothingMore { // it has read the ticket, and asks for more
		return nil
	}
	if err == nil {
		return fmt.Errorf("the library took it for data")
	}
	return err
}

func (d *digester) end() {
	d.sealer.Wipe()
	*d = digester{}
}
