package binance

import (
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/orders/scan"
)

// Market reads one message of a market-data connection into ev: a trade, aggTrade, bookTicker or depthUpdate,
// raw or inside a combined stream's wrapper, or the REST answer of /api/v3/depth (KindSnapshot, no Symbol: the
// answer does not name it, the question did). It allocates nothing.
func (d *Dialect) Market(message []byte, ev *market.Event) error {
	ev.Reset()
	known := &spotShapes
	if d.Product == USDM {
		known = &usdmShapes
	}
	if known.short(message, ev) {
		return nil
	}
	ev.Reset()
	return general(message, ev)
}

// general reads a message in any sound form.
func general(message []byte, ev *market.Event) error {
	w := walk{ev: ev}
	w.c.Reset(message)
	w.fields(false)
	if err := w.c.End(); err != nil {
		ev.Reset()
		return err
	}
	err := w.decide()
	if err != nil || ev.Kind == market.KindOther {
		kind := ev.Kind
		ev.Reset()
		ev.Kind = kind
	}
	return err
}

// The fields of market messages that mean something to us, as bits of walk.seen. One letter may have several,
// told apart by the form of the value.
const (
	hasEvent      = 1 << iota // e: name of the event
	hasEventTime              // E
	hasSymbol                 // s
	hasTime                   // T
	hasID                     // t: trade id
	hasAggID                  // a, a number: aggregate trade id
	hasFirstID                // f
	hasLastID                 // l
	hasPrice                  // p
	hasQty                    // q
	hasMaker                  // m: the buyer was the maker
	hasBid                    // b, a string
	hasBidQty                 // B
	hasAsk                    // a, a string
	hasAskQty                 // A
	hasBids                   // b or bids, an array
	hasAsks                   // a or asks, an array
	hasFirst                  // U
	hasLast                   // u
	hasPrevious               // pu
	hasSnapshotID             // lastUpdateId
	hasData                   // data: only ever doubled
	hasFull                   // a ladder that did not fit

	needsTrade    = hasEventTime | hasSymbol | hasTime | hasID | hasPrice | hasQty | hasMaker
	needsAggTrade = needsTrade&^hasID | hasAggID | hasFirstID | hasLastID
	needsQuote    = hasSymbol | hasLast | hasBid | hasBidQty | hasAsk | hasAskQty
	needsDepth    = hasEventTime | hasSymbol | hasFirst | hasLast | hasBids | hasAsks
	needsSnapshot = hasSnapshotID | hasBids | hasAsks
)

// walk is one pass over one message. What it finds waits here until the kind of the message is known.
type walk struct {
	c       scan.Cursor
	ev      *market.Event
	seen    uint32
	doubled uint32
	wrapped bool // the fields come from inside "data"

	event, symbol          []byte
	eventTime, time        int64
	id, first, last, prior int64
	price, qty             fixed.Number
	bid, bidQty            fixed.Number
	ask, askQty            fixed.Number
	maker                  bool
}

// fields reads one object: the message, or what its wrapper holds.
func (w *walk) fields(wrapped bool) {
	w.c.Object()
	for {
		key, more := w.c.Key()
		if !more {
			return
		}
		switch {
		case w.wrapped && !wrapped: // beside a wrapper's data nothing means anything, but a second data does
			if string(key) == "data" {
				w.doubled |= hasData
			}
			w.c.Skip()
		case len(key) == 1:
			w.letter(key[0])
		default:
			w.word(key, wrapped)
		}
	}
}

func (w *walk) letter(key byte) {
	switch key {
	case 'e':
		w.text(&w.event, hasEvent)
	case 'E':
		w.whole(&w.eventTime, hasEventTime)
	case 's':
		w.text(&w.symbol, hasSymbol)
	case 'T':
		w.whole(&w.time, hasTime)
	case 't':
		w.whole(&w.id, hasID)
	case 'f':
		w.whole(&w.first, hasFirstID)
	case 'l':
		w.whole(&w.last, hasLastID)
	case 'U':
		w.whole(&w.first, hasFirst)
	case 'u':
		w.whole(&w.last, hasLast)
	case 'p':
		w.decimal(&w.price, hasPrice)
	case 'q':
		w.decimal(&w.qty, hasQty)
	case 'B':
		w.decimal(&w.bidQty, hasBidQty)
	case 'A':
		w.decimal(&w.askQty, hasAskQty)
	case 'b':
		if w.c.Kind() == scan.Array {
			w.ev.Depth.Bids = w.ladder(w.ev.Depth.Bids, hasBids)
			return
		}
		w.decimal(&w.bid, hasBid)
	case 'a':
		w.letterA()
	case 'm':
		if maker, ok := w.c.TryBool(); ok {
			w.maker = maker
			w.saw(hasMaker)
		}
	default:
		w.c.Skip()
	}
}

