package orders

import (
	"fmt"

	"orderwire/orders/market"
)

// Counts of the tables, for walks over all pairs.
const (
	StateCount = stateCount
	EventCount = eventCount
)

// EventOf and Contradicts open the table's companions to tests.
var (
	EventOf     = eventOf
	Contradicts = State.contradicts
)

// Check walks the whole tracker and says what does not fit together.
func (t *Tracker) Check() error {
	used, open := 0, 0
	var counts [stateCount]int
	in := map[listName]int{}
	for i := range t.entries {
		e := &t.entries[i]
		if !e.used {
			continue
		}
		used++
		in[e.in]++
		if int(e.self) != i || t.byID.find(e.id) != i {
			return fmt.Errorf("entry %d is not found under its id %d", i, e.id)
		}
		if e.venueLen > 0 && t.byVenue.find(e.venueKey) != i {
			return fmt.Errorf("entry %d is not found under its venue id", i)
		}
		if e.isOrder() {
			counts[e.state]++
			if !e.over(e.state) {
				open++
			}
			if e.over(e.state) != (e.in == inEnded) {
				return fmt.Errorf("order %d in state %s is in list %d", e.id, e.state, e.in)
			}
		}
		if (e.in == inWaiting) != (e.state == Pushed) {
			return fmt.Errorf("%d in state %s is in list %d", e.id, e.state, e.in)
		}
	}
	free := 0
	for at := t.free; at != none; at = t.entries[at].next {
		free++
	}
	switch {
	case used+free != len(t.entries):
		return fmt.Errorf("%d used and %d free of %d", used, free, len(t.entries))
	case counts != t.counts:
		return fmt.Errorf("counts %v, want %v", t.counts, counts)
	case open != t.open:
		return fmt.Errorf("%d open, want %d", t.open, open)
	case in[inWaiting] != t.waiting.count || in[inEnded] != t.ended.count:
		return fmt.Errorf("lists of %d and %d, want %v", t.waiting.count, t.ended.count, in)
	case t.byID.used != used:
		return fmt.Errorf("%d ids, want %d", t.byID.used, used)
	}
	if err := t.checkBooks(); err != nil {
		return err
	}
	for _, l := range []*list{&t.waiting, &t.ended} {
		n, before := 0, none
		for at := l.first; at != none; before, at = at, t.entries[at].next {
			if t.entries[at].prev != before || t.entries[at].in != l.name {
				return fmt.Errorf("list %d is torn at %d", l.name, at)
			}
			n++
		}
		if n != l.count || l.last != before {
			return fmt.Errorf("list %d has %d, says %d", l.name, n, l.count)
		}
	}
	return nil
}

// checkBooks adds up the open orders anew.
func (t *Tracker) checkBooks() error {
	for i := range t.books.all[:t.books.used] {
		b := &t.books.all[i]
		var buy, sell uint64
		worth, open := value{}, 0
		for j := range t.entries {
			e := &t.entries[j]
			if !e.used || e.book != int32(i) || e.action != Place || e.over(e.state) {
				continue
			}
			open++
			left := b.remaining(e)
			price, _ := rescaled(e.price, int(b.priceScale))
			worth = worth.plus(product(price, left))
			if e.side == market.Sell {
				sell += left
			} else {
				buy += left
			}
		}
		if buy != b.openBuy || sell != b.openSell || worth != b.openValue || open != b.openOrders {
			return fmt.Errorf("book %s has %d/%d/%v/%d open, want %d/%d/%v/%d", b.symbol, b.openBuy, b.openSell, b.openValue, b.openOrders, buy, sell, worth, open)
		}
	}
	return nil
}

// Index opens the tracker's index to tests.
type Index struct{ index }

// HashText is what keys of text are.
var HashText = hashText

// NewIndex makes room for capacity keys.
func NewIndex(capacity int) *Index { return &Index{newIndex(capacity)} }

// Put, Find, Drop and Used are the index's own.
func (x *Index) Put(key uint64, at int) { x.put(key, at) }

// Find is the place of key, -1 without.
func (x *Index) Find(key uint64) int { return x.find(key) }

// Drop removes key.
func (x *Index) Drop(key uint64) { x.drop(key) }

// Used is how many keys are in it.
func (x *Index) Used() int { return x.used }
