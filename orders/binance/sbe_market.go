package binance

import "orderwire/orders/market"

// The templates of schema 1 (market data).
const (
	tradesTemplate   = 10000
	bestTemplate     = 10001
	snapshotTemplate = 10002
	diffTemplate     = 10003
)

// stream reads one message of a binary market stream.
func stream(message []byte, from int, ev *market.Event) (next int, err error) {
	c := cut{rest: message}
	h := c.header()
	b := block(c.take(h.block))
	if c.fault || h.schema != streamSchema {
		return 0, ErrBinary
	}
	switch h.template {
	case tradesTemplate:
		return trades(message, &c, &h, b, from, ev)
	case bestTemplate:
		err = best(&c, &h, b, ev)
	case snapshotTemplate:
		err = ladders(&c, &h, b, ev, market.KindSnapshot)
	case diffTemplate:
		err = ladders(&c, &h, b, ev, market.KindDepth)
	default:
		ev.Kind = market.KindOther
	}
	return 0, err
}

// symbol is the last part of each message, and the first one that tells whether all of it was understood: of our
// own version nothing may be left behind it.
func symbol(c *cut, h *header, b block, ev *market.Event) error {
	name := c.text8()
	at, ok := b.microsAt(0)
	switch {
	case c.fault || len(c.rest) > 0 && h.version <= streamVersion:
		return ErrBinary
	case !ok || len(name) == 0:
		return ErrValue
	}
	ev.Symbol, ev.EventNanos = name, at
	return nil
}

// trades reads the trade at message[from], at 0 the first one. All of them were looked at before.
func trades(message []byte, c *cut, h *header, b block, from int, ev *market.Event) (next int, err error) {
	const idAt, priceAt, qtyAt, makerAt, elementSize = 0, 8, 16, 24, 25
	all, size := c.elements(false)
	if err := symbol(c, h, b, ev); err != nil {
		return 0, err
	}
	at, ok := b.microsAt(8)
	if !ok || size < elementSize {
		return 0, ErrValue
	}
	if len(all) == 0 {
		ev.Kind = market.KindOther
		return 0, nil
	}
	priceExponent, qtyExponent := b.exponentAt(16), b.exponentAt(17)
	begin := len(message) - len(c.rest) - 1 - len(ev.Symbol) - len(all) // of the group, in the message
	if from == 0 {
		from = begin
	}
	if from < begin || from-begin >= len(all) || (from-begin)%size != 0 {
		return 0, ErrBinary
	}
	for i := len(all) - size; i >= from-begin; i -= size { // backwards, so that the wanted one stays
		element := block(all[i : i+size])
		price, priceOK := element.decimalAt(priceAt, priceExponent)
		qty, qtyOK := element.decimalAt(qtyAt, qtyExponent)
		id, maker := element.int64At(idAt), element.byteAt(makerAt)
		if !priceOK || !qtyOK || id < 0 || maker > 1 {
			return 0, ErrValue
		}
		aggressor := market.Buy
		if maker == 1 { // the buyer was the maker
			aggressor = market.Sell
		}
		ev.Trade = market.Trade{ID: id, Price: price, Qty: qty, TimeNanos: at, Aggressor: aggressor}
	}
	ev.Kind = market.KindTrade
	if next = from + size; next-begin >= len(all) {
		next = 0
	}
	return next, nil
}

// best reads the best bid and ask.
func best(c *cut, h *header, b block, ev *market.Event) error {
	if err := symbol(c, h, b, ev); err != nil {
		return err
	}
	price, qty := b.exponentAt(16), b.exponentAt(17)
	var ok [4]bool
	quote := &ev.Quote
	quote.UpdateID = b.int64At(8)
	quote.Bid, ok[0] = b.decimalAt(18, price)
	quote.BidQty, ok[1] = b.decimalAt(26, qty)
	quote.Ask, ok[2] = b.decimalAt(34, price)
	quote.AskQty, ok[3] = b.decimalAt(42, qty)
	if ok != [4]bool{true, true, true, true} || quote.UpdateID < 0 {
		return ErrValue
	}
	ev.Kind = market.KindQuote
	return nil
}

// ladders reads a whole ladder, or a change of one, which has one id more in front of the exponents.
func ladders(c *cut, h *header, b block, ev *market.Event, kind market.Kind) error {
	exponents := 16
	first, last := b.int64At(8), b.int64At(8)
	if kind == market.KindDepth {
		last, exponents = b.int64At(16), 24
	}
	price, qty := b.exponentAt(exponents), b.exponentAt(exponents+1)
	var err error
	if ev.Depth.Bids, err = side(c, ev.Depth.Bids, price, qty); err != nil {
		return err
	}
	if ev.Depth.Asks, err = side(c, ev.Depth.Asks, price, qty); err != nil {
		return err
	}
	if err := symbol(c, h, b, ev); err != nil {
		return err
	}
	if first < 0 || first > last {
		return ErrValue
	}
	ev.Kind, ev.Depth.First, ev.Depth.Last = kind, first, last
	return nil
}

// side reads one group of levels behind levels, which never grows.
func side(c *cut, levels []market.Level, price, qty int8) ([]market.Level, error) {
	const elementSize = 16
	all, size := c.elements(true)
	switch {
	case c.fault:
		return levels, ErrBinary
	case size < elementSize && len(all) > 0:
		return levels, ErrValue
	}
	for ; len(all) > 0; all = all[size:] {
		element := block(all[:size])
		var level market.Level
		var priceOK, qtyOK bool
		level.Price, priceOK = element.decimalAt(0, price)
		level.Qty, qtyOK = element.decimalAt(8, qty)
		switch {
		case !priceOK || !qtyOK:
			return levels, ErrValue
		case len(levels) == cap(levels):
			return levels, ErrLevels
		}
		levels = append(levels, level)
	}
	return levels, nil
}
