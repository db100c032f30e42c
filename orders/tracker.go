package orders

import (
	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

// Tracker knows what is known about each order of one account: its state by the table in life.go, what was executed,
// and since when. Fixed capacity, no allocation after its making. One loop owns it.
//
// An order that has ended stays until its place is needed, oldest first, so that what comes late finds it. What comes
// later still is a stray: counted, never guessed about.
type Tracker struct {
	entries    []entry
	free       int32 // head of the free places, chained by next; none: -1
	waiting    list  // Pushed orders, and cancels without an answer
	ended      list
	byID       index
	byVenue    index
	executions executions
	books      books
	counts     [stateCount]int
	open       int // orders that have not ended
	tally      Tally
}

// Tally counts what should be rare.
type Tally struct {
	Strays     uint64 // messages about orders that are not here (any more)
	Duplicates uint64 // executions and news that were known already
	Conflicts  uint64 // evidence that contradicts other evidence
	Unbooked   uint64 // quantities that could not be added up, or whose symbol has no room
	Evicted    uint64 // ended orders that made room
}

// entry is one order, or one request to cancel.
type entry struct {
	id          uint64
	target      uint64 // of a cancel
	cancel      uint64 // the request to cancel it that was sent last
	state       State
	action      Action
	side        market.Side
	used        bool
	venueLen    uint8
	in          listName
	session     uint16
	self        int32 // its place
	prev, next  int32
	pushedAt    int64
	windowNanos int64
	price, qty  fixed.Number
	booked      fixed.Number // sum of its executions
	reported    fixed.Number // largest cumulative quantity that the venue named
	book        int32        // none: its symbol found no room
	openQty     uint64       // its share of the book
	openValue   value
	venueID     [venueIDMax]byte
	venueKey    uint64
}

const (
	venueIDMax  = 40 // UUIDs have 36, Kraken's ids 19
	symbolsMax  = 1024
	execPerSlot = 2
)

// NewTracker makes a tracker of at most capacity orders and cancels.
func NewTracker(capacity int) *Tracker {
	capacity = max(capacity, 1)
	t := &Tracker{
		entries: make([]entry, capacity), byID: newIndex(capacity), byVenue: newIndex(capacity),
		executions: newExecutions(capacity * execPerSlot), books: newBooks(min(capacity, symbolsMax)),
		waiting: emptyList(inWaiting), ended: emptyList(inEnded),
	}
	for i := range t.entries {
		t.entries[i].next = int32(i) + 1
	}
	t.entries[capacity-1].next = none
	return t
}

// Room tells whether one more order can be remembered.
func (t *Tracker) Room() bool { return t.free != none || t.ended.first != none }

// Waiting is how many orders and cancels are without any answer yet.
func (t *Tracker) Waiting() int { return t.waiting.count }

// Open is how many orders have not ended, Unknown ones among them.
func (t *Tracker) Open() int { return t.open }

// Count is how many of the remembered orders are in state s.
func (t *Tracker) Count(s State) int { return t.counts[s] }

// Tally is what was odd so far.
func (t *Tracker) Tally() Tally { return t.tally }

// Add remembers an order that is about to be handed to the kernel: state Pushed.
//
// Panics: without Room, and on an id that is already here.
func (t *Tracker) Add(id uint64, now int64, template *Template, price, qty fixed.Number) {
	t.AddOn(0, id, now, template, price, qty)
}

// AddOn is Add on one of several order connections; session is any number that LoseOn will be told.
func (t *Tracker) AddOn(session uint16, id uint64, now int64, template *Template, price, qty fixed.Number) {
	c := template.compiled()
	if c.bookOf != t { // the template's first order here
		c.bookOf, c.book = t, int32(t.books.open(&c.spec))
	}
	e := t.take(id)
	e.state, e.action, e.side, e.session, e.book = Pushed, c.spec.Action, c.spec.Side, session, c.book
	e.price, e.qty, e.pushedAt, e.windowNanos = price, qty, now, int64(c.spec.WindowMillis)*1e6
	t.begin(e)
}

// AddCancel remembers a request to cancel target, so that its answer finds that order. A cancel is forgotten with its
// answer, with the end of its target, and when its connection is lost: unlike an order it may be sent again.
func (t *Tracker) AddCancel(session uint16, id, target uint64, now int64) {
	e := t.take(id)
	e.state, e.action, e.target, e.session, e.pushedAt, e.book = Pushed, Cancel, target, session, now, none
	t.begin(e)
	if order := t.find(target); order != nil {
		order.cancel = id
	}
}

// begin files a new entry.
func (t *Tracker) begin(e *entry) {
	t.link(&t.waiting, e)
	if e.isOrder() {
		t.counts[Pushed]++
		t.open++
	}
	t.reserve(e, 1)
}

// reserve brings what e has open into its book; by is the change in the number of open orders.
func (t *Tracker) reserve(e *entry, by int) {
	if e.book == none || e.action != Place {
		return
	}
	b := &t.books.all[e.book]
	b.openOrders += by
	b.reserve(e)
}

// isOrder is false for requests that only ask something of other orders.
func (e *entry) isOrder() bool { return e.action == Place || e.action == Test }

// NotSent settles an order whose last byte was never handed to the kernel.
func (t *Tracker) NotSent(id uint64, now int64) (Receipt, bool) {
	e := t.find(id)
	if e == nil {
		t.tally.Strays++
		return Receipt{}, false
	}
	if !e.isOrder() {
		return t.answered(e, NotSent, ReportOther, now), true
	}
	return t.move(e, NotHanded, ReportOther, now)
}

// Lose makes one more order without an answer Unknown, because its connection ended; false when none is left.
func (t *Tracker) Lose(now int64) (Receipt, bool) {
	for t.waiting.first != none {
		e := &t.entries[t.waiting.first]
		if receipt, news := t.lose(e, now); news {
			return receipt, true
		}
	}
	return Receipt{}, false
}

// LoseOn is Lose for the orders of one connection.
func (t *Tracker) LoseOn(session uint16, now int64) (Receipt, bool) {
	for at := t.waiting.first; at != none; {
		e := &t.entries[at]
		at = e.next
		if e.session != session {
			continue
		}
		if receipt, news := t.lose(e, now); news {
			return receipt, true
		}
	}
	return Receipt{}, false
}

func (t *Tracker) lose(e *entry, now int64) (Receipt, bool) {
	if !e.isOrder() {
		return t.answered(e, Unknown, ReportUnknown, now), true
	}
	return t.move(e, ConnectionLost, ReportUnknown, now)
}

// Apply books what the venue said about order or cancel id. news is false where nothing new is known.
func (t *Tracker) Apply(r *Report, id uint64, now int64) (receipt Receipt, news bool) {
	e := t.find(id)
	if e == nil {
		t.tally.Strays++
		return Receipt{}, false
	}
	if !e.isOrder() {
		return t.applyCancel(e, r, now)
	}
	t.bind(e, r.VenueID)
	executed := t.booked(e, r)
	event := eventOf(r.Kind)
	if e.full() {
		event = VenueFilled
	}
	receipt, news = t.move(e, event, r.Kind, now)
	receipt.Code, receipt.CumQty = r.Code, e.executed()
	if executed {
		receipt.LastQty, receipt.LastPrice = r.LastQty, r.LastPrice
	}
	if !news && !executed && r.Kind != ReportCancelRejected {
		t.tally.Duplicates++
		return Receipt{}, false
	}
	return receipt, true
}

// applyCancel settles an answer that names the request to cancel and not the order.
func (t *Tracker) applyCancel(e *entry, r *Report, now int64) (Receipt, bool) {
	target, accepted := e.target, r.Kind == ReportCancelled
	state := Acked
	switch r.Kind {
	case ReportCancelRejected, ReportRejected, ReportThrottled, ReportNotFound:
		state = Rejected
	case ReportUnknown:
		state = Unknown
	}
	receipt := t.answered(e, state, r.Kind, now)
	receipt.Code = r.Code
	order := t.find(target)
	if order == nil || !accepted {
		return receipt, true
	}
	if ended, news := t.Apply(r, order.id, now); news {
		return ended, true
	}
	return receipt, true
}

// answered forgets a request to cancel and tells what came of it, under the request's own id.
func (t *Tracker) answered(e *entry, state State, kind ReportKind, now int64) Receipt {
	r := Receipt{ID: e.id, Target: e.target, State: state, Before: Pushed, Kind: kind, PushedAt: e.pushedAt, At: now}
	if order := t.find(e.target); order != nil && order.cancel == e.id {
		order.cancel = 0
	}
	t.unlink(&t.waiting, e)
	t.release(e)
	return r
}

// move changes the state by the table and files the order anew. news is false where the state stays.
func (t *Tracker) move(e *entry, event Event, kind ReportKind, now int64) (Receipt, bool) {
	if e.state.contradicts(event) {
		t.tally.Conflicts++
	}
	before := e.state
	e.state = before.After(event)
	r := Receipt{ID: e.id, State: e.state, Before: before, Kind: kind, PushedAt: e.pushedAt, At: now}
	if e.state == before {
		return r, false
	}
	t.counts[before]--
	t.counts[e.state]++
	wasOpen, isOpen := !e.over(before), !e.over(e.state)
	by := 0
	if wasOpen && !isOpen {
		by = -1
	} else if !wasOpen && isOpen {
		by = 1
	}
	t.open += by
	t.reserve(e, by)
	t.file(e, isOpen)
	if !isOpen && e.cancel != 0 {
		if request := t.find(e.cancel); request != nil {
			t.answered(request, Acked, kind, now)
		}
		e.cancel = 0
	}
	return r, true
}

// over tells whether e needs no more attention in state s. A dry run that was accepted is over: nothing is open.
func (e *entry) over(s State) bool { return s.Ended() || e.action == Test && s == Acked }

// file puts e into the list where its state belongs.
func (t *Tracker) file(e *entry, open bool) {
	switch {
	case e.in == inWaiting:
		t.unlink(&t.waiting, e)
	case e.in == inEnded && open: // NotSent, and yet the venue knows it
		t.unlink(&t.ended, e)
	}
	if !open && e.in != inEnded {
		t.link(&t.ended, e)
	}
}
