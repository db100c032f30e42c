package kraken

import (
	"math"

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

// MarketNext reads the channels trade, ticker (best prices) and book. Trades of a snapshot, which happened before
// the subscription, heartbeats, status and answers to requests are KindOther.
func (d *Dialect) MarketNext(message []byte, from int, ev *market.Event) (next int, err error) {
	if from > 0 {
		return again(message, from, ev)
	}
	ev.Reset()
	w := walk{ev: ev}
	w.c.Reset(message)
	w.top()
	if err = w.c.End(); err == nil {
		next, err = w.decide(message)
	}
	if err != nil || ev.Kind == market.KindOther {
		kind := ev.Kind
		ev.Reset()
		if err == nil {
			ev.Kind = kind
		}
	}
	return next, err
}

const (
	hasChannel = 1 << iota
	hasType
	hasData
)

type walk struct {
	c             scan.Cursor
	m             scan.Marks
	ev            *market.Event
	channel, kind []byte
	data          int // where data begins
}

func (w *walk) top() {
	w.c.Object()
	for {
		key, more := w.c.Key()
		if !more {
			return
		}
		switch string(key) {
		case "channel":
			w.m.Text(&w.c, &w.channel, hasChannel)
		case "type":
			w.m.Text(&w.c, &w.kind, hasType)
		case "data":
			w.m.Saw(hasData)
			w.data = w.c.At()
			w.c.Skip()
		default:
			w.c.Skip()
		}
	}
}

// decide tells what the message was, and reads the first element of its data.
func (w *walk) decide(message []byte) (next int, err error) {
	w.ev.Kind = market.KindOther
	var kind market.Kind
	snapshot := string(w.kind) == "snapshot"
	switch string(w.channel) {
	case "trade":
		kind = market.KindTrade
	case "ticker":
		kind = market.KindQuote
	case "book":
		kind = market.KindDepth
		if snapshot {
			kind = market.KindSnapshot
		}
	default:
		return 0, nil
	}
	switch {
	case !w.m.Has(hasType | hasData):
		return 0, ErrMissing
	case w.m.Twice():
		return 0, ErrDuplicate
	case !snapshot && string(w.kind) != "update":
		return 0, ErrValue
	case kind == market.KindTrade && snapshot:
		return 0, nil
	}
	var c scan.Cursor
	c.Reset(message[w.data:])
	if c.Kind() != scan.Array {
		return 0, ErrMissing
	}
	c.Array()
	if !c.More() {
		return 0, nil
	}
	first := w.data + c.At()
	w.ev.Kind = kind
	if next, err = again(message, first, w.ev); err != nil || next == 0 {
		return next, err
	}
	for from := next; from > 0; { // all of the others once, before the first is handed on
		if from, err = again(message, from, w.ev); err != nil {
			return 0, err
		}
	}
	_, err = again(message, first, w.ev)
	return next, err
}

// again reads the element that begins at message[from] as one of the kind that ev has.
func again(message []byte, from int, ev *market.Event) (next int, err error) {
	kind := ev.Kind
	ev.Reset()
	e := element{ev: ev}
	e.c.Reset(message[from:])
	e.fields()
	if !e.c.Sound() {
		return 0, ErrMissing
	}
	if err := e.finish(kind); err != nil {
		return 0, err
	}
	return following(message, from+e.c.At()), nil
}

// What an element has, as marks.
const (
	hasSymbol = 1 << iota
	hasSide
	hasPrice
	hasQty
	hasTradeID
	hasTime
	hasBid
	hasBidQty
	hasAsk
	hasAskQty
	hasBids
	hasAsks
	hasChecksum

	needsTrade = hasSymbol | hasSide | hasPrice | hasQty | hasTradeID | hasTime
	needsQuote = hasSymbol | hasBid | hasBidQty | hasAsk | hasAskQty
	needsBook  = hasSymbol | hasBids | hasAsks | hasChecksum
)

// element is one object of data.
type element struct {
	c                     scan.Cursor
	m                     scan.Marks
	ev                    *market.Event
	side                  []byte
	at, checksum, tradeID int64
	full                  bool
	price, qty            fixed.Number
}

func (e *element) fields() {
	e.c.Object()
	for {
		key, more := e.c.Key()
		if !more {
			return
		}
		switch string(key) {
		case "symbol":
			e.m.Text(&e.c, &e.ev.Symbol, hasSymbol)
		case "side":
			e.m.Text(&e.c, &e.side, hasSide)
		case "price":
			decimal(&e.c, &e.m, &e.price, hasPrice)
		case "qty":
			decimal(&e.c, &e.m, &e.qty, hasQty)
		case "trade_id":
			e.m.Int(&e.c, &e.tradeID, hasTradeID)
		case "timestamp":
			stamp(&e.c, &e.m, &e.at, hasTime)
		case "bid":
			decimal(&e.c, &e.m, &e.ev.Quote.Bid, hasBid)
		case "bid_qty":
			decimal(&e.c, &e.m, &e.ev.Quote.BidQty, hasBidQty)
		case "ask":
			decimal(&e.c, &e.m, &e.ev.Quote.Ask, hasAsk)
		case "ask_qty":
			decimal(&e.c, &e.m, &e.ev.Quote.AskQty, hasAskQty)
		case "bids":
			e.ev.Depth.Bids = e.ladder(e.ev.Depth.Bids, hasBids)
		case "asks":
			e.ev.Depth.Asks = e.ladder(e.ev.Depth.Asks, hasAsks)
		case "checksum":
			e.m.Int(&e.c, &e.checksum, hasChecksum)
		default:
			e.c.Skip()
		}
	}
}

// ladder reads an array of {"price","qty"} behind levels, which never grows.
func (e *element) ladder(levels []market.Level, field uint64) []market.Level {
	if e.c.Kind() != scan.Array {
		e.c.Skip()
		return levels
	}
	sound := true
	e.c.Array()
	for e.c.More() {
		level, ok := e.level()
		switch {
		case !ok:
			sound = false
		case len(levels) == cap(levels):
			e.full = true
		default:
			levels = append(levels, level)
		}
	}
	if sound {
		e.m.Saw(field)
	}
	return levels
}

func (e *element) level() (level market.Level, ok bool) {
	if e.c.Kind() != scan.Object {
		e.c.Skip()
		return level, false
	}
	var m scan.Marks
	e.c.Object()
	for {
		key, more := e.c.Key()
		if !more {
			return level, m.Has(hasPrice|hasQty) && !m.Twice()
		}
		switch string(key) {
		case "price":
			decimal(&e.c, &m, &level.Price, hasPrice)
		case "qty":
			decimal(&e.c, &m, &level.Qty, hasQty)
		default:
			e.c.Skip()
		}
	}
}

// finish tells that the element is whole, and makes it the event.
func (e *element) finish(kind market.Kind) error {
	needs := uint64(needsTrade)
	switch kind {
	case market.KindQuote:
		needs = needsQuote
	case market.KindDepth, market.KindSnapshot:
		needs = needsBook
	}
	switch {
	case e.full:
		return ErrLevels
	case !e.m.Has(needs):
		return ErrMissing
	case e.m.Twice():
		return ErrDuplicate
	case len(e.ev.Symbol) == 0:
		return ErrValue
	}
	e.ev.Kind, e.ev.EventNanos = kind, e.at
	switch kind {
	case market.KindTrade:
		return e.trade()
	case market.KindDepth, market.KindSnapshot:
		if e.checksum < 0 || e.checksum > math.MaxUint32 {
			return ErrValue
		}
		e.ev.Depth.Checked, e.ev.Depth.Checksum = true, uint32(e.checksum)
	}
	return nil
}

// trade: side is the taker's.
func (e *element) trade() error {
	aggressor := market.Buy
	switch {
	case string(e.side) == "sell":
		aggressor = market.Sell
	case string(e.side) != "buy":
		return ErrValue
	}
	if e.tradeID <= 0 {
		return ErrValue
	}
	e.ev.Trade = market.Trade{ID: e.tradeID, Price: e.price, Qty: e.qty, TimeNanos: e.at, Aggressor: aggressor}
	return nil
}
