package bybit

import (
	"bytes"

	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/orders/scan"
)

// Market is MarketNext for messages that hold one event; of those that hold more it refuses all.
func (d *Dialect) Market(message []byte, ev *market.Event) error {
	next, err := d.MarketNext(message, 0, ev)
	if err == nil && next != 0 {
		ev.Reset()
		return ErrMany
	}
	return err
}

// MarketNext reads publicTrade (one event a trade), orderbook.1 (KindQuote) and the deeper ladders (KindSnapshot
// and KindDepth). Answers to requests, pongs, block trades and what is unknown are KindOther.
func (d *Dialect) MarketNext(message []byte, from int, ev *market.Event) (next int, err error) {
	if from > 0 {
		return trade(message, from, ev)
	}
	ev.Reset()
	w := walk{ev: ev}
	w.c.Reset(message)
	w.top()
	if err = w.c.End(); err == nil {
		next, err = w.decide(message)
	}
	if err != nil || ev.Kind == market.KindOther {
		kind, at := ev.Kind, ev.EventNanos
		ev.Reset()
		if err == nil {
			ev.Kind, ev.EventNanos = kind, at
		}
	}
	return next, err
}

// What the top of a market message has, as marks.
const (
	hasTopic = 1 << iota
	hasType
	hasTime
	hasData
	hasSymbol
	hasBids
	hasAsks
	hasUpdate
	hasFull // a ladder that did not fit
)

type walk struct {
	c     scan.Cursor
	m     scan.Marks
	ev    *market.Event
	topic []byte
	kind  []byte // type
	ts    int64
	data  int // where data begins
	u     int64
	full  bool
}

func (w *walk) top() {
	w.c.Object()
	for {
		key, more := w.c.Key()
		if !more {
			return
		}
		switch string(key) {
		case "topic":
			w.m.Text(&w.c, &w.topic, hasTopic)
		case "type":
			w.m.Text(&w.c, &w.kind, hasType)
		case "ts":
			w.m.Int(&w.c, &w.ts, hasTime)
		case "data":
			w.m.Saw(hasData)
			w.data = w.c.At()
			if w.c.Kind() == scan.Object {
				w.book()
			} else {
				w.c.Skip()
			}
		default:
			w.c.Skip()
		}
	}
}

// book reads data that is one object: a ladder, or something we do not know.
func (w *walk) book() {
	w.c.Object()
	for {
		key, more := w.c.Key()
		if !more {
			return
		}
		switch string(key) {
		case "s":
			w.m.Text(&w.c, &w.ev.Symbol, hasSymbol)
		case "b":
			w.ev.Depth.Bids = w.ladder(w.ev.Depth.Bids, hasBids)
		case "a":
			w.ev.Depth.Asks = w.ladder(w.ev.Depth.Asks, hasAsks)
		case "u":
			w.m.Int(&w.c, &w.u, hasUpdate)
		default:
			w.c.Skip()
		}
	}
}

// ladder reads an array of [price, size] behind levels, which never grows.
func (w *walk) ladder(levels []market.Level, field uint64) []market.Level {
	if !w.m.Any(field) {
		if got, used := market.ReadLadder(w.c.Ahead(), levels); used > 0 {
			w.c.Take(used)
			w.m.Saw(field)
			return got
		}
	}
	if w.c.Kind() != scan.Array {
		w.c.Skip()
		return levels
	}
	sound := true
	w.c.Array()
	for w.c.More() {
		level, ok := w.level()
		switch {
		case !ok:
			sound = false
		case len(levels) == cap(levels):
			w.full = true
		default:
			levels = append(levels, level)
		}
	}
	if sound {
		w.m.Saw(field)
	}
	return levels
}

// level reads one element of a ladder in any sound form.
func (w *walk) level() (level market.Level, ok bool) {
	const price, size = 1, 2
	if w.c.Kind() != scan.Array {
		w.c.Skip()
		return level, false
	}
	var m scan.Marks
	w.c.Array()
	count := 0
	for ; w.c.More(); count++ {
		switch count {
		case 0:
			decimal(&w.c, &m, &level.Price, price)
		case 1:
			decimal(&w.c, &m, &level.Qty, size)
		default:
			w.c.Skip()
		}
	}
	return level, count == 2 && m.Has(price|size)
}

// decide tells what the message was, and reads the first of its trades.
func (w *walk) decide(message []byte) (next int, err error) {
	trades := bytes.HasPrefix(w.topic, []byte("publicTrade."))
	book := bytes.HasPrefix(w.topic, []byte("orderbook."))
	if !trades && !book {
		w.ev.Kind = market.KindOther
		return 0, nil
	}
	at, ok := nanos(w.ts)
	switch {
	case !w.m.Has(hasTime | hasType | hasData):
		return 0, ErrMissing
	case w.m.Twice():
		return 0, ErrDuplicate
	case !ok:
		return 0, ErrValue
	}
	w.ev.EventNanos = at
	if book {
		return 0, w.depth()
	}
	return w.trades(message)
}

