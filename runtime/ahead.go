package runtime

import (
	"orderwire/orders"
	"orderwire/orders/fixed"
)

// ahead keeps orders that were signed while the loop was idle, so that the trigger only frames, seals and sends. A
// candidate is one armed order at one price and quantity; a ladder is several of them.
//
// A signed order is a bearer instrument: candidates lie in the Go heap, never in memory that the kernel sees, until one is
// chosen, and are wiped when they leave. Each has its own client id, bound when it is first signed: a candidate that was
// never chosen is signed again under the same id, one that was chosen is burnt, also if it was then refused.
type ahead struct {
	list    []candidate
	chosen  *candidate // by admit, for take; nil: patch and sign now
	aimed   int        // places in use
	next    int        // whose turn it is to be looked at
	replace int        // whose place the next new target takes when all are used
	every   int64      // ns after which a candidate is signed again
	life    int64      // ns after which it may not be taken any more
	counts  AheadStats
}

// candidate is one order, signed or to be signed.
type candidate struct {
	order    Armed
	price    fixed.Number
	qty      fixed.Number
	id       uint64 // 0: none bound yet
	signedAt int64  // loop clock, ns; 0: not signed
	payload  []byte
	used     bool
}

// AheadStats say how good the aim was. Units: counts; ns where named.
type AheadStats struct {
	Hits      uint64 // orders that took a candidate
	Misses    uint64 // orders that were signed at the trigger, while candidates were kept
	Stale     uint64 // candidates that fitted and were too old
	Signed    uint64 // candidates signed or signed again
	AgeNanos  int64  // of the candidate taken last
	OldestHit int64  // ns: the oldest candidate that was taken
}

// aheadMax is how many candidates one session keeps: two sides of 16 price levels.
const aheadMax = 32

func newAhead(every, life int64, payloadMax int) ahead {
	a := ahead{list: make([]candidate, aheadMax), every: every, life: life}
	for i := range a.list {
		a.list[i].payload = make([]byte, 0, payloadMax)
	}
	return a
}

// aim asks for a candidate. A target that is there already costs nothing.
func (a *ahead) aim(order Armed, price, qty fixed.Number) {
	var free *candidate
	for i := range a.list {
		c := &a.list[i]
		if c.fits(order, price, qty) {
			return
		}
		if !c.used && free == nil {
			free = c
		}
	}
	if free == nil {
		free = &a.list[a.replace]
		a.replace = (a.replace + 1) % len(a.list)
		free.wipe()
		a.aimed--
	}
	free.order, free.price, free.qty, free.used = order, price, qty, true
	a.aimed++
}

func (c *candidate) fits(order Armed, price, qty fixed.Number) bool {
	return c.used && c.order == order && c.price == price && c.qty == qty
}

// wipe clears what is signed and frees the place. The id is kept for the next candidate: it never left.
func (c *candidate) wipe() {
	clear(c.payload)
	c.payload = c.payload[:0]
	c.used, c.signedAt = false, 0
}

// choose looks for a candidate that is signed and young enough, and returns the id under which the order will be sent.
func (a *ahead) choose(t *trigger, ids *orders.IDs, now int64) uint64 {
	a.chosen = nil
	if a.aimed == 0 || t.spec.Action == orders.Cancel {
		return ids.Peek()
	}
	for i := range a.list {
		c := &a.list[i]
		if !c.fits(t.order, t.values.Price, t.values.Qty) || c.signedAt == 0 {
			continue
		}
		if now-c.signedAt > a.life {
			a.counts.Stale++
			break
		}
		a.chosen = c
		return c.id
	}
	return ids.Peek()
}

// take copies the chosen candidate to dst and burns it. ok is false where the order has to be patched and signed now.
func (a *ahead) take(t *trigger, dst []byte) (n int, ok bool) {
	c := a.chosen
	if c == nil {
		if a.aimed > 0 {
			a.counts.Misses++
		}
		return 0, false
	}
	n = copy(dst, c.payload)
	a.counts.Hits++
	a.counts.AgeNanos = t.now - c.signedAt
	a.counts.OldestHit = max(a.counts.OldestHit, a.counts.AgeNanos)
	a.burn()
	return n, true
}

// burn ends the life of the chosen candidate and of its id, also where the order was refused after all. Its place is signed
// anew, under a new id, in an idle turn.
func (a *ahead) burn() {
	if c := a.chosen; c != nil {
		clear(c.payload)
		c.payload, c.id, c.signedAt = c.payload[:0], 0, 0
		a.chosen = nil
	}
}

// sharpen signs one candidate that needs it. It belongs to idle turns.
func (s *session) sharpen(now int64) {
	a := s.ahead
	if a.aimed == 0 {
		return
	}
	for range a.list {
		c := &a.list[a.next]
		if a.next++; a.next == len(a.list) {
			a.next = 0
		}
		if !c.used || c.signedAt != 0 && now-c.signedAt < a.every {
			continue
		}
		stamp, known := s.venue.Stamp(now)
		if !known {
			return
		}
		if c.id == 0 {
			c.id = s.ids.Next()
		}
		template := s.armed[c.order].template
		c.payload = c.payload[:template.Len()]
		template.Patch(c.payload, orders.Values{ID: c.id, Price: c.price, Qty: c.qty, WallNanos: stamp})
		template.Sign(c.payload, s.signer)
		c.signedAt = now
		a.counts.Signed++
		return
	}
}
