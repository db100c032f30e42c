package coinbase

import (
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/orders/scan"
)

// advancedMarket reads the Advanced feed: one event an item of market_trades and ticker, one an event of l2_data.
func advancedMarket(message []byte, from int, ev *market.Event) (next int, err error) {
	var e envelope
	var text []byte
	if from == 0 {
		ev.Reset()
	}
	if err = e.read(message, &text); err == nil {
		next, err = e.market(message, from, ev)
	}
	if err != nil {
		ev.Reset()
		return 0, err
	}
	return next, nil
}

// market reads the item at message[from]; at 0 the first one, after all of them were read once.
func (e *envelope) market(message []byte, from int, ev *market.Event) (next int, err error) {
	switch e.channel {
	case channelTrades, channelTicker, channelLadder:
	default:
		ev.Kind = market.KindOther
		if e.m.Has(hasNumber) && !e.m.Twice() && e.number >= 0 && e.number < 1<<63-1 {
			ev.Sequence = e.number + 1 // heartbeats and the rest are counted too
		}
		return 0, nil
	}
	if from > 0 {
		return e.event(message, from, ev)
	}
	if from, err = e.start(message); err != nil {
		return 0, err
	}
	if from == 0 {
		ev.Kind, ev.Sequence = market.KindOther, e.number+1
		return 0, nil
	}
	if next, err = e.event(message, from, ev); err != nil || next == 0 {
		return next, err
	}
	for at := next; at > 0; {
		if at, err = e.event(message, at, ev); err != nil {
			return 0, err
		}
	}
	_, err = e.event(message, from, ev)
	return next, err
}

const (
	gotProduct = 1 << iota
	gotTradeID
	gotPrice
	gotSize
	gotSide
	gotTime
	gotBid
	gotBidSize
	gotAsk
	gotAskSize
	gotKind
	gotUpdates

	needsTrade  = gotProduct | gotTradeID | gotPrice | gotSize | gotSide | gotTime
	needsQuote  = gotProduct | gotBid | gotAsk
	needsLadder = gotProduct | gotKind | gotUpdates
)

// item is one trade, ticker or ladder.
type item struct {
	m           scan.Marks
	kind, side  []byte
	tradeID, at int64
	price, size fixed.Number
	full        bool
}

// event reads the item at message[from] and returns where the next one begins.
func (e *envelope) event(message []byte, from int, ev *market.Event) (next int, err error) {
	ev.Reset()
	ev.EventNanos, ev.Sequence = e.at, e.number+1
	var c scan.Cursor
	var i item
	c.Reset(message[from:])
	c.Object()
	for {
		key, more := c.Key()
		if !more {
			break
		}
		i.field(&c, key, ev)
	}
	if !c.Sound() {
		return 0, ErrMissing
	}
	if err := i.finish(e.channel, ev); err != nil {
		return 0, err
	}
	return e.next(message, from, from+c.At())
}

func (i *item) field(c *scan.Cursor, key []byte, ev *market.Event) {
	switch string(key) {
	case "product_id":
		i.m.Text(c, &ev.Symbol, gotProduct)
	case "trade_id":
		i.m.Quoted(c, &i.tradeID, gotTradeID)
	case "price":
		decimal(c, &i.m, &i.price, gotPrice)
	case "size":
		decimal(c, &i.m, &i.size, gotSize)
	case "side":
		i.m.Text(c, &i.side, gotSide)
	case "time":
		stamp(c, &i.m, &i.at, gotTime)
	case "best_bid":
		decimal(c, &i.m, &ev.Quote.Bid, gotBid)
	case "best_bid_quantity":
		decimal(c, &i.m, &ev.Quote.BidQty, gotBidSize)
	case "best_ask":
		decimal(c, &i.m, &ev.Quote.Ask, gotAsk)
	case "best_ask_quantity":
		decimal(c, &i.m, &ev.Quote.AskQty, gotAskSize)
	case "type":
		i.m.Text(c, &i.kind, gotKind)
	case "updates":
		i.updates(c, ev)
	default:
		c.Skip()
	}
}

// updates reads the levels of a ladder: {"side":"bid"|"offer","price_level","new_quantity"}.
func (i *item) updates(c *scan.Cursor, ev *market.Event) {
	if c.Kind() != scan.Array {
		c.Skip()
		return
	}
	sound := true
	c.Array()
	for c.More() {
		level, side, ok := update(c)
		levels := &ev.Depth.Bids
		switch {
		case !ok:
			sound = false
			continue
		case string(side) == "offer":
			levels = &ev.Depth.Asks
		}
		if len(*levels) == cap(*levels) {
			i.full = true
			continue
		}
		*levels = append(*levels, level)
	}
	if sound {
		i.m.Saw(gotUpdates)
	}
}

func update(c *scan.Cursor) (level market.Level, side []byte, ok bool) {
	if c.Kind() != scan.Object {
		c.Skip()
		return level, nil, false
	}
	var m scan.Marks
	c.Object()
	for {
		key, more := c.Key()
		if !more {
			known := string(side) == "bid" || string(side) == "offer"
			return level, side, known && m.Has(gotPrice|gotSize) && !m.Twice()
		}
		switch string(key) {
		case "side":
			m.Text(c, &side, gotSide)
		case "price_level":
			decimal(c, &m, &level.Price, gotPrice)
		case "new_quantity":
			decimal(c, &m, &level.Qty, gotSize)
		default:
			c.Skip()
		}
	}
}

// finish tells that the item is whole, and makes it the event.
func (i *item) finish(c channel, ev *market.Event) error {
	needs := uint64(needsTrade)
	switch c {
	case channelTicker:
		needs, ev.Kind = needsQuote, market.KindQuote
	case channelLadder:
		needs, ev.Kind = needsLadder, market.KindDepth
	}
	switch {
	case i.full:
		return ErrLevels
	case !i.m.Has(needs):
		return ErrMissing
	case i.m.Twice():
		return ErrDuplicate
	case len(ev.Symbol) == 0:
		return ErrValue
	}
	switch c {
	case channelTrades:
		aggressor := taker(i.side)
		if aggressor == 0 || i.tradeID <= 0 {
			return ErrValue
		}
		ev.Kind = market.KindTrade
		ev.Trade = market.Trade{ID: i.tradeID, Price: i.price, Qty: i.size, TimeNanos: i.at, Aggressor: aggressor}
	case channelLadder:
		switch string(i.kind) {
		case "snapshot":
			ev.Kind = market.KindSnapshot
		case "update":
		default:
			return ErrValue
		}
	}
	return nil
}