// letterA reads "a": an aggregate trade's id, a best ask, or the asks of a depth update.
func (w *walk) letterA() {
	switch w.c.Kind() {
	case scan.Array:
		w.ev.Depth.Asks = w.ladder(w.ev.Depth.Asks, hasAsks)
	case scan.Number:
		w.whole(&w.id, hasAggID)
	default:
		w.decimal(&w.ask, hasAsk)
	}
}

func (w *walk) word(key []byte, wrapped bool) {
	switch string(key) {
	case "data":
		if wrapped || w.c.Kind() != scan.Object {
			w.c.Skip()
			return
		}
		if w.seen != 0 { // fields beside the wrapper
			w.doubled |= hasData
		}
		w.wrapped = true
		w.fields(true)
	case "pu":
		w.whole(&w.prior, hasPrevious)
	case "lastUpdateId":
		w.whole(&w.id, hasSnapshotID)
	case "bids":
		w.ev.Depth.Bids = w.ladder(w.ev.Depth.Bids, hasBids)
	case "asks":
		w.ev.Depth.Asks = w.ladder(w.ev.Depth.Asks, hasAsks)
	default:
		w.c.Skip()
	}
}

// saw notes a field. That one came twice matters only in messages that we read: see decide.
func (w *walk) saw(field uint32) {
	w.doubled |= w.seen & field
	w.seen |= field
}

func (w *walk) text(into *[]byte, field uint32) {
	if text, ok := w.c.TryText(); ok {
		*into = text
		w.saw(field)
	}
}

func (w *walk) whole(into *int64, field uint32) {
	if value, ok := w.c.TryInt(); ok && value >= 0 {
		*into = value
		w.saw(field)
	}
}

func (w *walk) decimal(into *fixed.Number, field uint32) {
	if n, used := fixed.Quoted(w.c.Ahead()); used > 0 {
		w.c.Take(used)
		*into = n
		w.saw(field)
		return
	}
	w.c.Skip()
}

// decide tells what the message was, and that it is whole.
func (w *walk) decide() error {
	switch string(w.event) {
	case "trade":
		return w.trade(needsTrade)
	case "aggTrade":
		return w.trade(needsAggTrade)
	case "depthUpdate":
		return w.depth()
	case "bookTicker":
		return w.quote()
	case "serverShutdown":
		w.ev.Kind = market.KindShutdown
		return nil
	case "":
		// Spot's bookTicker and the REST snapshot have no name. Half of one is not taken for a whole one.
		if w.seen&hasEvent == 0 && w.seen&hasSnapshotID != 0 && !w.wrapped {
			return w.snapshot()
		}
		if w.seen&hasEvent == 0 && w.seen&(hasBid|hasAsk) != 0 {
			return w.quote()
		}
	}
	w.ev.Kind = market.KindOther
	return nil
}

// complete tells whether the message has all it needs, once, with a time that can be.
func (w *walk) complete(needs uint32) error {
	var timeOK, eventTimeOK bool
	w.eventTime, eventTimeOK = nanos(w.eventTime)
	w.time, timeOK = nanos(w.time)
	switch {
	case w.seen&hasFull != 0:
		return ErrLevels
	case w.seen&needs != needs:
		return ErrMissing
	case w.doubled != 0:
		return ErrDuplicate
	case !timeOK || !eventTimeOK || needs&hasSymbol != 0 && len(w.symbol) == 0:
		return ErrValue
	}
	w.ev.Symbol = w.symbol
	w.ev.EventNanos = w.eventTime
	return nil
}

func (w *walk) trade(needs uint32) error {
	if err := w.complete(needs); err != nil {
		return err
	}
	aggressor := market.Buy
	if w.maker {
		aggressor = market.Sell
	}
	w.ev.Kind = market.KindTrade
	w.ev.Trade = market.Trade{ID: w.id, Price: w.price, Qty: w.qty, TimeNanos: w.time, Aggressor: aggressor, Aggregated: needs == needsAggTrade}
	return nil
}

func (w *walk) quote() error {
	if err := w.complete(needsQuote); err != nil {
		return err
	}
	w.ev.Kind = market.KindQuote
	w.ev.Quote = market.Quote{UpdateID: w.last, Bid: w.bid, BidQty: w.bidQty, Ask: w.ask, AskQty: w.askQty}
	return nil
}

func (w *walk) depth() error {
	if err := w.complete(needsDepth); err != nil {
		return err
	}
	if w.first > w.last {
		return ErrValue
	}
	w.ev.Kind = market.KindDepth
	w.ev.Depth.First, w.ev.Depth.Last, w.ev.Depth.Previous = w.first, w.last, w.prior
	return nil
}

func (w *walk) snapshot() error {
	if err := w.complete(needsSnapshot); err != nil {
		return err
	}
	w.ev.Kind = market.KindSnapshot
	w.ev.Depth.First, w.ev.Depth.Last = w.id, w.id
	return nil
}
