package runtime

// placed remembers from which armed order an id was pushed, and on which session, so that it can be cancelled in its own
// symbol and on its own line.
//
// Shape: a power of two of places; an id that is older than that many has lost its place.
type placed struct {
	places []place
	mask   uint64
	first  uint64 // the lowest id ever put
	last   uint64
}

type place struct {
	id      uint64
	order   Armed
	session uint16
	heard   bool // the stream of reports has told of it
}

func newPlaced(places int) placed {
	n := 1
	for n < places {
		n <<= 1
	}
	return placed{places: make([]place, n), mask: uint64(n - 1)}
}

func (p *placed) put(id uint64, order Armed, session uint16) {
	p.places[id&p.mask] = place{id: id, order: order, session: session}
	p.last = id
	if p.first == 0 {
		p.first = id
	}
}

func (p *placed) find(id uint64) (place, bool) {
	at := p.places[id&p.mask]
	return at, id != 0 && at.id == id
}

// hear notes that the stream of reports has told of id.
func (p *placed) hear(id uint64) {
	if at := &p.places[id&p.mask]; at.id == id {
		at.heard = true
	}
}

// heard tells whether it has; what has lost its place counts as heard.
func (p *placed) heard(id uint64) bool {
	at, known := p.find(id)
	return !known || at.heard
}

// oldest is the lowest id that may still be found, 0 for none.
func (p *placed) oldest() uint64 {
	if size := p.mask + 1; p.last > size {
		return max(p.first, p.last-size+1)
	}
	return p.first
}
