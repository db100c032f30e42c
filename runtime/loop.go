package runtime

import (
	"errors"
	"sync/atomic"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/wsproto"
)

// sessionMax is how many connections one loop serves.
const sessionMax = 64

// errLate ends a connection on which a record waited longer than MaxSendAge (design.md section 4, "No late order").
var errLate = errors.New("runtime: a record was not taken by the kernel within its time: connection aborted, so that no order leaves late")

// Loop is the data plane: one pinned thread that allocates nothing, blocks never and logs never.
// turn is one pass of its duty cycle; tests call it by hand.
type Loop struct {
	clock        netpoll.Clock
	silence      orders.Silence
	port         netpoll.Port
	arena        *netpoll.Arena
	dialect      orders.Dialect
	strategy     Strategy
	space        orders.IDSpace
	armed        []armed
	sessions     [sessionMax]*session
	orders       *session   // the live order session, nil for none
	shadow       *rehearsal // nil: no rehearsals
	placed       placed
	timings      timings
	ahead        ahead
	ids          *orders.IDs
	track        *orders.Tracker
	journal      Journal
	risk         Risk
	asks         bool             // the dialect can be asked about the past
	doubtNumber  uint64           // of the last doubt that was put
	reconciling  bool             // no new orders until the questions of the last end are answered
	needsReports bool             // orders may only leave while a report session is live
	reports      *session         // that session, nil for none
	responder    orders.Responder // the dialect, where orders are HTTP requests; else nil
	many         orders.Many      // the dialect, where its messages may hold several events; else nil
	venue        *orders.VenueClock

	done   [64]netpoll.Completion
	market market.Event
	report orders.Report
	// What strategies, journals and risk gates are shown by pointer lies here: behind an interface it would escape.
	trigger trigger
	told    orders.Receipt
	now     int64

	maxSendAge int64
	killed     bool   // what the last turn saw of kill
	sweep      uint64 // the kill's cancels: next id to look at, 0 for done
	retiring   int    // sessions in phase Draining

	births       *queue[*session]
	renewals     *queue[uint16]
	mints        *queue[*minted]    // orders compiled with a fresh token
	minted       *minted            // the last of them
	colds        *queue[coldCancel] // cancels that go by REST
	cold         coldCancel
	cancelsCold  bool
	tickets      *queue[ticket]
	ticketOut    ticket
	ticketIn     ticket
	keepsTickets bool
	doubts       *queue[doubt]
	findings     *queue[finding]
	finding      finding
	ends         *queue[sessionEnd]
	timing       *queue[Timing]
	receipt      *queue[orders.Receipt]
	kill         *orders.Kill
	cancels      atomic.Bool // ask for the end of every open order, once
	halt         atomic.Bool // drain and end every connection, take no order
	quit         atomic.Bool // stop turning; set when every connection was handed back

	counts counts
	seen   published
}

// sessionEnd hands a dead connection back to the supervisor.
type sessionEnd struct {
	session *session
	err     error
}

// turn is one pass: births and ends, completions, deadlines, the strategy's own time, then idle work.
// It returns how much it did; now is read once by the caller.
func (l *Loop) turn(now int64) (work int) {
	l.now = now
	work = l.born(now)
	work += l.adopt()
	work += l.reap(now)
	work += l.found(now)
	l.deadlines(now)
	if l.dead() != l.killed {
		l.latch()
	}
	if l.cancels.Load() {
		l.cancels.Store(false)
		l.sweep = l.placed.oldest()
	}
	if l.sweep != 0 {
		work += l.sweepOpen(now)
	}
	if l.halt.Load() {
		l.drain(now)
	} else if l.retiring > 0 {
		l.followAll(now)
	}
	l.strategy.Turn(now, l)
	if work == 0 {
		l.idle()
	}
	return work
}

// born attaches the connections that the supervisor handed over.
func (l *Loop) born(now int64) (work int) {
	var s *session
	for l.births.take(&s) {
		work++
		l.attach(s, now)
	}
	return work
}

