package main

import (
	"errors"
	"sync/atomic"

	"orderwire/netpoll"
	"orderwire/orders"
	"orderwire/orders/market"
	"orderwire/runtime"
)

// guard is the library's admission with what it has to learn from the rest of the loop: reference prices from the market,
// the venue clock's bound, the state of the journal, ended connections. Loop thread only, but for the fields that say so.
type guard struct {
	orders.Admission
	tracker *orders.Tracker
	clock   *orders.VenueClock // nil: its bound is not known
	wall    netpoll.Clock
	journal runtime.Journal

	share      int64 // percent of the budgets that the venue reports
	giveBack   bool
	limits     []orders.SymbolLimits // as the file has them; the desk's copy changes with overrides
	references []reference
	ordersMax  int

	nextLook     int64
	nextNote     int64
	waitingSince int64 // since when an answer is due; 0: none is
	conflicts    uint64
	endsSeen     uint64
	admitted     int

	ends atomic.Uint64                // connections that ended without being asked to; written by the observer
	word atomic.Pointer[operatorWord] // what the operator wants; written by the desk
	seen guardState                   // read by the desk
	note budgetNote                   // read by the desk
}

// reference is where a symbol's collar is measured from.
type reference struct {
	symbol     string
	at         int   // the gate's number
	quotedAt   int64 // loop clock, ns: a fresh quote is better than any print
	freshNanos int64
}

// How often the guard looks at what is no order, and notes the budgets. Units: ns.
const (
	lookEvery = int64(1_000_000)
	noteEvery = int64(1_000_000_000)
)

// Watch is part of runtime.Risk.
func (g *guard) Watch(t *orders.Tracker) {
	g.tracker = t
	g.Admission.Watch(t)
}

// WatchClock gives the guard the venue's clock (runtime.ClockWatcher).
func (g *guard) WatchClock(c *orders.VenueClock) { g.clock = c }

// Check is part of runtime.Risk.
func (g *guard) Check(spec *orders.Spec, v *orders.Values, now int64) orders.Outcome {
	why := g.Admission.Check(spec, v, now)
	if why == orders.Sent {
		if g.waitingSince == 0 {
			g.waitingSince = now
		}
		if spec.Action == orders.Place {
			g.admitted++
		}
	}
	return why
}

// Settle is part of runtime.Risk.
func (g *guard) Settle(r *orders.Receipt) {
	g.waitingSince = 0
	if g.tracker.Waiting() > 0 {
		g.waitingSince = r.At
	}
	if g.giveBack && r.State == orders.Filled && r.Before != orders.Filled {
		g.Limiter.GiveBack(orders.BudgetOrders, 1, r.At)
	}
	g.Admission.Settle(r)
}

// Observe is part of runtime.Risk: of a limit that the venue reports, too, only our share is ours.
func (g *guard) Observe(r *orders.Report, now, offset int64) {
	weight, count := r.WeightLimit, r.OrderCountLimit
	r.WeightLimit = int32(max(int64(weight)*g.share/100, min(int64(weight), 1)))
	r.OrderCountLimit = int32(max(int64(count)*g.share/100, min(int64(count), 1)))
	g.Admission.Observe(r, now, offset)
	r.WeightLimit, r.OrderCountLimit = weight, count
}

// hear takes reference prices from the market: the middle of the best bid and ask, or the last print where there is no
// fresh quote.
func (g *guard) hear(ev *market.Event, now int64) {
	if ev.Kind != market.KindTrade && ev.Kind != market.KindQuote {
		return
	}
	for i := range g.references {
		r := &g.references[i]
		if string(ev.Symbol) != r.symbol {
			continue
		}
		if ev.Kind == market.KindQuote {
			if price, err := middle(ev.Quote.Bid, ev.Quote.Ask); err == nil {
				r.quotedAt = now
				g.Gate.Reference(r.at, price, now)
			}
		} else if r.quotedAt == 0 || now-r.quotedAt > r.freshNanos {
			g.Gate.Reference(r.at, ev.Trade.Price, now)
		}
		return
	}
}

// look is the slow part of a turn: states of affairs trip the breaker, the operator's word is followed, the state is shown.
func (g *guard) look(now int64) {
	g.nextLook = now + lookEvery
	if g.Breaker != nil {
		g.judge(now)
	}
	g.follow(now)
	g.seen.publish(g, now)
	if now >= g.nextNote {
		g.nextNote = now + noteEvery
		g.note.offer(g.Limiter, now, g.wall.Wall(now))
	}
}

// judge tells the breaker how things are.
func (g *guard) judge(now int64) {
	if ends := g.ends.Load(); ends != g.endsSeen {
		for ; g.endsSeen < ends; g.endsSeen++ {
			g.Breaker.Disconnected(now)
		}
	}
	for conflicts := g.tracker.Tally().Conflicts; g.conflicts < conflicts; g.conflicts++ {
		g.Breaker.Contradicted(now)
	}
	h := orders.Health{
		Unknown:     g.tracker.Count(orders.Unknown),
		Throttled:   now < g.Limiter.BannedUntil(),
		JournalFull: g.journal != nil && !g.journal.Room(),
	}
	if g.clock != nil {
		if _, bound, known := g.clock.Offset(now); known {
			h.ClockNanos = bound
		}
	}
	if g.waitingSince > 0 && g.tracker.Waiting() > 0 {
		h.ReportNanos = now - g.waitingSince
	}
	g.Breaker.Look(h, now)
}

// spent tells whether the run has sent all that it may and knows how each of them ended.
func (g *guard) spent() bool {
	return g.ordersMax > 0 && g.admitted >= g.ordersMax && g.tracker.Open() == 0
}

// guardedStrategy is a strategy whose loop keeps a guard informed.
type guardedStrategy struct {
	runtime.Strategy
	guard *guard
}

// Market is part of runtime.Strategy.
func (s *guardedStrategy) Market(ev *market.Event, now int64, hand runtime.Hand) {
	s.guard.hear(ev, now)
	s.Strategy.Market(ev, now, hand)
}

// Turn is part of runtime.Strategy.
func (s *guardedStrategy) Turn(now int64, hand runtime.Hand) {
	if now >= s.guard.nextLook {
		s.guard.look(now)
	}
	s.Strategy.Turn(now, hand)
}

// guardedObserver counts ended connections, for the breaker.
type guardedObserver struct {
	runtime.Observer
	guard *guard
	live  [runtime.ReportRole + 1]int
}

// Session is part of runtime.Observer: one goroutine of the control plane.
func (o *guardedObserver) Session(e runtime.SessionEvent) {
	switch {
	case e.Role == runtime.MarketRole:
	case e.Phase == runtime.Live:
		o.live[e.Role]++
	case e.Phase == runtime.Ended && o.live[e.Role] > 0: // else a try that failed
		o.live[e.Role]--
		if !errors.Is(e.Err, runtime.ErrStopped) {
			o.guard.ends.Add(1)
		}
	}
	o.Observer.Session(e)
}
