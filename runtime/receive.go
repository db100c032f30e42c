package runtime

import (
	"errors"
	"fmt"
	"io"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/market"
	"orderwire/tlsio/record"
	"orderwire/wsproto"
)

var (
	errInboxFull = errors.New("runtime: peer sent more than fits without completing a record or frame")
	errOwed      = errors.New("runtime: no room to answer the peer")
)

// received takes the bytes of one Received completion up the stair: open, read, classify, receipt.
// An error ends the session.
func (l *Loop) received(s *session, c *netpoll.Completion, now int64) error {
	if c.Errno != 0 {
		return &netpoll.OpError{Op: "recv", Errno: c.Errno}
	}
	if c.From == c.To {
		return s.endOfStream()
	}
	in := s.arena.Bytes(c.Slot)[c.From:c.To]
	at := c.At
	if at == 0 {
		at = now
	}
	if len(s.cipher.buf) > 0 {
		if !s.cipher.join(in) {
			return errInboxFull
		}
		in = s.cipher.buf
	}
	used, err := l.openAll(s, in, at)
	if err != nil {
		return err
	}
	if !s.cipher.keep(in[used:]) {
		return errInboxFull
	}
	return nil
}

// openAll opens every whole record of in where it lies.
func (l *Loop) openAll(s *session, in []byte, at int64) (used int, err error) {
	for {
		ev, n, err := s.link.Next(in[used:])
		if err != nil {
			s.alert(err, at)
			return used, err
		}
		if n == 0 {
			return used, nil
		}
		used += n
		switch ev.Kind {
		case record.EventData:
			if err := l.readAll(s, ev.Data, at); err != nil {
				return used, err
			}
		case record.EventCloseNotify:
			return used, s.endOfStream()
		case record.EventTicket, record.EventKeyUpdate:
			l.handTicket(s, ev.Data)
		}
		if !s.flushControl(at) {
			return used, errOwed
		}
	}
}

// handTicket hands session tickets to the control plane, which turns them into resumable sessions.
func (l *Loop) handTicket(s *session, messages []byte) {
	if len(messages) == 0 || !l.keepsTickets {
		return
	}
	t := &l.ticketOut
	if len(messages) > len(t.messages) {
		l.counts.dropped++
		return
	}
	t.session, t.size = s, copy(t.messages[:], messages)
	if !l.tickets.put(t) {
		l.counts.dropped++
	}
}

// readAll reads every whole frame of the plaintext in.
func (l *Loop) readAll(s *session, in []byte, at int64) error {
	if s.http != nil {
		return l.respondAll(s, in, at)
	}
	if len(s.plain.buf) > 0 {
		if !s.plain.join(in) {
			return errInboxFull
		}
		in = s.plain.buf
	}
	used := 0
	for {
		ev, n, err := s.reader.Next(in[used:])
		if err != nil {
			l.refuse(s, err, at)
			return err
		}
		if n == 0 {
			break
		}
		used += n
		if err := l.event(s, &ev, at); err != nil {
			return err
		}
	}
	if !s.plain.keep(in[used:]) {
		return errInboxFull
	}
	return nil
}

// event handles one WebSocket event. Pings are answered before anything of the user's runs.
func (l *Loop) event(s *session, ev *wsproto.Event, at int64) error {
	switch ev.Kind {
	case wsproto.EventPing:
		if !s.control(wsproto.OpPong, ev.Payload, at) {
			return errOwed
		}
		l.counts.pongs++
	case wsproto.EventText, wsproto.EventBinary:
		s.watch.heardAt = at
		if s.role == MarketRole {
			return l.marketMessage(s, ev.Payload, at)
		}
		return l.orderMessage(s, ev.Payload, at)
	case wsproto.EventClose:
		if !s.closing {
			l.sayClose(s, ev.Code, "", at) // RFC 6455 §5.5.1: the code is echoed
		}
		return ev.CloseError()
	}
	return nil
}

// marketMessage reads one market-data message and lets the strategy decide.
func (l *Loop) marketMessage(s *session, message []byte, at int64) error {
	l.counts.marketFrames++
	for from := 0; ; {
		next, err := l.readMarket(message, from)
		if err != nil {
			l.counts.badMessages++
			return nil // one unreadable message is counted; it does not end the stream (R15)
		}
		if l.market.Kind != market.KindOther {
			s.watch.dataAt = at
		}
		l.strategy.Market(&l.market, at, l)
		if next == 0 {
			return nil
		}
		from = next
	}
}

