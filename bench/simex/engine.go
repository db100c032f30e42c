package simex

import "slices"

// The matching engine: price and time priority among resting orders, then whatever the fill rule offers from
// outside. Every function here runs under the venue's lock.

// placement is a checked request for an order.
type placement struct {
	account    *account
	instrument *instrument
	client     []byte
	side       side
	kind       orderKind
	tif        timeInForce
	post       bool
	reduce     bool
	stp        selfTrade
	price, qty amount
	rx         int64
	uid        string // the venue's textual id, where it has one
	category   string // Bybit
}

// event is something that user streams tell.
type event struct {
	kind  eventKind
	order *order
	fill  execution
	done  amount // cumulative quantity right after this event
	value amount
	state orderState
}

type eventKind uint8

const (
	eventNew eventKind = iota
	eventTrade
	eventCancelled
	eventExpired
	eventRejected
	eventReplaced // same order, other quantity
	eventRested   // told by Coinbase alone: what is left stands in the book
)

const firstOrderID = 12_500_000_001

// place enters an order into the engine and lets it trade.
func (v *Venue) place(now int64, p *placement, plan *Plan) *order {
	o := v.enter(now, p)
	v.tally.add(cAccepted)
	v.tell(now, eventNew, o, execution{})
	if p.post && v.wouldTake(o) {
		v.close(now, o, stateExpired, "post only order would take")
		return o
	}
	if o.tif == fillOrKill && v.offered(o, plan) < o.qty {
		v.close(now, o, stateExpired, "fill or kill")
		return o
	}
	v.take(now, o)
	if o.open() && o.left() > 0 && !p.post {
		if qty, price := v.outside(o, plan); qty > 0 {
			v.execute(now, o, nil, price, qty)
		}
	}
	v.settle(now, o)
	o.hiddenUntil = now + plan.HideFor
	return o
}

// settle closes what may not rest, and rests the others.
func (v *Venue) settle(now int64, o *order) {
	switch {
	case !o.open():
	case o.kind == marketOrder || o.tif != goodTillCancel:
		v.close(now, o, stateExpired, "rest of an immediate order")
	default:
		side := o.instrument.book(o.side)
		at, _ := slices.BinarySearchFunc(*side, o, func(resting, mine *order) int {
			if mine.side == buy && resting.price >= mine.price || mine.side == sell && resting.price <= mine.price {
				return -1
			}
			return 1
		})
		*side = slices.Insert(*side, at, o)
		if v.tellsRest {
			v.tell(now, eventRested, o, execution{})
		}
	}
}

// enter records an order and binds its client id.
func (v *Venue) enter(now int64, p *placement) *order {
	o := &order{
		account: p.account, instrument: p.instrument, id: firstOrderID + uint64(len(v.orders)), client: string(p.client),
		side: p.side, kind: p.kind, tif: p.tif, post: p.post, reduce: p.reduce, stp: p.stp,
		price: p.price, qty: p.qty, created: now, updated: now, rx: p.rx, uid: p.uid, category: p.category,
	}
	v.orders = append(v.orders, o)
	p.account.open = append(p.account.open, o)
	if o.client != "" {
		p.account.latest[o.client] = o
	}
	if o.uid != "" {
		v.byUID[o.uid] = o
	}
	return o
}

// cancel takes an open order out of the book.
func (v *Venue) cancel(now int64, o *order, why string) { v.close(now, o, stateCancelled, why) }

func (v *Venue) close(now int64, o *order, state orderState, why string) {
	o.instrument.remove(o)
	o.account.closed(o)
	o.state, o.updated, o.why = state, now, why
	kind := eventExpired
	if state == stateCancelled {
		kind = eventCancelled
		v.tally.add(cCancelled)
	} else {
		v.tally.add(cExpired)
	}
	if o.done > 0 {
		v.tally.add(cPartiallyFilled)
	}
	v.tell(now, kind, o, execution{})
}

func (v *Venue) tell(now int64, kind eventKind, o *order, fill execution) {
	o.updated = now
	v.events = append(v.events, event{kind: kind, order: o, fill: fill, done: o.done, value: o.value, state: o.state})
}

