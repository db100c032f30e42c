package simex

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// As words a recorded Binance Spot market in another venue's messages: the same trades, quotes and book at the same
// times. For "binance" it is returned as it is.
//
// It is for demonstrations: public recordings of today's Kraken and Coinbase do not exist. Ladders are cut to the venue's
// depths, and checksums and update numbers are those of the venue's rules.
func (r *Recording) As(kind string) (*Recording, error) {
	var words wording
	switch kind {
	case "binance":
		return r, nil
	case "binance-usdm":
		return r.asFutures(), nil
	case "bybit":
		words = &bybitWords{}
	case "kraken":
		words = &krakenWords{}
	case "coinbase":
		words = &coinbaseWords{}
	case "coinbase-advanced":
		words = &advancedWords{}
	default:
		return nil, fmt.Errorf("%w: no wording for %q", ErrRecording, kind)
	}
	t := translation{out: &Recording{}, words: words, books: map[string]*tradedBook{}, kind: kind}
	for i := range r.frames {
		t.frame(r, i)
	}
	if len(t.out.frames) == 0 {
		return nil, fmt.Errorf("%w: nothing in it can be worded for %s", ErrRecording, kind)
	}
	return t.out, nil
}

// wording turns events of a market into messages of a venue, each under the name that subscriptions use.
type wording interface {
	trade(t *translation, m *marketTrade)
	quote(t *translation, symbol string, q quote)
	// ladder tells what changed in the first depth levels; whole says that it is a snapshot.
	ladder(t *translation, symbol string, depth int, whole bool, d *ladderChange)
	depths() []int
}

// translation is one run of As.
type translation struct {
	out   *Recording
	words wording
	books map[string]*tradedBook
	kind  string
	doc   document
	at    int64 // of the frame in work, ns since the first
	wall  int64 // its event time
	index int   // quote of the frame in work, or -1
}

// marketTrade is one print. Source values are kept as text, so that no digit is lost.
type marketTrade struct {
	symbol     string
	id         int64
	price, qty []byte
	sold       bool // the aggressor sold: Binance's m
}

// tradedBook is a book with the ladders that were told last.
type tradedBook struct {
	depthBook
	known map[int]*depthBook // by depth
}

// ladderChange is the difference between two ladders; a quantity of 0 removes. gone says of each change whether the level
// is no more, or only fell out of the depth.
type ladderChange struct {
	bids, asks []levelChange
	book       *depthBook // as it is now, cut to the depth
	number     int64      // counts the changes of this ladder from 1
}

type levelChange struct {
	level
	fellOut bool
}

// frame words one recorded frame.
func (t *translation) frame(r *Recording, i int) {
	f := &r.frames[i]
	payload := payloadOf(r.wire[f.from:f.to])
	if t.doc.parse(payload) != nil {
		return
	}
	t.at, t.index = f.at, -1
	if t.doc.find(0, "lastUpdateId") >= 0 {
		t.snapshot(payload)
		return
	}
	data := t.doc.find(0, "data")
	if data < 0 {
		return
	}
	if at := t.doc.find(data, "E"); at >= 0 {
		t.wall = integerOf(&t.doc, at) * 1e6
	}
	symbol := t.doc.text1(data, "s")
	switch {
	case f.quote >= 0:
		q := r.quotes[f.quote]
		q.symbol = symbolAt(t.kind, q.symbol)
		t.index = len(t.out.quotes)
		t.out.quotes = append(t.out.quotes, q)
		t.words.quote(t, q.symbol, q.quote)
	case t.doc.text1(data, "e") == "trade":
		t.words.trade(t, &marketTrade{
			symbol: symbolAt(t.kind, symbol), id: integerOf(&t.doc, t.doc.find(data, "t")),
			price: []byte(t.doc.text1(data, "p")), qty: []byte(t.doc.text1(data, "q")),
			sold: t.doc.kind(t.doc.find(data, "m")) == jsonTrue,
		})
	case t.doc.text1(data, "e") == "depthUpdate":
		t.depth(payload, symbol)
	}
}

