package binance

import (
	"encoding/binary"

	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/orders/scan"
)

// shape is a message in the exact form in which the venue sends it: without white space, its keys in their usual
// order. Nothing of that is promised, so a shape is only the short way: a message that departs from its shape in
// any byte, and every message that is wrong, is read from its start by the general walk. What the short way
// accepts, the walk would read to the same event (FuzzMarket holds the two together); it is twice as fast.
type shape struct {
	kind  market.Kind
	head  string
	first take // the value behind head
	steps []step
}

// step is up to eight literal bytes, then a value.
type step struct {
	word, mask uint64
	size       int
	take       take
}

// take says what value stands behind the literal bytes.
type take uint8

const (
	takeNothing take = iota
	takeEventTime
	takeSymbol // without its opening quote, which is literal; with the closing one
	takeSkipped
	takeTime
	takeID
	takePrice
	takeQty
	takeMaker
	takeBool
	takeUpdateID
	takeBid
	takeBidQty
	takeAsk
	takeAskQty
	takeFirst
	takeLast
	takePrevious
	takeBids
	takeAsks
)

// newShape makes a shape of literal texts and the values behind them, in turn. The last text has none.
func newShape(kind market.Kind, head string, first take, parts ...any) *shape {
	s := &shape{kind: kind, head: head, first: first}
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			for len(part) > 0 {
				size := min(8, len(part))
				var word [8]byte
				copy(word[:], part[:size])
				mask := ^uint64(0) >> (64 - 8*size)
				s.steps = append(s.steps, step{word: binary.LittleEndian.Uint64(word[:]), mask: mask, size: size})
				part = part[size:]
			}
		case take:
			s.steps[len(s.steps)-1].take = part
		}
	}
	return s
}

// shapes are the messages of one product, by what follows `{"e":"`; the last one has no "e".
type shapes struct {
	trade, depth, quote, nameless *shape
}

var spotShapes = shapes{
	trade: newShape(market.KindTrade, `{"e":"trade","E":`, takeEventTime, `,"s":"`, takeSymbol, `,"t":`, takeID, `,"p":`, takePrice,
		`,"q":`, takeQty, `,"T":`, takeTime, `,"m":`, takeMaker, `,"M":`, takeBool, `}`),
	depth: newShape(market.KindDepth, `{"e":"depthUpdate","E":`, takeEventTime, `,"s":"`, takeSymbol, `,"U":`, takeFirst, `,"u":`, takeLast,
		`,"b":`, takeBids, `,"a":`, takeAsks, `}`),
	nameless: newShape(market.KindQuote, `{"u":`, takeUpdateID, `,"s":"`, takeSymbol, `,"b":`, takeBid, `,"B":`, takeBidQty,
		`,"a":`, takeAsk, `,"A":`, takeAskQty, `}`),
}

var usdmShapes = shapes{
	trade: newShape(market.KindTrade, `{"e":"trade","E":`, takeEventTime, `,"T":`, takeTime, `,"s":"`, takeSymbol, `,"t":`, takeID,
		`,"p":`, takePrice, `,"q":`, takeQty, `,"X":"`, takeSkipped, `,"m":`, takeMaker, `}`),
	depth: newShape(market.KindDepth, `{"e":"depthUpdate","E":`, takeEventTime, `,"T":`, takeTime, `,"s":"`, takeSymbol, `,"U":`, takeFirst,
		`,"u":`, takeLast, `,"pu":`, takePrevious, `,"b":`, takeBids, `,"a":`, takeAsks, `}`),
	quote: newShape(market.KindQuote, `{"e":"bookTicker","u":`, takeUpdateID, `,"s":"`, takeSymbol, `,"b":`, takeBid, `,"B":`, takeBidQty,
		`,"a":`, takeAsk, `,"A":`, takeAskQty, `,"T":`, takeTime, `,"E":`, takeEventTime, `}`),
}

// of is the shape that a message seems to have, nil for none.
func (s *shapes) of(text []byte) *shape {
	if len(text) < 8 || text[0] != '{' {
		return nil
	}
	if text[2] == 'u' {
		return s.nameless
	}
	switch text[6] {
	case 't':
		return s.trade
	case 'd':
		return s.depth
	case 'b':
		return s.quote
	}
	return nil
}