// readMarket reads the event of message that begins at from, and tells where the next begins, 0 for none.
func (l *Loop) readMarket(message []byte, from int) (next int, err error) {
	if l.many != nil {
		return l.many.MarketNext(message, from, &l.market)
	}
	return 0, l.dialect.Market(message, &l.market)
}

// readReport is readMarket for an order connection.
func (l *Loop) readReport(message []byte, from int) (next int, err error) {
	if l.many != nil {
		return l.many.ClassifyNext(message, from, &l.report)
	}
	return 0, l.dialect.Classify(message, &l.report)
}

// orderMessage reads one message of the order connection and settles what it says.
func (l *Loop) orderMessage(s *session, message []byte, at int64) error {
	for from := 0; ; {
		next, err := l.readReport(message, from)
		if err != nil {
			l.counts.badMessages++
			return nil
		}
		if err := l.book(s, &l.report, at); err != nil || next == 0 {
			return err
		}
		from = next
	}
}

// errStreamOver ends a connection on which the venue has stopped to report: orders sent after that would not be heard of.
var errStreamOver = errors.New("runtime: the venue has ended the stream of reports on this connection")

// book settles one report. An error ends the session.
func (l *Loop) book(s *session, r *orders.Report, at int64) error {
	offset, _, _ := l.venue.Offset(at)
	s.risk.Observe(r, at, offset)
	switch r.Kind {
	case orders.ReportOther:
		l.counts.otherMessages++
		return nil
	case orders.ReportShutdown:
		l.renewal(s)
		return nil
	case orders.ReportStreamOver:
		return errStreamOver
	}
	id, ours := l.idOf(r)
	if !ours {
		id, ours = l.unnamed(s, r)
	}
	if !ours {
		l.counts.foreignReports++
		return nil
	}
	l.bookFor(s, r, id, at)
	return nil
}

// bookFor settles a report about order id.
func (l *Loop) bookFor(s *session, r *orders.Report, id uint64, at int64) {
	now := l.clock.Now()
	if t := s.timings.find(id); t != nil && t.At[Acked] == 0 && r.ExecID == nil {
		t.At[Acked] = now
		l.venue.Sample(t.At[Triggered], at, r.VenueNanos, venueGranularity)
		l.observeTiming(t)
	}
	l.reported(s, r, id, now)
	if receipt, news := s.track.Apply(r, id, now); news {
		l.settle(receipt, now)
	}
}

// venueGranularity is the unit in which venues write their time. Units: ns.
const venueGranularity = 1_000_000

// settle tells everybody whom a receipt concerns.
func (l *Loop) settle(receipt orders.Receipt, now int64) {
	l.told = receipt
	r := &l.told
	if r.State == orders.Unknown && r.Before != orders.Unknown && r.Target == 0 {
		l.suspect(r.ID)
	}
	if l.killed && r.Target == 0 && r.State == orders.Acked && l.cancelsCold {
		l.cancelCold(r.ID) // it had no id of the venue yet when the sweep came by
	}
	l.risk.Settle(r)
	l.journal.Outcome(r)
	l.observeReceipt(r)
	l.strategy.Receipt(r, now, l)
}

// refuse tells the peer which rule it broke, as far as there is room.
func (l *Loop) refuse(s *session, err error, at int64) {
	var broken *wsproto.ProtocolError
	if errors.As(err, &broken) && s.phase == Live {
		l.sayClose(s, broken.Code, broken.Rule, at)
	}
}

// sayClose sends a Close frame, as far as there is room: without it the peer sees the connection end all the same.
func (l *Loop) sayClose(s *session, code uint16, reason string, at int64) {
	var payload [125]byte
	s.control(wsproto.OpClose, wsproto.AppendClose(payload[:0], code, reason), at)
}

// endOfStream says what it means that the peer has ended the connection here.
func (s *session) endOfStream() error {
	if len(s.cipher.buf) > 0 {
		return fmt.Errorf("runtime: connection ended inside a record: %w", io.ErrUnexpectedEOF)
	}
	if s.http != nil {
		return io.EOF // what it still carried is Unknown, and settled as that
	}
	if err := s.reader.End(); err != nil {
		return err
	}
	return io.EOF
}