// text1 is a string member's text, or "".
func (d *document) text1(object int, name string) string {
	at := d.find(object, name)
	if d.kind(at) != jsonString {
		return ""
	}
	return string(d.str(at))
}

// symbolAt is BTCUSDT in another venue's spelling.
func symbolAt(kind, symbol string) string {
	base, ok := strings.CutSuffix(symbol, "USDT")
	if !ok {
		return symbol
	}
	switch kind {
	case "kraken":
		return base + "/USD"
	case "coinbase", "coinbase-advanced":
		return base + "-USD"
	}
	return symbol
}

// snapshot belongs to the one symbol of the recording: those that hold more than one have none.
func (t *translation) snapshot(payload []byte) {
	symbol := ""
	for known := range t.books {
		symbol = known
	}
	if len(t.books) != 1 {
		symbol = "BTCUSDT"
	}
	book := t.book(symbol)
	book.apply(&t.doc, payload, symbol)
	for _, depth := range t.words.depths() {
		t.tell(book, symbol, depth, true)
	}
}

func (t *translation) book(symbol string) *tradedBook {
	book := t.books[symbol]
	if book == nil {
		book = &tradedBook{known: map[int]*depthBook{}}
		t.books[symbol] = book
	}
	return book
}

// depth applies a change; before the snapshot there is no book to change.
func (t *translation) depth(payload []byte, symbol string) {
	book := t.book(symbol)
	if book.updateID == 0 {
		return
	}
	book.apply(&t.doc, payload, symbol)
	for _, depth := range t.words.depths() {
		t.tell(book, symbol, depth, false)
	}
}

// tell words what a ladder has become since it was told last.
func (t *translation) tell(book *tradedBook, symbol string, depth int, whole bool) {
	before := book.known[depth]
	if before == nil || whole {
		before = &depthBook{}
	}
	now := &depthBook{bids: firstLevels(book.bids, depth), asks: firstLevels(book.asks, depth), updateID: before.updateID + 1}
	change := &ladderChange{book: now, number: now.updateID}
	change.bids = changed(before.bids, now.bids, book.bids, -1)
	change.asks = changed(before.asks, now.asks, book.asks, 1)
	if len(change.bids)+len(change.asks) == 0 && !whole {
		return
	}
	book.known[depth] = now
	t.words.ladder(t, symbolAt(t.kind, symbol), depth, whole, change)
}

func firstLevels(side []level, depth int) []level {
	return append([]level(nil), side[:min(depth, len(side))]...)
}

// changed lists what differs between two ladders of one side, best first: new and altered levels, and those that are
// gone. full is the whole side, which tells what only fell out of the depth.
func changed(before, now, full []level, direction int) []levelChange {
	var list []levelChange
	for len(before) > 0 || len(now) > 0 {
		order := 0
		switch {
		case len(before) == 0:
			order = 1
		case len(now) == 0:
			order = -1
		default:
			order = direction * cmp.Compare(before[0].price, now[0].price)
		}
		switch {
		case order < 0: // stood before, stands no more
			_, standing := slices.BinarySearchFunc(full, before[0].price, func(l level, p amount) int { return direction * cmp.Compare(l.price, p) })
			list = append(list, levelChange{level{price: before[0].price}, standing})
			before = before[1:]
		case order > 0:
			list = append(list, levelChange{level: now[0]})
			now = now[1:]
		default:
			if before[0].qty != now[0].qty {
				list = append(list, levelChange{level: now[0]})
			}
			before, now = before[1:], now[1:]
		}
	}
	return list
}

// emit adds one message under a subscription's name. The quote of the frame in work goes with its first message.
func (t *translation) emit(name string, text []byte) {
	t.out.push(t.at, name, text, t.index)
	t.index = -1
}
