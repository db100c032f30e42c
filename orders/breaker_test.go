package orders_test

import (
	"testing"

	"orderwire/orders"
)

func breakerLimits() orders.BreakerLimits {
	return orders.BreakerLimits{
		RejectsMax: 3, LateAcksMax: 2, DisconnectsMax: 2, ConflictsMax: 1, WindowNanos: 1000, AckNanos: 50, UnknownMax: 2,
		ClockNanos: 100, ReportNanos: 500, RestNanos: 10_000,
	}
}

func rejected(id uint64, at int64) *orders.Receipt {
	return &orders.Receipt{ID: id, State: orders.Rejected, Before: orders.Pushed, Kind: orders.ReportRejected, PushedAt: at - 1, At: at}
}

func acked(id uint64, pushed, at int64) *orders.Receipt {
	return &orders.Receipt{ID: id, State: orders.Acked, Before: orders.Pushed, Kind: orders.ReportAcked, PushedAt: pushed, At: at}
}

// TestR19BreakerTrips: each reason, at its limit and just below.
func TestR19BreakerTrips(t *testing.T) {
	for _, row := range []struct {
		reason orders.Reason
		below  func(b *orders.Breaker)
		at     func(b *orders.Breaker)
	}{
		{
			orders.ReasonRejects,
			func(b *orders.Breaker) {
				for _, at := range []int64{0, 500, 1000, 1500} { // never three in less than 1000
					b.Settle(rejected(1, at))
				}
				b.Settle(&orders.Receipt{ID: 9, Target: 1, State: orders.Rejected, Before: orders.Pushed, At: 1501}) // a refused cancel
			},
			func(b *orders.Breaker) { b.Settle(rejected(1, 1999)) },
		},
		{
			orders.ReasonLatency,
			func(b *orders.Breaker) { b.Settle(acked(1, 0, 51)); b.Settle(acked(2, 60, 110)) },
			func(b *orders.Breaker) { b.Settle(acked(3, 200, 251)) },
		},
		{orders.ReasonDisconnects, func(b *orders.Breaker) { b.Disconnected(0) }, func(b *orders.Breaker) { b.Disconnected(999) }},
		{orders.ReasonConflicts, func(*orders.Breaker) {}, func(b *orders.Breaker) { b.Contradicted(5) }},
		{orders.ReasonUnknown, func(b *orders.Breaker) { b.Look(orders.Health{Unknown: 2}, 5) }, func(b *orders.Breaker) { b.Look(orders.Health{Unknown: 3}, 5) }},
		{orders.ReasonClock, func(b *orders.Breaker) { b.Look(orders.Health{ClockNanos: 100}, 5) }, func(b *orders.Breaker) { b.Look(orders.Health{ClockNanos: 101}, 5) }},
		{orders.ReasonStaleReports, func(b *orders.Breaker) { b.Look(orders.Health{ReportNanos: 500}, 5) }, func(b *orders.Breaker) { b.Look(orders.Health{ReportNanos: 501}, 5) }},
		{orders.ReasonLimits, func(*orders.Breaker) {}, func(b *orders.Breaker) { b.Look(orders.Health{Throttled: true}, 5) }},
		{orders.ReasonJournal, func(*orders.Breaker) {}, func(b *orders.Breaker) { b.Look(orders.Health{JournalFull: true}, 5) }},
	} {
		t.Run(row.reason.String(), func(t *testing.T) {
			b := orders.NewBreaker(breakerLimits())
			row.below(b)
			if state, reason := b.State(); state != orders.Closed || !b.Allow(2000) {
				t.Fatalf("below the limit: %d for %s", state, reason)
			}
			row.at(b)
			if state, reason := b.State(); state != orders.Open || reason != row.reason || b.Allow(2000) || b.Trips(row.reason) != 1 {
				t.Fatalf("at the limit: %d for %s", state, reason)
			}
			off := orders.NewBreaker(orders.BreakerLimits{})
			row.below(off)
			row.at(off)
			if state, _ := off.State(); state != orders.Closed && row.reason != orders.ReasonLimits && row.reason != orders.ReasonJournal {
				t.Fatal("a limit of zero trips")
			}
		})
	}
}

// TestBreakerProbes: after its rest one order passes, and its fate decides.
func TestBreakerProbes(t *testing.T) {
	open := func() *orders.Breaker {
		b := orders.NewBreaker(breakerLimits())
		b.Trip(orders.ReasonRejects, 0)
		if b.Allow(9_999) || !b.Allow(10_000) {
			t.Fatal("the rest is not kept")
		}
		b.Probe(7)
		if b.Allow(10_001) {
			t.Fatal("a second order passes beside the probe")
		}
		b.Settle(acked(6, 0, 10_002)) // another order's news proves nothing
		b.Settle(&orders.Receipt{ID: 7, State: orders.Received, Before: orders.Pushed, PushedAt: 10_001, At: 10_002})
		if state, _ := b.State(); state != orders.HalfOpen {
			t.Fatal("decided too early")
		}
		return b
	}
	b := open()
	b.Settle(acked(7, 10_001, 10_003))
	if state, reason := b.State(); state != orders.Closed || reason != orders.ReasonNone || !b.Allow(10_004) {
		t.Fatalf("an acked probe: %d for %s", state, reason)
	}
	for _, state := range []orders.State{orders.Rejected, orders.Unknown} {
		b = open()
		b.Settle(&orders.Receipt{ID: 7, State: state, Before: orders.Pushed, At: 10_003})
		if state, _ := b.State(); state != orders.Open || b.Allow(20_002) || !b.Allow(20_003) {
			t.Fatal("a failed probe closed it, or its rest is not anew")
		}
	}
	b = open()
	b.Settle(&orders.Receipt{ID: 7, State: orders.NotSent, Before: orders.Pushed, At: 10_003})
	if !b.Allow(10_004) {
		t.Fatal("a probe that was never sent blocks the next")
	}
}

func TestBreakerManual(t *testing.T) {
	limits := breakerLimits()
	limits.RestNanos = 0
	b := orders.NewBreaker(limits)
	b.Settle(rejected(1, 0))
	b.Settle(rejected(2, 1))
	b.Trip(orders.ReasonClock, 5)
	b.Trip(orders.ReasonRejects, 6)
	if state, reason := b.State(); state != orders.Open || reason != orders.ReasonClock || b.Allow(1<<60) {
		t.Fatalf("%d for %s", state, reason)
	}
	b.Rearm()
	b.Settle(rejected(3, 7))
	if state, _ := b.State(); state != orders.Closed || !b.Allow(8) {
		t.Fatal("what was before the rearming still counts")
	}
	if b.Trips(orders.ReasonClock) != 1 {
		t.Fatal("the count is lost")
	}
}

func TestKill(t *testing.T) {
	var k orders.Kill
	if k.Latched() != orders.KilledByNobody {
		t.Fatal("latched from the start")
	}
	k.Latch(orders.KilledBySignal)
	k.Latch(orders.KilledByFile)
	if k.Latched() != orders.KilledBySignal || k.Latched().String() != "signal" {
		t.Fatalf("latched by %s", k.Latched())
	}
	k.Reset()
	if k.Latched() != orders.KilledByNobody {
		t.Fatal("still latched")
	}
}