// trades begins with the first element of data.
func (w *walk) trades(message []byte) (next int, err error) {
	var c scan.Cursor
	c.Reset(message[w.data:])
	if c.Kind() != scan.Array {
		return 0, ErrMissing
	}
	c.Array()
	if !c.More() {
		w.ev.Kind = market.KindOther // an empty list
		return 0, nil
	}
	if next, err = trade(message, w.data+c.At(), w.ev); err != nil {
		return 0, err
	}
	var probe market.Event
	for from := next; from > 0; { // all of the others once, before the first is handed on
		if from, err = trade(message, from, &probe); err != nil {
			return 0, err
		}
	}
	return next, nil
}

// depth is a ladder: whole, a change, or the one best level of each side.
func (w *walk) depth() error {
	switch {
	case w.full:
		return ErrLevels
	case !w.m.Has(hasSymbol | hasBids | hasAsks | hasUpdate):
		return ErrMissing
	case len(w.ev.Symbol) == 0 || w.u < 0:
		return ErrValue
	}
	if bytes.HasPrefix(w.topic, []byte("orderbook.1.")) {
		return w.quote()
	}
	w.ev.Depth.First, w.ev.Depth.Last = w.u, w.u
	switch string(w.kind) {
	case "snapshot":
		w.ev.Kind = market.KindSnapshot
	case "delta":
		w.ev.Kind = market.KindDepth
		if w.u == 1 { // the service restarted: what it sends is whole. Source: websocket/public/orderbook
			w.ev.Kind = market.KindSnapshot
		}
	default:
		return ErrValue
	}
	return nil
}

// quote is level 1, of which every message is whole. A side without a price is 0.
func (w *walk) quote() error {
	if string(w.kind) != "snapshot" || len(w.ev.Depth.Bids) > 1 || len(w.ev.Depth.Asks) > 1 {
		return ErrValue
	}
	w.ev.Quote.UpdateID = w.u
	if bids := w.ev.Depth.Bids; len(bids) == 1 {
		w.ev.Quote.Bid, w.ev.Quote.BidQty = bids[0].Price, bids[0].Qty
	}
	if asks := w.ev.Depth.Asks; len(asks) == 1 {
		w.ev.Quote.Ask, w.ev.Quote.AskQty = asks[0].Price, asks[0].Qty
	}
	w.ev.Depth.Bids, w.ev.Depth.Asks = w.ev.Depth.Bids[:0], w.ev.Depth.Asks[:0]
	w.ev.Kind = market.KindQuote
	return nil
}

// What a trade has, as marks.
const (
	tradeTime = 1 << iota
	tradeSymbol
	tradeSide
	tradeQty
	tradePrice
	tradeBlock
	needsTrade = tradeTime | tradeSymbol | tradeSide | tradeQty | tradePrice
)

// trade reads one element of a publicTrade message, which begins at message[from]. S is the taker's side.
func trade(message []byte, from int, ev *market.Event) (next int, err error) {
	var (
		c          scan.Cursor
		m          scan.Marks
		at         int64
		side       []byte
		block      bool
		price, qty fixed.Number
	)
	c.Reset(message[from:])
	c.Object()
	for {
		key, more := c.Key()
		if !more {
			break
		}
		switch string(key) {
		case "T":
			m.Int(&c, &at, tradeTime)
		case "s":
			m.Text(&c, &ev.Symbol, tradeSymbol)
		case "S":
			m.Text(&c, &side, tradeSide)
		case "v":
			decimal(&c, &m, &qty, tradeQty)
		case "p":
			decimal(&c, &m, &price, tradePrice)
		case "BT":
			m.Bool(&c, &block, tradeBlock)
		default:
			c.Skip()
		}
	}
	at, ok := nanos(at)
	aggressor := sideOf(side)
	switch {
	case !c.Sound() || !m.Has(needsTrade):
		return 0, ErrMissing
	case m.Twice():
		return 0, ErrDuplicate
	case !ok || aggressor == 0 || len(ev.Symbol) == 0:
		return 0, ErrValue
	}
	ev.Kind = market.KindTrade
	if block { // agreed off the book: it took nothing from the ladder
		ev.Kind = market.KindOther
	}
	ev.Trade = market.Trade{Price: price, Qty: qty, TimeNanos: at, Aggressor: aggressor}
	return following(message, from+c.At()), nil
}

func sideOf(side []byte) market.Side {
	switch string(side) {
	case "Buy":
		return market.Buy
	case "Sell":
		return market.Sell
	}
	return 0
}
