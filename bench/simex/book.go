package simex

import (
	"cmp"
	"slices"
)

// depthBook is the replayed market of one instrument: what a snapshot request is answered from.
type depthBook struct {
	updateID   int64
	bids, asks []level // best first
}

type level struct{ price, qty amount }

// snapshot rebuilds the book of an instrument up to where the furthest replay has come.
//
// It runs over the recording from its start, which is slow and seldom.
func (v *Venue) snapshot(ins *instrument) *depthBook {
	v.mu.Lock()
	upTo, q := v.replayed, ins.quote
	v.mu.Unlock()
	book := &depthBook{updateID: 1}
	if v.config.Market == nil {
		if q.bid > 0 {
			book.bids = []level{{q.bid, q.bidQty}}
		}
		if q.ask > 0 {
			book.asks = []level{{q.ask, q.askQty}}
		}
		return book
	}
	var doc document
	for _, f := range v.config.Market.frames[:upTo] {
		book.apply(&doc, payloadOf(v.config.Market.wire[f.from:f.to]), ins.Symbol)
	}
	return book
}

// payloadOf strips the header of a frame that appendFrame made.
func payloadOf(frame []byte) []byte {
	switch frame[1] {
	case 126:
		return frame[4:]
	case 127:
		return frame[10:]
	}
	return frame[2:]
}

// apply takes in a snapshot or a depthUpdate of the symbol; other frames change nothing.
func (b *depthBook) apply(doc *document, frame []byte, symbol string) {
	if doc.parse(frame) != nil {
		return
	}
	if at := doc.find(0, "lastUpdateId"); at >= 0 {
		b.bids, b.asks = nil, nil
		b.updateID = integerOf(doc, at)
		b.merge(doc, 0, "bids", "asks")
		return
	}
	data := doc.find(0, "data")
	if data < 0 {
		data = 0
	}
	kind, name := doc.find(data, "e"), doc.find(data, "s")
	if doc.kind(kind) != jsonString || string(doc.str(kind)) != "depthUpdate" || doc.kind(name) != jsonString || string(doc.str(name)) != symbol {
		return
	}
	if last := integerOf(doc, doc.find(data, "u")); last > b.updateID {
		b.updateID = last
		b.merge(doc, data, "b", "a")
	}
}

func (b *depthBook) merge(doc *document, object int, bids, asks string) {
	b.bids = mergeLevels(doc, doc.find(object, bids), b.bids, -1)
	b.asks = mergeLevels(doc, doc.find(object, asks), b.asks, 1)
}

// mergeLevels sets or removes the levels of a JSON list; direction 1 sorts upwards, -1 downwards.
func mergeLevels(doc *document, list int, side []level, direction int) []level {
	if doc.kind(list) != jsonArray {
		return side
	}
	for i := list + 1; i < int(doc.nodes[list].next); i = int(doc.nodes[i].next) {
		if doc.kind(i) != jsonArray || int(doc.nodes[i].next) < i+3 || doc.kind(i+1) != jsonString || doc.kind(i+2) != jsonString {
			continue
		}
		price, badPrice := parseAmount(doc.str(i + 1))
		qty, badQty := parseAmount(doc.str(i + 2))
		if badPrice != numberFine || badQty != numberFine {
			continue
		}
		at, found := slices.BinarySearchFunc(side, price, func(l level, p amount) int { return direction * cmp.Compare(l.price, p) })
		switch {
		case found && qty == 0:
			side = slices.Delete(side, at, at+1)
		case found:
			side[at].qty = qty
		case qty > 0:
			side = slices.Insert(side, at, level{price, qty})
		}
	}
	return side
}

func integerOf(doc *document, at int) int64 {
	if doc.kind(at) != jsonNumber {
		return 0
	}
	id, ok := parseID(doc.raw(at))
	if !ok {
		return 0
	}
	return int64(id)
}

// appendBinance writes the snapshot in Binance's form.
func (b *depthBook) appendBinance(dst []byte, levels int) []byte {
	dst = appendInt(append(dst, `{"lastUpdateId":`...), b.updateID)
	dst = appendLevels(append(dst, `,"bids":`...), b.bids, levels)
	dst = appendLevels(append(dst, `,"asks":`...), b.asks, levels)
	return append(dst, '}')
}

// appendLevels writes [["price","qty"],...].
func appendLevels(dst []byte, side []level, most int) []byte {
	dst = append(dst, '[')
	for i, l := range side[:min(most, len(side))] {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = l.price.appendFixed(append(dst, `["`...))
		dst = l.qty.appendFixed(append(dst, `","`...))
		dst = append(dst, `"]`...)
	}
	return append(dst, ']')
}

func sortFills(list []fill) {
	slices.SortStableFunc(list, func(a, b fill) int { return cmp.Compare(a.id, b.id) })
}
