package runtime

import (
	"errors"
	"time"

	"orderwire/orders"
)

// The data watchdog (R7): a connection can be open, answer pings, and deliver nothing. It is ended then and made anew. Order
// connections that have nothing to say are left alone: only an order that was accepted and never reported gives a stream of
// reports away.

// Watched is a dialect that knows how long its venue may be silent. Cold.
type Watched interface{ Silence() orders.Silence }

var (
	errSilent  = errors.New("runtime: no message within the venue's time: the connection counts as dead")
	errNoData  = errors.New("runtime: no market data within the venue's time, though the connection is alive")
	errUnheard = errors.New("runtime: an accepted order was not reported within the venue's time: the stream of reports counts as dead")
)

// watch is what the watchdog knows of one connection. Units: loop clock, ns.
type watch struct {
	heardAt int64  // the last message of any kind
	dataAt  int64  // the last market data
	owed    uint64 // an accepted order of which its stream has told nothing, 0 for none
	owedAt  int64
}

// silenceOf is the dialect's, with what the configuration says instead.
func silenceOf(c *Config) (s orders.Silence) {
	if d, can := c.Dialect.(Watched); can {
		s = d.Silence()
	}
	if c.DataSilence != 0 {
		s.Data = max(0, c.DataSilence)
	}
	return s
}

// silent says why s counts as dead, nil where it does not.
func (l *Loop) silent(s *session, now int64) error {
	most := l.silence.Orders
	switch s.role {
	case ReportRole:
		most = l.silence.Reports
	case MarketRole:
		most = l.silence.Market
	}
	past := func(since int64, most time.Duration) bool { return most > 0 && now-since > int64(most) }
	switch {
	case s.http == nil && past(s.watch.heardAt, most):
		return errSilent
	case s.role == MarketRole && past(s.watch.dataAt, l.silence.Data):
		return errNoData
	case s.watch.owed != 0 && past(s.watch.owedAt, l.silence.Unheard):
		return errUnheard
	}
	return nil
}

// watchdog looks at one connection in use.
func (l *Loop) watchdog(s *session, now int64) {
	if err := l.silent(s, now); err != nil {
		l.counts.silences++
		l.end(s, err)
	}
}

// reported notes what stream and replies say about order id: a reply that accepts it owes a report, the stream's word pays.
func (l *Loop) reported(s *session, r *orders.Report, id uint64, at int64) {
	byReply := r.RequestID != nil || s.http != nil
	if !byReply {
		l.placed.hear(id)
		if s.watch.owed == id {
			s.watch.owed = 0
		}
		return
	}
	stream := s
	if l.needsReports {
		stream = l.reports
	}
	if stream == nil || stream.watch.owed != 0 || !accepts(r.Kind) || l.placed.heard(id) {
		return
	}
	stream.watch.owed, stream.watch.owedAt = id, at
}

// accepts tells whether a reply of this kind means that reports will follow.
func accepts(kind orders.ReportKind) bool {
	switch kind {
	case orders.ReportReceived, orders.ReportAcked, orders.ReportTrade, orders.ReportFilled:
		return true
	}
	return false
}