func (l *Loop) attach(s *session, now int64) {
	sock, err := l.port.Attach(s.handover.fd, s.index)
	if err != nil {
		l.ends.put(&sessionEnd{session: s, err: err})
		return
	}
	s.sock, s.port, s.arena = sock, l.port, l.arena
	if l.minted != nil && l.minted.until > s.armedUntil {
		s.armed, s.armedUntil = l.minted.armed, l.minted.until // renewed while it was being made
	}
	l.sessions[s.index] = s
	s.watch = watch{heardAt: now, dataAt: now}
	s.phase.advance(Live)
	l.counts.births++
	l.succeed(s, now)
	// What arrived behind the handshakes is read first, as if it had just been received.
	if err := l.glued(s, now); err != nil {
		l.end(s, err)
	}
}

// glued reads what the peer sent right behind the handshakes.
func (l *Loop) glued(s *session, now int64) error {
	h := s.handover
	for _, c := range h.samples {
		l.venue.Sample(c.sent, c.received, c.venueNanos, venueGranularity)
	}
	s.handover = handover{}
	for _, message := range h.early {
		if err := l.orderMessage(s, message, now); err != nil {
			return err
		}
	}
	if err := l.readAll(s, h.plain, now); err != nil {
		return err
	}
	used, err := l.openAll(s, h.cipher, now)
	if err != nil {
		return err
	}
	if !s.cipher.keep(h.cipher[used:]) {
		return errInboxFull
	}
	return nil
}

// reap handles what the port has finished.
func (l *Loop) reap(now int64) int {
	n := l.port.Reap(l.done[:])
	for i := range l.done[:n] {
		c := &l.done[i]
		s := l.sessions[c.Session%sessionMax]
		switch {
		case c.Kind == netpoll.Closed:
			if s != nil && s.sock == c.Sock {
				l.buried(s)
			}
		case c.Kind == netpoll.Sent:
			l.sent(s, c, now)
		case c.Kind == netpoll.Received:
			if s != nil && s.sock == c.Sock && s.phase != Ended {
				if err := l.received(s, c, now); err != nil {
					l.end(s, err)
				}
			}
			if c.Slot != 0 {
				l.arena.Put(c.Slot)
			}
		}
	}
	return n
}

// sent settles a slot that the kernel gave back.
func (l *Loop) sent(s *session, c *netpoll.Completion, now int64) {
	if s != nil && s.sock == c.Sock {
		id := s.flight.done(c.Slot)
		if id != 0 {
			l.orderSent(s, id, c, now)
		}
		if c.Errno != 0 && s.phase != Ended {
			l.end(s, &netpoll.OpError{Op: "send", Errno: c.Errno})
		}
	}
	l.arena.Put(c.Slot)
}

// orderSent tells the tracker whether an order's last byte was handed to the kernel: the difference
// between NotSent and Unknown.
func (l *Loop) orderSent(s *session, id uint64, c *netpoll.Completion, now int64) {
	if c.Errno == 0 {
		if t := s.timings.find(id); t != nil && l.port.Backend() == "ring" {
			t.At[Completed] = now
		}
		return
	}
	if receipt, news := s.track.NotSent(id, now); news {
		l.settle(receipt, now)
	}
}

// deadlines aborts a connection that holds a late record, and keeps connections alive.
func (l *Loop) deadlines(now int64) {
	for _, s := range l.sessions {
		if s != nil && s.phase != Ended && s.masks.Left() < maskPool/8 { // idle turns fill it; a storm may leave none
			if err := s.masks.Fill(); err != nil {
				l.end(s, err)
			}
		}
		if s != nil && s.phase == Live {
			l.watchdog(s, now)
		}
		if s != nil && s.pingNanos > 0 && now >= s.pingAt && s.phase == Live && s.control(wsproto.OpText, s.ping, now) {
			s.pingAt = now + s.pingNanos
		}
		if s != nil && s.flight.count > 0 && now-s.flight.oldest > l.maxSendAge && s.phase != Ended {
			if l.port.Unsent(s.sock) > 0 {
				l.end(s, errLate)
			} else {
				s.flight.oldest = now // handed over; only its completion is still to come
			}
		}
	}
}

// drain lets all connections leave politely: what is open is answered, Close, then what the peer still has to say.
func (l *Loop) drain(now int64) {
	for _, s := range l.sessions {
		switch {
		case s == nil || s.phase == Ended:
		case s.phase == Live:
			l.retire(s, now)
		default:
			l.follow(s, now, ErrStopped)
		}
	}
}

