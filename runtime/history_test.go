package runtime_test

import (
	"testing"
	"time"

	"orderwire/bench/simex"
	"orderwire/orders"
	"orderwire/orders/kraken"
	"orderwire/runtime"
)

// asked are the venues that are asked about the past by REST.
var asked = []string{"binance-usdm", "bybit", "kraken", "coinbase", "coinbase-advanced"}

// impatient asks faster than Kraken wants it: the pace is held by its own test.
type impatient struct{ *kraken.Dialect }

func (impatient) Inquiry() (orders.Inquiry, bool) {
	return orders.Inquiry{AccountWide: true, Burst: 1000}, true
}

func hasty(t *testing.T, kind string) *venueCase {
	t.Helper()
	v := venueOf(t, kind)
	if kind == "kraken" {
		v.dialect = func(string) orders.Dialect { return impatient{&kraken.Dialect{}} }
	}
	return v
}

func settleIn(d time.Duration) func(*runtime.Config) {
	return func(c *runtime.Config) { c.Settle = d }
}

// R1: the reply is cut off and no report comes either: what the venue's lists say ends the order, with its execution.
func TestR1LostReplyIsResolvedByREST(t *testing.T) {
	for _, kind := range asked {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b, counts, seen := tradeAt(t, hasty(t, kind), 4, func(n uint64, intent simex.Intent) simex.Plan {
				lost := intent.Action == "place" && n == 2
				return simex.Plan{Cut: lost, ReportLost: lost}
			}, settleIn(time.Second))
			if len(b.ended) != 4 || counts.Filled != 4 || counts.Executions != 4 {
				t.Fatalf("%d orders ended, the exchange filled %d in %d executions (%v)", len(b.ended), counts.Filled, counts.Executions, seen.ends)
			}
			unknown := 0
			for id, r := range b.ended {
				if r.State != orders.Filled {
					t.Errorf("order %d ended as %s", id, r.State)
				}
				if b.first[id] == orders.Unknown {
					unknown++
				}
			}
			if unknown != 1 {
				t.Errorf("%d orders were Unknown for a while, want the one whose reply was cut off", unknown)
			}
			faultless(t, &counts)
		})
	}
}

// R4: the lists do not show the order yet: that is no proof that it is not there.
func TestR4NotFoundByRESTIsNoProof(t *testing.T) {
	for _, kind := range asked {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b, counts, seen := tradeAt(t, hasty(t, kind), 2, func(n uint64, intent simex.Intent) simex.Plan {
				if intent.Action != "place" || n != 0 {
					return simex.Plan{}
				}
				return simex.Plan{Unknown: true, ReportLost: true, HideFor: 600e6}
			}, settleIn(2*time.Second))
			if len(b.ended) != 2 || counts.Filled != 2 {
				t.Fatalf("%d orders ended, the exchange filled %d (%v)", len(b.ended), counts.Filled, seen.ends)
			}
			if b.first[1] != orders.Unknown || b.ended[1].State != orders.Filled {
				t.Errorf("order 1 was first %s and ended as %s, want Unknown and then Filled", b.first[1], b.ended[1].State)
			}
			faultless(t, &counts)
		})
	}
}

// Absence ends an order only after its window and the settle time, and only if all lists agree. Coinbase's window of half a
// minute is too long for a test: there the order stays Unknown as long as one looks.
func TestAbsenceByRESTEndsUnknown(t *testing.T) {
	for _, kind := range []string{"binance-usdm", "bybit", "kraken"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			started := time.Now()
			b, counts, seen := tradeAt(t, hasty(t, kind), 2, func(n uint64, intent simex.Intent) simex.Plan {
				return simex.Plan{Vanish: intent.Action == "place" && n == 0}
			}, settleIn(300*time.Millisecond))
			if len(b.ended) != 2 || counts.Filled != 1 {
				t.Fatalf("%d orders ended, the exchange filled %d (%v)", len(b.ended), counts.Filled, seen.ends)
			}
			if b.first[1] != orders.Unknown || b.ended[1].State != orders.Rejected {
				t.Errorf("order 1 was first %s and ended as %s, want Unknown and then Rejected", b.first[1], b.ended[1].State)
			}
			if took := time.Since(started); took < 800*time.Millisecond {
				t.Errorf("absence was believed after %s, before window (500 ms) and settle time (300 ms) had passed", took)
			}
			faultless(t, &counts)
		})
	}
}

// R14: an error without the request's id is about the order that waits on that connection.
func TestR14ErrorWithoutID(t *testing.T) {
	b, counts, seen := tradeAt(t, venueOf(t, "bybit"), 3, func(n uint64, intent simex.Intent) simex.Plan {
		if intent.Action != "place" || n != 1 {
			return simex.Plan{}
		}
		return simex.Plan{Reject: "170131", OmitID: true}
	}, nil)
	if len(b.ended) != 3 || counts.Filled != 2 || b.ended[2].State != orders.Rejected {
		t.Errorf("%d orders ended, the second as %s; the exchange filled %d (%v)", len(b.ended), b.ended[2].State, counts.Filled, seen.ends)
	}
	faultless(t, &counts)
}
