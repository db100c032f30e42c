package orders_test

import (
	"testing"

	"orderwire/orders"
)

func newAdmission(t testing.TB) (*orders.Admission, *rig) {
	t.Helper()
	account, limits := testLimits(t)
	limits.ReferenceAge = 1 << 60
	r := newRig(t, account, limits)
	a := &orders.Admission{
		Kill: &orders.Kill{}, Breaker: orders.NewBreaker(breakerLimits()), Gate: r.gate,
		Limiter:   newLimiter(t, orders.LimitRule{Budget: orders.BudgetWeight, Window: 60 * second, Max: 10, Reserve: 2}),
		PlaceCost: orders.Cost{1}, CancelCost: orders.Cost{1},
	}
	a.Watch(r.tracker)
	return a, r
}

// TestAdmissionOrder: each part refuses under its own name, and a cancel passes all of ours but never a ban.
func TestAdmissionOrder(t *testing.T) {
	place, cancel := limitSpec(), orders.Spec{Action: orders.Cancel}
	v := orders.Values{ID: 1, Price: number(t, "64000.00"), Qty: number(t, "0.1")}
	now := 100 * second
	for _, row := range []struct {
		name         string
		break_       func(a *orders.Admission)
		want, cancel orders.Outcome
	}{
		{"good", func(*orders.Admission) {}, orders.Sent, orders.Sent},
		{"killed", func(a *orders.Admission) {
			a.Kill.Latch(orders.KilledByCall)
			a.Breaker.Trip(orders.ReasonClock, now)
		}, orders.Killed, orders.Sent},
		{"breaker", func(a *orders.Admission) {
			a.Breaker.Trip(orders.ReasonClock, now)
			a.Limiter.Take(&orders.Cost{8}, now)
		}, orders.BreakerOpen, orders.Sent},
		{"budget", func(a *orders.Admission) {
			a.Limiter.Take(&orders.Cost{8}, now)
			a.Gate.Watch(nil)
		}, orders.RateLimited, orders.Sent},
		{"ban", func(a *orders.Admission) { a.Limiter.Ban(now + 1) }, orders.RateLimited, orders.RateLimited},
		{"risk", func(a *orders.Admission) { a.Gate.Watch(nil) }, orders.RiskRefused, orders.Sent},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, _ := newAdmission(t)
			row.break_(a)
			before, _ := a.Limiter.Used(orders.BudgetWeight, now)
			if have := a.Check(&place, &v, now); have != row.want {
				t.Fatalf("order: %s, want %s", have, row.want)
			}
			charged, _ := a.Limiter.Used(orders.BudgetWeight, now)
			if (charged != before) != (row.want == orders.Sent) {
				t.Fatalf("%d charged for %s", charged-before, row.want)
			}
			if have := a.Check(&cancel, &v, now); have != row.cancel {
				t.Fatalf("cancel: %s, want %s", have, row.cancel)
			}
		})
	}
	var bare orders.Admission
	if bare.Check(&place, &v, now) != orders.Sent || bare.Check(&cancel, &v, now) != orders.Sent {
		t.Fatal("an admission without parts refuses")
	}
	bare.Settle(&orders.Receipt{})
	bare.Observe(&orders.Report{Kind: orders.ReportThrottled}, 0, 0)
	bare.Watch(nil)
}

// TestR11ObeysRetryAt: after 429 and 418 nothing is sent before the venue's time.
func TestR11ObeysRetryAt(t *testing.T) {
	a, _ := newAdmission(t)
	place, v := limitSpec(), orders.Values{ID: 1, Price: number(t, "64000.00"), Qty: number(t, "0.1")}
	now, offset := 100*second, 1_700_000_000*second
	a.Observe(&orders.Report{Kind: orders.ReportThrottled, RetryAtNanos: now + offset + 30*second, Weight: 3, WeightLimit: 20}, now, offset)
	if used, limit := a.Limiter.Used(orders.BudgetWeight, now); used != 3 || limit != 20 {
		t.Fatalf("%d of %d", used, limit)
	}
	if a.Check(&place, &v, now+30*second-1) != orders.RateLimited || a.Check(&place, &v, now+30*second) != orders.Sent {
		t.Fatal("the venue's time is not kept")
	}
	a.Observe(&orders.Report{Kind: orders.ReportThrottled}, now, offset)
	if a.Limiter.BannedUntil() != now+60*second {
		t.Fatal("a ban without a time is none")
	}
}

func TestAdmissionAllocatesNothing(t *testing.T) {
	a, r := newAdmission(t)
	v := orders.Values{Price: number(t, "64000.00"), Qty: number(t, "0.1")}
	receipt := rejected(1, 0)
	now := int64(0)
	if n := testing.AllocsPerRun(1000, func() {
		now += 100 * second
		v.ID++
		a.Check(&r.spec, &v, now)
		receipt.At = now
		a.Settle(receipt)
		r.gate.Reference(0, v.Price, now)
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func BenchmarkAdmission(b *testing.B) {
	a, r := newAdmission(b)
	a.Limiter = newLimiter(b,
		orders.LimitRule{Budget: orders.BudgetWeight, Window: 60 * second, Max: 1 << 40}, orders.LimitRule{Budget: orders.BudgetOrders, Window: 10 * second, Max: 1 << 40},
		orders.LimitRule{Budget: orders.BudgetOrders, Window: 86_400 * second, Max: 1 << 40},
	)
	a.PlaceCost = orders.Cost{1, 1, 1, 0}
	v := orders.Values{Price: number(b, "64000.00"), Qty: number(b, "0.10000")}
	now := int64(0)
	for b.Loop() {
		now += 10_000_000
		v.Price.Mantissa = 6_400_000 + now%64000
		if outcome := a.Check(&r.spec, &v, now); outcome != orders.Sent {
			b.Fatal(outcome, r.gate.Why())
		}
	}
}