// end takes a connection out of service. Its orders without evidence become Unknown.
func (l *Loop) end(s *session, err error) {
	if s.phase == Ended {
		return
	}
	s.cause = err
	if s.phase == Draining {
		l.retiring--
	}
	s.phase.advance(Ended)
	abort := s.role == OrderRole && l.port.Unsent(s.sock) > 0
	if l.orders == s {
		l.elect(s)
	}
	if l.reports == s {
		l.reports = nil
	}
	if !abort {
		s.farewell(l.now)
	}
	l.port.Detach(s.sock, abort)
}

// buried hands a closed connection back to the supervisor. All its sends were settled before (Port.Detach).
func (l *Loop) buried(s *session) {
	before := l.doubtNumber
	for s.role == OrderRole {
		receipt, more := s.track.LoseOn(s.index, l.now)
		if !more {
			break
		}
		l.settle(receipt, l.now)
	}
	// Where reports come on a connection of their own, the end of an order connection hides nothing but its answers.
	if l.asks && (s.role == ReportRole || s.role == OrderRole && !l.needsReports) {
		l.suspectOpen()
	}
	if l.asks && l.doubtNumber > before {
		l.reconciling = true // where nothing was open, nothing can have been missed
	}
	l.sessions[s.index] = nil
	l.ends.put(&sessionEnd{session: s, err: s.cause})
}

// idle does ahead what can be ahead.
func (l *Loop) idle() {
	for _, s := range l.sessions {
		if s == nil || s.phase != Live {
			continue
		}
		if s.masks.Left() < maskPool/2 {
			if err := s.masks.Fill(); err != nil {
				l.end(s, err)
				continue
			}
		}
		s.flushControl(l.now)
		if s == l.orders {
			s.sharpen(l.now)
			s.warm()
		}
	}
	l.rehearse()
	l.counts.idleTurns++
	if l.counts.idleTurns%publishEvery == 0 {
		l.seen.publish(&l.counts, l.track)
	}
}

// Push fires an armed order. See Hand.
func (l *Loop) Push(order Armed, price, qty fixed.Number, at int64) (uint64, orders.Outcome) {
	if !l.Live() || int(order) >= len(l.armed) {
		l.counts.outcomes[orders.NotLive]++
		return 0, orders.NotLive
	}
	now, line := l.clock.Now(), l.freeLine()
	t := &l.trigger
	a := &line.armed[order]
	*t = trigger{order: order, spec: a.spec, template: a.template, intended: at, now: now}
	t.values = orders.Values{Price: price, Qty: qty}
	id, outcome := line.push(t, now)
	l.counts.outcomes[outcome]++
	if outcome == orders.Sent {
		l.placed.put(id, order, line.index)
		if wait := l.shadow.met(at); wait > 0 {
			line.marks.now.RehearsalWait = wait
			l.counts.rehearsalsMet++
		}
	}
	return id, outcome
}

// Aim asks for a candidate. See Hand.
func (l *Loop) Aim(order Armed, price, qty fixed.Number) {
	if l.orders != nil && l.ahead.list != nil && int(order) < len(l.armed) && l.armed[order].template.Fits(price, qty) {
		l.ahead.aim(order, price, qty)
	}
}

// Cancel asks for the end of order id. See Hand.
func (l *Loop) Cancel(id uint64, at int64) (uint64, orders.Outcome) {
	place, known := l.placed.find(id)
	if !known {
		l.counts.outcomes[orders.BadValue]++
		return 0, orders.BadValue
	}
	if l.armed[place.order].cancel == nil {
		return l.cancelCold(id)
	}
	s, now := l.lineOf(place.session, id), l.clock.Now()
	if s == nil {
		l.counts.outcomes[orders.NotLive]++
		return 0, orders.NotLive
	}
	t, a := &l.trigger, &s.armed[place.order]
	*t = trigger{order: place.order, spec: a.cancelSpec, template: a.cancel, intended: at}
	t.values = orders.Values{Target: id}
	request, outcome := s.push(t, now)
	l.counts.outcomes[outcome]++
	return request, outcome
}

// Live tells whether a Push would find a live order session. See Hand.
func (l *Loop) Live() bool {
	return l.orders != nil && l.orders.phase == Live && !l.reconciling && (!l.needsReports || l.reports != nil)
}
