package orders

import (
	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

// booked adds what r executed to e, each execution once, in whatever state e is. It tells whether more is executed now
// than was known.
//
// The venue's cumulative quantity and the sum of the executions are two accounts of the same thing, and either may be
// behind: the larger one counts.
func (t *Tracker) booked(e *entry, r *Report) (more bool) {
	before := e.executed()
	if len(r.ExecID) > 0 && r.LastQty.Mantissa > 0 {
		if !t.executions.first(e.id, r.ExecID) {
			t.tally.Duplicates++
		} else if sum, ok := e.booked.Add(r.LastQty); ok {
			e.booked = sum
		} else {
			t.tally.Unbooked++
		}
	}
	if r.CumQty.Cmp(e.reported) > 0 {
		e.reported = r.CumQty
	}
	after := e.executed()
	if after.Cmp(before) <= 0 {
		return false
	}
	if by, ok := after.Sub(before); !ok || e.book == none || !t.books.all[e.book].fill(e.side, by) {
		t.tally.Unbooked++
	}
	t.reserve(e, 0)
	return true
}

// executed is what is known to have traded.
func (e *entry) executed() fixed.Number {
	if e.reported.Cmp(e.booked) > 0 {
		return e.reported
	}
	return e.booked
}

// full tells whether the executions add up to the order: positive evidence of the venue, whatever it calls it.
func (e *entry) full() bool { return e.qty.Mantissa > 0 && e.executed().Cmp(e.qty) >= 0 }

// bind remembers the venue's own id of an order: some venues name only that in what follows.
func (t *Tracker) bind(e *entry, venueID []byte) {
	if len(venueID) == 0 || len(venueID) > venueIDMax || e.venueLen > 0 {
		return
	}
	key := hashText(0, venueID)
	if t.byVenue.find(key) >= 0 {
		t.tally.Conflicts++ // two orders under one venue id
		return
	}
	e.venueKey, e.venueLen = key, uint8(copy(e.venueID[:], venueID))
	t.byVenue.put(key, int(e.self))
}

// ByVenueID finds the order that the venue calls so, once one of its messages named both.
func (t *Tracker) ByVenueID(venueID []byte) (id uint64, ok bool) {
	at := t.byVenue.find(hashText(0, venueID))
	if at < 0 {
		return 0, false
	}
	e := &t.entries[at]
	return e.id, string(e.venueID[:e.venueLen]) == string(venueID)
}

// FirstWaiting is the oldest order or cancel of a connection that is without an answer, and whether it is the only one: what
// an answer without any id is about (R14). Where it is not alone nobody knows, and LoseOn makes all of them Unknown.
func (t *Tracker) FirstWaiting(session uint16) (id uint64, alone, some bool) {
	for at := t.waiting.first; at != none; at = t.entries[at].next {
		e := &t.entries[at]
		if e.session != session {
			continue
		}
		if some {
			return id, false, true
		}
		id, alone, some = e.id, true, true
	}
	return id, alone, some
}

// Position is what was executed in symbol, and what is open.
func (t *Tracker) Position(symbol string) Position {
	if at := t.books.find(symbol); at >= 0 {
		return t.books.all[at].position()
	}
	return Position{Symbol: symbol}
}

// Positions appends all symbols that had orders.
func (t *Tracker) Positions(dst []Position) []Position {
	for i := range t.books.all[:t.books.used] {
		dst = append(dst, t.books.all[i].position())
	}
	return dst
}

// Absence is the whole proof that an Unknown order is not at the venue (design.md section 4): three questions, each
// asked when its answer could no longer change, and all answered "not there". One "not found" proves nothing (R4).
type Absence struct {
	AskedAt     int64 // loop clock, ns: no question was sent before it
	Status      bool  // the order's status was asked and is unknown to the venue
	OpenOrders  bool  // the open orders were read and it is not among them
	Fills       bool  // the executions since its push were read and none is its
	SettleNanos int64 // how long the venue may take to show what it has done (profile)
	BoundNanos  int64 // bound of the venue clock's error (VenueClock)
}

// Absent ends an Unknown order as Rejected if a is the whole proof. An order that carried no window is never proven
// absent.
func (t *Tracker) Absent(id uint64, a Absence, now int64) (Receipt, bool) {
	e := t.find(id)
	if e == nil || !a.Status || !a.OpenOrders || !a.Fills || e.windowNanos == 0 {
		return Receipt{}, false
	}
	if a.AskedAt <= e.pushedAt+e.windowNanos+a.SettleNanos+a.BoundNanos {
		return Receipt{}, false
	}
	return t.move(e, ProvenAbsent, ReportNotFound, now)
}

// Info is what is known about one order.
type Info struct {
	ID       uint64
	State    State
	Action   Action
	Symbol   string
	Side     market.Side
	Price    fixed.Number
	Qty      fixed.Number
	Executed fixed.Number
	PushedAt int64  // loop clock, ns
	Session  uint16 // the connection it was sent on
	Cancel   uint64 // the request to cancel it that is without an answer; 0 without
	VenueID  string // empty where the venue named none yet
}

// Order tells all that is known about id. It allocates (VenueID): for the control plane.
func (t *Tracker) Order(id uint64) (Info, bool) {
	e := t.find(id)
	if e == nil || !e.isOrder() {
		return Info{}, false
	}
	return t.info(e), true
}

// State is what is known about id on the loop, without allocation.
func (t *Tracker) State(id uint64) (State, bool) {
	e := t.find(id)
	if e == nil || !e.isOrder() {
		return Armed, false
	}
	return e.state, true
}

// MayRetry tells whether id may be sent again under a new id: NotSent, and no evidence since (R2).
func (t *Tracker) MayRetry(id uint64) bool {
	state, known := t.State(id)
	return known && state == NotSent
}

func (t *Tracker) info(e *entry) Info {
	symbol := ""
	if e.book != none {
		symbol = t.books.all[e.book].symbol
	}
	return Info{
		ID: e.id, State: e.state, Action: e.action, Symbol: symbol, Side: e.side, Price: e.price, Qty: e.qty,
		Executed: e.executed(), PushedAt: e.pushedAt, Session: e.session, Cancel: e.cancel, VenueID: string(e.venueID[:e.venueLen]),
	}
}

// Snapshot appends all orders that are remembered, or only those that have not ended. It allocates.
func (t *Tracker) Snapshot(dst []Info, openOnly bool) []Info {
	for i := range t.entries {
		e := &t.entries[i]
		if e.used && e.isOrder() && (!openOnly || !e.over(e.state)) {
			dst = append(dst, t.info(e))
		}
	}
	return dst
}

// Restore remembers an order of an earlier life, as the journal had it: recovery only, before the loop runs. windowNanos
// and PushedAt are as they were, with PushedAt on this life's loop clock (it may be negative).
//
// Panics: without Room, and on an id that is already here.
func (t *Tracker) Restore(i Info, windowNanos int64) {
	e := t.take(i.ID)
	e.action, e.side, e.session = i.Action, i.Side, i.Session
	e.book = int32(t.books.open(&Spec{Symbol: i.Symbol, PriceScale: i.Price.Scale, QtyScale: i.Qty.Scale}))
	e.price, e.qty, e.pushedAt, e.windowNanos, e.reported = i.Price, i.Qty, i.PushedAt, windowNanos, i.Executed
	e.state = i.State
	if i.State == Pushed || i.State == Armed {
		e.state = Unknown // the process died: nobody waits for its answer any more
	}
	t.counts[e.state]++
	t.bind(e, []byte(i.VenueID))
	if open := !e.over(e.state); open {
		t.open++
		t.reserve(e, 1)
	} else {
		t.file(e, open)
	}
}
