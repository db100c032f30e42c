package main

import (
	"sync/atomic"

	"orderwire/orders"
)

// What the loop's guard and the operator's desk tell each other: atomics and one pointer, no lock.

// guardState is the guard's state as other threads may read it, at most some milliseconds old.
type guardState struct {
	breaker     atomic.Uint32 // orders.BreakerState
	reason      atomic.Uint32 // orders.Reason
	latched     atomic.Uint32 // orders.Rule
	spent       atomic.Bool
	open        atomic.Int64 // orders without an end
	bannedNanos atomic.Int64 // how long the venue's ban still lasts
	refused     [orders.RuleCount]atomic.Uint64
	trips       [orders.ReasonCount]atomic.Uint64
	used        [3]atomic.Int64 // of each budget's fullest window
	allowed     [3]atomic.Int64
}

// shownBudgets are those that a status names, in the order of guardState.used.
var shownBudgets = [3]orders.Budget{orders.BudgetWeight, orders.BudgetOrders, orders.BudgetMessages}

// publish copies g. Loop thread.
func (s *guardState) publish(g *guard, now int64) {
	if g.Breaker != nil {
		state, reason := g.Breaker.State()
		s.breaker.Store(uint32(state))
		s.reason.Store(uint32(reason))
		for i := range s.trips {
			s.trips[i].Store(g.Breaker.Trips(orders.Reason(i)))
		}
	}
	if g.Gate != nil {
		s.latched.Store(uint32(g.Gate.Latched()))
		for i := range s.refused {
			s.refused[i].Store(g.Gate.Refused(orders.Rule(i)))
		}
	}
	s.open.Store(int64(g.tracker.Open()))
	s.spent.Store(g.spent())
	s.bannedNanos.Store(max(g.Limiter.BannedUntil()-now, 0))
	for i, budget := range shownBudgets {
		used, allowed := g.Limiter.Used(budget, now)
		s.used[i].Store(used)
		s.allowed[i].Store(allowed)
	}
}

// riskStatus is the guard as `orderwire status` shows it. Counts of nothing are left out.
type riskStatus struct {
	Breaker string            `json:"breaker"` // closed, open or half_open
	Reason  string            `json:"breaker_reason,omitempty"`
	Trips   map[string]uint64 `json:"breaker_trips,omitempty"`
	Latched string            `json:"gate_latched,omitempty"` // the rule that has shut the gate
	Refused map[string]uint64 `json:"gate_refused,omitempty"` // by rule
	Banned  int64             `json:"banned_ms,omitempty"`
	Used    map[string]int64  `json:"budget_used,omitempty"`
	Allowed map[string]int64  `json:"budget_allowed,omitempty"`
}

var breakerNames = [...]string{"closed", "open", "half_open"}

func (s *guardState) status() *riskStatus {
	out := &riskStatus{
		Breaker: breakerNames[s.breaker.Load()], Trips: map[string]uint64{}, Refused: map[string]uint64{},
		Used: map[string]int64{}, Allowed: map[string]int64{}, Banned: s.bannedNanos.Load() / millis,
	}
	if reason := orders.Reason(s.reason.Load()); reason != orders.ReasonNone {
		out.Reason = reason.String()
	}
	if rule := orders.Rule(s.latched.Load()); rule != orders.RuleNone {
		out.Latched = rule.String()
	}
	for i := range s.trips {
		if n := s.trips[i].Load(); n > 0 {
			out.Trips[orders.Reason(i).String()] = n
		}
	}
	for i := range s.refused {
		if n := s.refused[i].Load(); n > 0 {
			out.Refused[orders.Rule(i).String()] = n
		}
	}
	for i, budget := range shownBudgets {
		if n := s.allowed[i].Load(); n > 0 {
			out.Used[budget.String()], out.Allowed[budget.String()] = s.used[i].Load(), n
		}
	}
	return out
}

// budgetNote carries the limiter's state to the journal: the loop fills it, the desk takes it.
type budgetNote struct {
	full atomic.Bool
	text [256]byte
	size int
}

// offer fills the note where the last one was taken and something is used. Loop thread.
func (b *budgetNote) offer(l *orders.Limiter, now, wallNanos int64) {
	if b.full.Load() {
		return
	}
	worth := now < l.BannedUntil()
	for _, budget := range shownBudgets {
		used, _ := l.Used(budget, now)
		worth = worth || used > 0
	}
	if !worth {
		return
	}
	b.size = len(l.Append(b.text[:0], now, wallNanos))
	b.full.Store(true)
}

// take hands the note to write, which must not keep it. Control plane.
func (b *budgetNote) take(write func(text []byte) error) error {
	if !b.full.Load() {
		return nil
	}
	err := write(b.text[:b.size])
	b.full.Store(false)
	return err
}

// operatorWord is one decision of a person: to rearm breaker and gate, or to override the limits of a symbol.
type operatorWord struct {
	override   *orders.SymbolLimits // nil: rearm
	by, reason string
	wallNanos  int64
	err        error
	done       atomic.Bool // err may be read
}

// follow does what the operator wants. Loop thread; an override allocates, as the rare thing that it is.
func (g *guard) follow(now int64) {
	word := g.word.Load()
	if word == nil {
		return
	}
	g.word.Store(nil)
	switch {
	case word.override != nil:
		_, word.err = g.Gate.Override(*word.override, word.by, word.reason, word.wallNanos)
	default:
		if g.Breaker != nil {
			g.Breaker.Rearm()
		}
		if g.Gate != nil {
			g.Gate.Rearm()
		}
		g.seen.publish(g, now)
	}
	word.done.Store(true)
}
