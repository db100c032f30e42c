package market

import "orderwire/orders/fixed"

// Side is the side of an order, or the aggressor's side of a trade.
type Side uint8

// The two sides. The zero Side is none.
const (
	Buy Side = iota + 1
	Sell
)

// Kind tells what a market message is.
type Kind uint8

// The kinds of market event.
const (
	KindNone     Kind = iota
	KindTrade         // one print
	KindQuote         // best bid and ask
	KindDepth         // change of an order book
	KindSnapshot      // whole order book
	KindGap           // a sequence is broken: the book of Symbol is void until it is resynced
	KindOther         // well-formed, and of no concern to us
	KindShutdown      // the venue announces the end of this connection: open a replacement at once
)

// Trade is one print of the tape.
type Trade struct {
	ID        int64
	Price     fixed.Number
	Qty       fixed.Number
	TimeNanos int64 // venue's time of the trade, ns since the Unix epoch
	Aggressor Side  // who took
	// Aggregated tells that the print sums up several, and that ID counts such sums: a sequence of its own.
	Aggregated bool
}

// Quote is the best bid and ask.
type Quote struct {
	UpdateID                 int64
	Bid, BidQty, Ask, AskQty fixed.Number
}

// Level is one price level of a book; Qty 0 removes it.
type Level struct {
	Price fixed.Number
	Qty   fixed.Number
}

// Depth is a change of a book, or a whole one. First..Last are the update ids it covers; Previous is the
// last id before it where the venue says so (USD-M pu), else 0.
type Depth struct {
	First, Last, Previous int64
	Bids, Asks            []Level // capacity is given by whoever made the Event, and never grows
	// Checked tells that the venue sent Checksum: that of the ladder after this message (Kraken).
	Checked  bool
	Checksum uint32
}

// Event is one market message, filled in place by a dialect. Symbol aliases the message.
type Event struct {
	Kind       Kind
	Symbol     []byte
	EventNanos int64 // venue's time of the message, ns since the Unix epoch; 0 where it has none
	Sequence   int64 // number of the message among all of its connection, from 1; 0 where the venue counts none
	Trade      Trade
	Quote      Quote
	Depth      Depth
}

// NewEvent makes an Event with room for levels changes a side. A message that holds more is refused by the
// dialect with an error; the largest Binance frames hold 1000 a side (snapshot) and 5000 (REST depth).
func NewEvent(levels int) *Event {
	return &Event{Depth: Depth{Bids: make([]Level, 0, levels), Asks: make([]Level, 0, levels)}}
}

// Reset empties ev for the next message and keeps the room for levels.
func (ev *Event) Reset() {
	ev.Kind, ev.Symbol, ev.EventNanos, ev.Sequence = KindNone, nil, 0, 0
	ev.Trade, ev.Quote = Trade{}, Quote{}
	ev.Depth.First, ev.Depth.Last, ev.Depth.Previous = 0, 0, 0
	ev.Depth.Checked, ev.Depth.Checksum = false, 0
	ev.Depth.Bids, ev.Depth.Asks = ev.Depth.Bids[:0], ev.Depth.Asks[:0]
}
