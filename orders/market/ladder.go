package market

import "orderwire/orders/fixed"

// ladder is one side of a book: levels sorted from the worst to the best, so that changes near the best price
// move few of them.
//
// Its size is fixed. Where it is full the worst eighth goes at once, and the best price that went is the horizon:
// what lies at it or beyond is unknown from then on and is not taken in any more, so that what the ladder shows
// has no holes. A snapshot lifts the horizon. A window has none: the venue sends again what comes back into it.
type ladder struct {
	levels  []Level
	bids    bool
	window  bool
	limited bool
	horizon fixed.Number
}

func newLadder(capacity int, window, bids bool) ladder {
	if window {
		capacity = 2*capacity + 64 // room for one message before it is cut
	}
	return ladder{levels: make([]Level, 0, capacity), window: window, bids: bids}
}

func (l *ladder) clear() {
	l.levels = l.levels[:0]
	l.limited = false
}

func (l *ladder) nth(nth int, good bool) (level Level, ok bool) {
	if !good || nth < 0 || nth >= len(l.levels) {
		return Level{}, false
	}
	return l.levels[len(l.levels)-1-nth], true
}

// set puts, changes or removes one level. Removing what is not there is legal at every venue.
func (l *ladder) set(level Level) {
	if l.limited && !l.better(level.Price, l.horizon) {
		return
	}
	at, found := l.find(level.Price)
	switch {
	case level.Qty.IsZero():
		if found {
			l.levels = append(l.levels[:at], l.levels[at+1:]...)
		}
	case found:
		l.levels[at] = level
	default:
		l.insert(at, level)
	}
}

func (l *ladder) insert(at int, level Level) {
	if len(l.levels) == cap(l.levels) {
		drop := l.drop(at)
		if at -= drop; at < 0 {
			return // it would have been among those that went
		}
	}
	l.levels = l.levels[:len(l.levels)+1]
	copy(l.levels[at+1:], l.levels[at:])
	l.levels[at] = level
}

// drop makes room for a level that belongs at index at, and returns how many went: as many as at+1 where the
// newcomer is worse than all that stay.
func (l *ladder) drop(at int) int {
	if l.window {
		if at == 0 {
			return 1
		}
		l.discard(1)
		return 1
	}
	count := max(cap(l.levels)/8, 1)
	l.horizon, l.limited = l.levels[count-1].Price, true
	l.discard(count)
	if at < count { // it lies beyond the horizon
		return at + 1
	}
	return count
}

// trim keeps the best levels of a window.
func (l *ladder) trim(size int) {
	if over := len(l.levels) - size; over > 0 {
		l.discard(over)
	}
}

func (l *ladder) discard(count int) {
	l.levels = l.levels[:copy(l.levels, l.levels[count:])]
}

// find is the index of price, or the one at which it belongs.
func (l *ladder) find(price fixed.Number) (at int, found bool) {
	low, high := 0, len(l.levels)
	for low < high {
		middle := int(uint(low+high) >> 1)
		order := l.levels[middle].Price.Cmp(price)
		if order == 0 {
			return middle, true
		}
		if order < 0 == l.bids {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, false
}

// better tells whether price lies nearer to the other side than other.
func (l *ladder) better(price, other fixed.Number) bool {
	order := price.Cmp(other)
	return order > 0 == l.bids && order != 0
}