// short reads message by the shapes. It answers false, and leaves ev in any state, where it cannot.
func (s *shapes) short(message []byte, ev *market.Event) bool {
	const wrapper = `{"stream":"`
	text := message
	if len(text) > len(wrapper) && string(text[:len(wrapper)]) == wrapper {
		const data = `","data":`
		text = text[len(wrapper):]
		text = text[scan.Plain(text):]
		if len(text) < len(data)+1 || string(text[:len(data)]) != data || text[len(text)-1] != '}' {
			return false
		}
		text = text[len(data) : len(text)-1]
	}
	shape := s.of(text)
	return shape != nil && shape.read(text, ev) && finish(shape.kind, ev)
}

// finish is what the general walk checks in complete and depth.
func finish(kind market.Kind, ev *market.Event) bool {
	var sound, tradeSound bool
	ev.EventNanos, sound = nanos(ev.EventNanos)
	ev.Trade.TimeNanos, tradeSound = nanos(ev.Trade.TimeNanos)
	if kind != market.KindTrade {
		ev.Trade.TimeNanos = 0
	}
	ev.Kind = kind
	return sound && tradeSound && len(ev.Symbol) > 0 && ev.Depth.First <= ev.Depth.Last
}

// read takes the whole text, or answers false.
func (s *shape) read(text []byte, ev *market.Event) bool {
	at := len(s.head)
	if len(text) < at || string(text[:at]) != s.head {
		return false
	}
	used := s.first.read(text[at:], ev)
	if used == 0 {
		return false
	}
	at += used
	for i := range s.steps {
		step := &s.steps[i]
		rest := text[at:]
		if word(rest)&step.mask != step.word || len(rest) < step.size {
			return false
		}
		used := step.take.read(rest[step.size:], ev)
		if used == 0 && step.take != takeNothing {
			return false
		}
		at += step.size + used
	}
	return at == len(text)
}

// word is the next eight bytes of text, with zeros behind its end.
func word(text []byte) uint64 {
	if len(text) >= 8 {
		return binary.LittleEndian.Uint64(text)
	}
	var padded [8]byte
	copy(padded[:], text)
	return binary.LittleEndian.Uint64(padded[:])
}

// read takes one value and returns its length, 0 where it is not of its form.
func (t take) read(text []byte, ev *market.Event) (used int) {
	switch t {
	case takeEventTime:
		ev.EventNanos, used = scan.Digits(text)
	case takeTime:
		ev.Trade.TimeNanos, used = scan.Digits(text)
	case takeID:
		ev.Trade.ID, used = scan.Digits(text)
	case takeUpdateID:
		ev.Quote.UpdateID, used = scan.Digits(text)
	case takeFirst:
		ev.Depth.First, used = scan.Digits(text)
	case takeLast:
		ev.Depth.Last, used = scan.Digits(text)
	case takePrevious:
		ev.Depth.Previous, used = scan.Digits(text)
	case takePrice:
		ev.Trade.Price, used = fixed.Quoted(text)
	case takeQty:
		ev.Trade.Qty, used = fixed.Quoted(text)
	case takeBid:
		ev.Quote.Bid, used = fixed.Quoted(text)
	case takeBidQty:
		ev.Quote.BidQty, used = fixed.Quoted(text)
	case takeAsk:
		ev.Quote.Ask, used = fixed.Quoted(text)
	case takeAskQty:
		ev.Quote.AskQty, used = fixed.Quoted(text)
	case takeBids:
		ev.Depth.Bids, used = market.ReadLadder(text, ev.Depth.Bids)
	case takeAsks:
		ev.Depth.Asks, used = market.ReadLadder(text, ev.Depth.Asks)
	case takeSymbol, takeSkipped:
		used = t.text(text, ev)
	case takeMaker:
		var maker bool
		maker, used = truth(text)
		ev.Trade.Aggressor = market.Buy
		if maker {
			ev.Trade.Aggressor = market.Sell
		}
	case takeBool:
		_, used = truth(text)
	}
	return used
}

func (t take) text(text []byte, ev *market.Event) (used int) {
	size := scan.Plain(text)
	if size == len(text) || text[size] != '"' {
		return 0
	}
	if t == takeSymbol {
		ev.Symbol = text[:size:size]
	}
	return size + 1
}

func truth(text []byte) (value bool, used int) {
	switch {
	case len(text) >= 4 && string(text[:4]) == "true":
		return true, 4
	case len(text) >= 5 && string(text[:5]) == "false":
		return false, 5
	}
	return false, 0
}