// take trades against resting orders.
func (v *Venue) take(now int64, o *order) {
	for book := o.instrument.book(1 - o.side); o.open() && len(*book) > 0 && o.crosses((*book)[0].price); {
		resting := (*book)[0]
		if resting.account == o.account && o.stp != selfAllowed {
			v.preventSelfTrade(now, o, resting)
			continue
		}
		v.execute(now, o, resting, resting.price, min(o.left(), resting.left()))
	}
}

func (v *Venue) preventSelfTrade(now int64, o, resting *order) {
	const why = "self-trade prevention"
	mode := o.stp
	if mode == selfDecrement {
		v.decrement(now, o, resting)
		return
	}
	if mode == selfCancelMaker || mode == selfCancelBoth {
		v.close(now, resting, stateExpired, why)
	}
	if mode == selfCancelTaker || mode == selfCancelBoth {
		v.close(now, o, stateExpired, why)
	}
}

// decrement cancels the smaller order and takes its size off the larger; equal ones both go.
func (v *Venue) decrement(now int64, o, resting *order) {
	const why = "self-trade prevention"
	mine, theirs := o.left(), resting.left()
	if mine >= theirs {
		v.close(now, resting, stateExpired, why)
		o.qty -= theirs
	} else {
		resting.qty -= mine
	}
	if mine <= theirs {
		if mine == theirs {
			o.qty += theirs // both end whole: a cancelled order keeps the size it was sent with
		}
		v.close(now, o, stateExpired, why)
	}
}

// execute books one trade on the taker and, where there is one, on the resting order.
func (v *Venue) execute(now int64, taker, resting *order, price, qty amount) {
	v.executionID++
	for _, o := range []*order{taker, resting} {
		if o == nil {
			continue
		}
		fill := execution{id: v.executionID, price: price, qty: qty, maker: o == resting, at: now, other: resting}
		if o == resting {
			fill.other = taker
		}
		o.executions = append(o.executions, fill)
		o.done += qty
		o.value += price.times(qty)
		v.tally.add(cExecutions)
		o.state = statePartial
		if o.left() == 0 {
			v.fillUp(now, o)
		}
		v.tell(now, eventTrade, o, fill)
	}
}

// fillUp closes an order that has traded all it wanted, and gives its unfilled count back.
func (v *Venue) fillUp(now int64, o *order) {
	o.state = stateFilled
	v.tally.add(cFilled)
	o.instrument.remove(o)
	o.account.closed(o)
	if o.counted {
		o.counted = false
		o.account.usage.ordered(now, -1)
	}
}

// outside is what the fill rule offers an order beyond the book: a quantity and a price.
func (v *Venue) outside(o *order, plan *Plan) (qty, price amount) {
	rule := v.config.Fill
	if plan.Fill != FillDefault {
		rule = plan.Fill
	}
	aggressive := o.kind == marketOrder || o.tif != goodTillCancel
	quotePrice, quoteQty := o.instrument.touch(o.side)
	price = o.price
	if o.kind == marketOrder {
		if price = quotePrice; price == 0 {
			price = o.instrument.mark
		}
	}
	switch {
	case price == 0:
		return 0, 0
	case rule == FillAlways && aggressive:
		return o.left(), price
	case rule == FillPart && aggressive:
		part := o.left().times(amount(plan.PartPermille) * (amountOne / 1000))
		return part - part%o.instrument.step, price
	case rule == FillQuote && quotePrice > 0 && o.crosses(quotePrice):
		return min(o.left(), quoteQty), quotePrice
	}
	return 0, 0
}

// offered is how much an order could trade at once: for fill-or-kill.
func (v *Venue) offered(o *order, plan *Plan) amount {
	sum := amount(0)
	for _, resting := range *o.instrument.book(1 - o.side) {
		if !o.crosses(resting.price) {
			break
		}
		if resting.account != o.account || o.stp == selfAllowed {
			sum += resting.left()
		}
	}
	qty, _ := v.outside(o, plan)
	return sum + qty
}

