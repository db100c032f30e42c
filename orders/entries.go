package orders

// The tracker's places: taking, freeing, and the two lists by age.

// none ends a chain of entries.
const none = int32(-1)

// listName tells which list an entry is in.
type listName uint8

const (
	inNone listName = iota
	inWaiting
	inEnded
)

// list chains entries in the order in which they were linked.
type list struct {
	name        listName
	first, last int32
	count       int
}

func emptyList(name listName) list { return list{name: name, first: none, last: none} }

// find is the entry of id, nil without.
func (t *Tracker) find(id uint64) *entry {
	if at := t.byID.find(id); at >= 0 {
		return &t.entries[at]
	}
	return nil
}

// Ready does ahead what Add(id) will need, in an idle turn: it makes a place free and brings it and the index of id into
// the cache. Without it Add does the same, only at the trigger. It does nothing while nothing is to be done.
func (t *Tracker) Ready(id uint64) {
	if t.free == none {
		if t.ended.first == none {
			return
		}
		t.evict()
	}
	if e := &t.entries[t.free]; e.id != ^id {
		*e = entry{next: e.next, id: ^id} // a mark that this was done: no free place has an id
		t.byID.find(id)
	}
}

// evict frees the place of the order that ended first.
func (t *Tracker) evict() {
	old := &t.entries[t.ended.first]
	t.unlink(&t.ended, old)
	t.counts[old.state]--
	t.tally.Evicted++
	t.release(old)
}

// take gives a place to id: a free one, or that of the order which ended first.
func (t *Tracker) take(id uint64) *entry {
	if t.byID.find(id) >= 0 {
		panic("orders: an id was added twice")
	}
	if t.free == none {
		if t.ended.first == none {
			panic("orders: no room to remember an order: Room was not asked")
		}
		t.evict()
	}
	at := t.free
	e := &t.entries[at]
	t.free = e.next
	*e = entry{id: id, self: at, used: true, book: none, prev: none, next: none}
	t.byID.put(id, int(at))
	return e
}

// release frees a place that is in no list.
func (t *Tracker) release(e *entry) {
	at := e.self
	t.byID.drop(e.id)
	if e.venueLen > 0 {
		t.byVenue.drop(e.venueKey)
	}
	*e = entry{next: t.free}
	t.free = at
}

// link appends e to l.
func (t *Tracker) link(l *list, e *entry) {
	at := e.self
	e.in, e.prev, e.next = l.name, l.last, none
	if l.last != none {
		t.entries[l.last].next = at
	} else {
		l.first = at
	}
	l.last = at
	l.count++
}

// unlink takes e out of l.
func (t *Tracker) unlink(l *list, e *entry) {
	if e.prev != none {
		t.entries[e.prev].next = e.next
	} else {
		l.first = e.next
	}
	if e.next != none {
		t.entries[e.next].prev = e.prev
	} else {
		l.last = e.prev
	}
	e.in, e.prev, e.next = inNone, none, none
	l.count--
}
