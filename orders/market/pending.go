package market

// pending is the room for changes that wait for a snapshot: copies, since an Event is reused.
type pending struct {
	events []keptDepth
	levels []Level
}

type keptDepth struct {
	first, last, previous int64
	bids, asks            int // lengths; their levels follow each other
	from                  int
}

func newPending(events, levels int) pending {
	return pending{events: make([]keptDepth, 0, events), levels: make([]Level, 0, levels)}
}

// add copies a change. It answers false where there is no room, and then keeps nothing of it.
func (p *pending) add(depth *Depth) bool {
	bids, asks := len(depth.Bids), len(depth.Asks)
	if len(p.events) == cap(p.events) || len(p.levels)+bids+asks > cap(p.levels) {
		return false
	}
	p.events = append(p.events, keptDepth{
		first: depth.First, last: depth.Last, previous: depth.Previous, bids: bids, asks: asks, from: len(p.levels),
	})
	p.levels = append(append(p.levels, depth.Bids...), depth.Asks...)
	return true
}

// at is the ith change; its levels are valid until clear.
func (p *pending) at(i int) Depth {
	kept := &p.events[i]
	middle := kept.from + kept.bids
	return Depth{
		First: kept.first, Last: kept.last, Previous: kept.previous,
		Bids: p.levels[kept.from:middle], Asks: p.levels[middle : middle+kept.asks],
	}
}

func (p *pending) clear() {
	p.events = p.events[:0]
	p.levels = p.levels[:0]
}
