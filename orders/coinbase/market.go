package coinbase

import (
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

// MarketNext reads trades, best prices and ladders of either API. What happened before the subscription
// (last_match, snapshots of market_trades), heartbeats and answers to requests are KindOther. Sizes of best prices
// are 0 where the venue leaves them out.
func (d *Dialect) MarketNext(message []byte, from int, ev *market.Event) (next int, err error) {
	if d.API == Advanced {
		return advancedMarket(message, from, ev)
	}
	ev.Reset()
	w := feed{ev: ev}
	w.c.Reset(message)
	w.top()
	if err = w.c.End(); err == nil {
		err = w.decide()
	}
	if err != nil || ev.Kind == market.KindOther {
		kind := ev.Kind
		ev.Reset()
		if err == nil {
			ev.Kind = kind
		}
	}
	return 0, err
}

// What a message of the Exchange feed has, as marks.
const (
	hasType = 1 << iota
	hasProduct
	hasTradeID
	hasSide
	hasSize
	hasPrice
	hasTime
	hasSequence
	hasBid
	hasBidSize
	hasAsk
	hasAskSize
	hasBids
	hasAsks
	hasChanges

	needsMatch    = hasProduct | hasTradeID | hasSide | hasSize | hasPrice | hasTime
	needsTicker   = hasProduct | hasBid | hasAsk | hasSequence
	needsSnapshot = hasProduct | hasBids | hasAsks
	needsUpdate   = hasProduct | hasChanges
)

// feed is one pass over one message of the Exchange feed. All of it is flat.
type feed struct {
	c                     scan.Cursor
	m                     scan.Marks
	ev                    *market.Event
	kind, side            []byte
	tradeID, sequence, at int64
	price, size           fixed.Number
	full                  bool
}

func (w *feed) top() {
	w.c.Object()
	for {
		key, more := w.c.Key()
		if !more {
			return
		}
		switch string(key) {
		case "type":
			w.m.Text(&w.c, &w.kind, hasType)
		case "product_id":
			w.m.Text(&w.c, &w.ev.Symbol, hasProduct)
		case "trade_id":
			w.m.Int(&w.c, &w.tradeID, hasTradeID)
		case "side":
			w.m.Text(&w.c, &w.side, hasSide)
		case "size":
			decimal(&w.c, &w.m, &w.size, hasSize)
		case "price":
			decimal(&w.c, &w.m, &w.price, hasPrice)
		case "time":
			stamp(&w.c, &w.m, &w.at, hasTime)
		case "sequence":
			w.m.Int(&w.c, &w.sequence, hasSequence)
		case "best_bid":
			decimal(&w.c, &w.m, &w.ev.Quote.Bid, hasBid)
		case "best_bid_size":
			decimal(&w.c, &w.m, &w.ev.Quote.BidQty, hasBidSize)
		case "best_ask":
			decimal(&w.c, &w.m, &w.ev.Quote.Ask, hasAsk)
		case "best_ask_size":
			decimal(&w.c, &w.m, &w.ev.Quote.AskQty, hasAskSize)
		case "bids":
			w.ev.Depth.Bids = w.ladder(w.ev.Depth.Bids, hasBids)
		case "asks":
			w.ev.Depth.Asks = w.ladder(w.ev.Depth.Asks, hasAsks)
		case "changes":
			w.changes()
		default:
			w.c.Skip()
		}
	}
}

// ladder reads an array of [price, size] behind levels, which never grows.
func (w *feed) ladder(levels []market.Level, field uint64) []market.Level {
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
		level, _, ok := w.row(2)
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

// changes reads an array of [side, price, size].
func (w *feed) changes() {
	if w.c.Kind() != scan.Array {
		w.c.Skip()
		return
	}
	sound := true
	w.c.Array()
	for w.c.More() {
		level, side, ok := w.row(3)
		if !ok {
			sound = false
			continue
		}
		levels := &w.ev.Depth.Bids
		if string(side) == "sell" {
			levels = &w.ev.Depth.Asks
		}
		if len(*levels) == cap(*levels) {
			w.full = true
			continue
		}
		*levels = append(*levels, level)
	}
	if sound {
		w.m.Saw(hasChanges)
	}
}

// row reads one element of width columns: [price, size], or [side, price, size].
func (w *feed) row(width int) (level market.Level, side []byte, ok bool) {
	if w.c.Kind() != scan.Array {
		w.c.Skip()
		return level, nil, false
	}
	var m scan.Marks
	w.c.Array()
	count := 0
	for ; w.c.More(); count++ {
		switch count + 3 - width {
		case 0:
			m.Text(&w.c, &side, hasSide)
		case 1:
			decimal(&w.c, &m, &level.Price, hasPrice)
		case 2:
			decimal(&w.c, &m, &level.Qty, hasSize)
		default:
			w.c.Skip()
		}
	}
	known := width == 2 || string(side) == "buy" || string(side) == "sell"
	return level, side, count == width && m.Has(hasPrice|hasSize) && known
}

func (w *feed) decide() error {
	w.ev.EventNanos = w.at
	switch string(w.kind) {
	case "match":
		return w.match()
	case "ticker":
		w.ev.Kind, w.ev.Quote.UpdateID = market.KindQuote, w.sequence
		return w.whole(needsTicker)
	case "snapshot":
		w.ev.Kind = market.KindSnapshot
		return w.whole(needsSnapshot)
	case "l2update":
		w.ev.Kind = market.KindDepth
		return w.whole(needsUpdate)
	}
	w.ev.Kind = market.KindOther
	return nil
}

func (w *feed) whole(needs uint64) error {
	switch {
	case w.full:
		return ErrLevels
	case !w.m.Has(needs):
		return ErrMissing
	case w.m.Twice():
		return ErrDuplicate
	case len(w.ev.Symbol) == 0 || w.tradeID < 0 || w.sequence < 0:
		return ErrValue
	}
	return nil
}

// match: the side is the maker's.
func (w *feed) match() error {
	if err := w.whole(needsMatch); err != nil {
		return err
	}
	aggressor := taker(w.side)
	if aggressor == 0 || w.tradeID == 0 {
		return ErrValue
	}
	w.ev.Kind = market.KindTrade
	w.ev.Trade = market.Trade{ID: w.tradeID, Price: w.price, Qty: w.size, TimeNanos: w.at, Aggressor: aggressor}
	return nil
}
