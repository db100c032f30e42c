package orders

// Admission is all that stands between a decision and its order, asked in one order: kill switch, breaker, the venue's
// budgets, the rules of the gate. A nil part is not asked; the loop's own questions (phase, room, journal) come before.
//
// Requests to cancel pass our own gates, and a budget's reserve is theirs; they never pass a venue's ban.
type Admission struct {
	Kill    *Kill
	Breaker *Breaker
	Limiter *Limiter
	Gate    *Gate
	// PlaceCost and CancelCost are what the venue charges for one request.
	PlaceCost  Cost
	CancelCost Cost
}

// Check admits a request with Sent, or names what refuses it. What is admitted is charged at once: the caller sends it.
// v.ID must be the id under which it will be sent (IDs.Peek), so that a half-open breaker knows its probe.
func (a *Admission) Check(spec *Spec, v *Values, now int64) Outcome {
	if spec.Action == Cancel || spec.Action == CancelAll {
		return a.charge(&a.CancelCost, true, now)
	}
	if a.Kill != nil && a.Kill.Latched() != KilledByNobody {
		return Killed
	}
	if a.Breaker != nil && !a.Breaker.Allow(now) {
		return BreakerOpen
	}
	if a.Limiter != nil && !a.Limiter.Room(&a.PlaceCost, false, now) {
		return RateLimited
	}
	if a.Gate != nil {
		if why := a.Gate.Check(spec, v, now); why != Sent {
			return why
		}
	}
	if a.Limiter != nil {
		a.Limiter.Take(&a.PlaceCost, now)
	}
	if a.Breaker != nil {
		a.Breaker.Probe(v.ID)
	}
	return Sent
}

// charge asks and takes in one.
func (a *Admission) charge(c *Cost, cancel bool, now int64) Outcome {
	if a.Limiter == nil {
		return Sent
	}
	if !a.Limiter.Room(c, cancel, now) {
		return RateLimited
	}
	a.Limiter.Take(c, now)
	return Sent
}

// Settle tells the parts that learn from what became of an order.
func (a *Admission) Settle(r *Receipt) {
	if a.Breaker != nil {
		a.Breaker.Settle(r)
	}
	if a.Gate != nil {
		a.Gate.Settle(r)
	}
}

// Observe reads a venue's own account of our usage out of a report: used weight, order count, throttling. now is loop
// time, and offset what venue time is ahead of it (VenueClock), so that a ban ends when the venue says.
func (a *Admission) Observe(r *Report, now, offset int64) {
	l := a.Limiter
	if l == nil {
		return
	}
	if r.Weight > 0 || r.WeightLimit > 0 { // Kraken names the limit once, and the count with each execution
		l.Observe(BudgetWeight, 0, int64(r.Weight), int64(r.WeightLimit), now)
	}
	if r.OrderCountLimit > 0 {
		l.Observe(BudgetOrders, 0, int64(r.OrderCount), int64(r.OrderCountLimit), now)
	}
	if r.Kind == ReportThrottled {
		until := now + banDefault
		if r.RetryAtNanos > 0 {
			until = r.RetryAtNanos - offset
		}
		l.Ban(until)
	}
}

// banDefault is how long nothing is sent where a venue throttles without saying until when. Bybit's is ten minutes for
// its 403, the others' windows are a minute at most (exchanges, "Limits").
const banDefault = 60_000_000_000

// Watch gives the gate its tracker.
func (a *Admission) Watch(t *Tracker) {
	if a.Gate != nil {
		a.Gate.Watch(t)
	}
}