// wouldTake tells whether a post-only order would trade at once.
func (v *Venue) wouldTake(o *order) bool {
	book := *o.instrument.book(1 - o.side)
	if len(book) > 0 && o.crosses(book[0].price) {
		return true
	}
	price, _ := o.instrument.touch(o.side)
	return v.config.Fill == FillQuote && price > 0 && o.crosses(price)
}

// crosses tells whether the order may trade at a price of the other side.
func (o *order) crosses(price amount) bool {
	if o.kind == marketOrder {
		return true
	}
	if o.side == buy {
		return price <= o.price
	}
	return price >= o.price
}

// Trade lets a taker from outside hit the book: it fills resting orders at their own price until qty is used.
// It tells how much was traded. Numbers are decimal text; a symbol that is not traded here takes nothing.
func (v *Venue) Trade(now int64, symbol, takerSide, price, qty string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	ins := v.instrument([]byte(symbol))
	if ins == nil {
		return "0"
	}
	taker := order{side: buy, price: mustAmount(price)}
	if takerSide == "sell" {
		taker.side = sell
	}
	wanted := mustAmount(qty)
	left := wanted
	for book := ins.book(1 - taker.side); left > 0 && len(*book) > 0 && taker.crosses((*book)[0].price); {
		resting := (*book)[0]
		part := min(left, resting.left())
		v.fillResting(now, resting, part)
		left -= part
	}
	v.publish(now, nil, &Plan{})
	return (wanted - left).String()
}

// fillResting books a trade of a resting order with an outside taker.
func (v *Venue) fillResting(now int64, resting *order, qty amount) {
	v.executionID++
	fill := execution{id: v.executionID, price: resting.price, qty: qty, maker: true, at: now}
	resting.executions = append(resting.executions, fill)
	resting.done += qty
	resting.value += resting.price.times(qty)
	resting.state = statePartial
	v.tally.add(cExecutions)
	if resting.left() == 0 {
		v.fillUp(now, resting)
	}
	v.tell(now, eventTrade, resting, fill)
}

// publish lets the protocol word the events of this request, and clears them.
func (v *Venue) publish(now int64, origin *Conn, plan *Plan) {
	if len(v.events) > 0 && !plan.ReportLost {
		v.protocol.publish(now, origin, plan)
	}
	clear(v.events)
	v.events = v.events[:0]
}

// setQuote takes a replayed best bid and ask; with FillQuote resting orders that it crosses are filled.
func (v *Venue) setQuote(now int64, ins *instrument, q quote) {
	ins.quote = q
	if v.config.Fill != FillQuote {
		return
	}
	for len(ins.bids) > 0 && q.ask > 0 && ins.bids[0].price >= q.ask && q.askQty > 0 {
		part := min(q.askQty, ins.bids[0].left())
		v.fillResting(now, ins.bids[0], part)
		q.askQty -= part
	}
	for len(ins.asks) > 0 && q.bid > 0 && ins.asks[0].price <= q.bid && q.bidQty > 0 {
		part := min(q.bidQty, ins.asks[0].left())
		v.fillResting(now, ins.asks[0], part)
		q.bidQty -= part
	}
	v.publish(now, nil, &Plan{})
}

func (ins *instrument) book(s side) *[]*order {
	if s == buy {
		return &ins.bids
	}
	return &ins.asks
}

// touch is the quote that an order of side s would take.
func (ins *instrument) touch(s side) (price, qty amount) {
	if s == buy {
		return ins.quote.ask, ins.quote.askQty
	}
	return ins.quote.bid, ins.quote.bidQty
}

func (ins *instrument) remove(o *order) {
	book := ins.book(o.side)
	if at := slices.Index(*book, o); at >= 0 {
		*book = slices.Delete(*book, at, at+1)
	}
}

// Quote sets the best bid and ask of a symbol by hand, as a replayed quote would. Numbers are decimal text.
func (v *Venue) Quote(now int64, symbol, bid, bidQty, ask, askQty string) {
	q := quote{mustAmount(bid), mustAmount(bidQty), mustAmount(ask), mustAmount(askQty)}
	v.mu.Lock()
	defer v.mu.Unlock()
	if ins := v.instrument([]byte(symbol)); ins != nil {
		v.setQuote(now, ins, q)
	}
}
