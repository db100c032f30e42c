package orders

// VenueClock estimates a venue's clock from its own time stamps: how far it is ahead of the loop's clock, and how wrong
// that can be at most. It stamps orders. One loop owns it.
//
// Every reply with a venue time is a proof: the venue read its clock after we had sent and before we received, so
// its offset lies between (venue - received) and (venue - sent). The interval of a fast round trip is narrow: the smallest
// round trips decide, and no average is spoilt by a slow one. Proofs are intersected; with time the interval widens by
// the drift that two clocks may have against each other. Two proofs that do not overlap mean that a clock stepped: the
// bound is then doubt (no bound at all) until the newer side is confirmed.
//
// The loop's clock is monotonic, so a step of the host's wall time changes nothing here.
type VenueClock struct {
	low, high int64 // offset of the venue clock, ns: low <= offset <= high at time at
	at        int64
	driftPPM  int64
	known     bool
	steps     uint64
	suspect   proof // the first proof against the estimate
	suspected int
}

// proof is an interval at a time.
type proof struct{ low, high, at int64 }

// NewVenueClock makes a clock that knows nothing. driftPPM bounds the drift of both clocks together; 0 is 50, twice what
// a bad crystal has.
func NewVenueClock(driftPPM int64) *VenueClock {
	if driftPPM <= 0 {
		driftPPM = 50
	}
	return &VenueClock{driftPPM: driftPPM}
}

// Sample takes one reply: sent before the request left, received after the reply came (loop clock, ns), and the venue's
// time in between. granularity is the unit in which the venue writes time: it cut off less than that.
func (c *VenueClock) Sample(sent, received, venueNanos, granularity int64) {
	if received < sent || venueNanos <= 0 || granularity < 0 {
		return // no proof: a reply from before its question, or no time
	}
	c.learn(proof{low: venueNanos - received, high: venueNanos + granularity - sent, at: received})
}

// learn intersects a proof with what is known.
func (c *VenueClock) learn(p proof) {
	if !c.known {
		c.low, c.high, c.at, c.known = p.low, p.high, p.at, true
		return
	}
	low, high := c.interval(p.at)
	if p.low <= high && p.high >= low {
		c.low, c.high, c.at = max(low, p.low), min(high, p.high), p.at
		c.suspected = 0
		return
	}
	c.doubt(p)
}

// doubt counts proofs that contradict the estimate and agree with each other. The second one replaces it.
func (c *VenueClock) doubt(p proof) {
	if c.suspected > 0 {
		widen := c.drift(p.at - c.suspect.at)
		if p.low <= c.suspect.high+widen && p.high >= c.suspect.low-widen {
			c.low, c.high, c.at = max(p.low, c.suspect.low-widen), min(p.high, c.suspect.high+widen), p.at
			c.suspected = 0
			c.steps++
			return
		}
	}
	c.suspect, c.suspected = p, 1
}

// interval is what is known at now.
func (c *VenueClock) interval(now int64) (low, high int64) {
	widen := c.drift(now - c.at)
	return c.low - widen, c.high + widen
}

// drift is how far the clocks may have moved apart, rounded up.
func (c *VenueClock) drift(over int64) int64 {
	if over < 0 {
		over = -over
	}
	return over/1e6*c.driftPPM + (over%1e6*c.driftPPM+1e6-1)/1e6
}

// Offset is how far the venue is ahead of the loop's clock, and how wrong that can be. ok is false while nothing is known
// or a step is suspected.
func (c *VenueClock) Offset(now int64) (offset, bound int64, ok bool) {
	if !c.known {
		return 0, 0, false
	}
	low, high := c.interval(now)
	return low + (high-low)/2, (high - low + 1) / 2, c.suspected == 0
}

// Stamp is the venue's time at now. It is the middle of what is possible: never post-dated to gain life. ok as for
// Offset: an order must not be stamped without.
func (c *VenueClock) Stamp(now int64) (wallNanos int64, ok bool) {
	offset, _, ok := c.Offset(now)
	return now + offset, ok
}

// Covers tells whether an order stamped now can meet a venue's window: its stamp is not taken for the future by more
// than aheadNanos, and after flightNanos on the way windowNanos are not yet over, whatever the error (R12).
func (c *VenueClock) Covers(now, windowNanos, flightNanos, aheadNanos int64) bool {
	_, bound, ok := c.Offset(now)
	return ok && bound < aheadNanos && bound+flightNanos < windowNanos
}

// Steps is how often a clock was found to have stepped.
func (c *VenueClock) Steps() uint64 { return c.steps }

// Suspects tells whether the last proof contradicted the estimate.
func (c *VenueClock) Suspects() bool { return c.suspected > 0 }
