package orders_test

import (
	"fmt"
	"testing"

	"orderwire/orders"
	"orderwire/orders/fixed"
)

// rank is the chain of docs and design.md, written anew: the table must be this and its exceptions, nothing else.
var rank = map[orders.State]int{
	orders.Unknown: 1, orders.Received: 2, orders.Acked: 3, orders.PartiallyFilled: 4,
	orders.Rejected: 5, orders.Cancelled: 6, orders.Expired: 7, orders.Filled: 8,
}

// said is the state that each word of the venue is evidence of.
var said = map[orders.Event]orders.State{
	orders.VenueReceived: orders.Received, orders.VenueAcked: orders.Acked, orders.VenueTraded: orders.PartiallyFilled,
	orders.VenueFilled: orders.Filled, orders.VenueCancelled: orders.Cancelled, orders.VenueExpired: orders.Expired,
	orders.VenueRejected: orders.Rejected, orders.VenueUnsure: orders.Unknown,
}

// expected is the rule behind the table.
func expected(s orders.State, e orders.Event) orders.State {
	evidence, venue := said[e]
	switch {
	case s == orders.Armed || e == orders.NothingNew:
		return s
	case e == orders.NotHanded:
		if s == orders.Pushed {
			return orders.NotSent
		}
		return s
	case e == orders.ConnectionLost:
		if s == orders.Pushed {
			return orders.Unknown
		}
		return s
	case e == orders.ProvenAbsent:
		if s == orders.Unknown {
			return orders.Rejected
		}
		return s
	case !venue:
		panic("an event without a rule")
	case s == orders.PartiallyFilled && e == orders.VenueRejected, s == orders.Rejected && e == orders.VenueTraded:
		return orders.Cancelled
	case rank[evidence] > rank[s]: // Pushed and NotSent have no rank: any evidence is more
		return evidence
	}
	return s
}

// TestLifeTable walks every state and every event.
func TestLifeTable(t *testing.T) {
	for s := range orders.State(orders.StateCount) {
		for e := range orders.Event(orders.EventCount) {
			after := s.After(e)
			if want := expected(s, e); after != want {
				t.Errorf("%s after event %d is %s, want %s", s, e, after, want)
			}
			if s.Ended() && s != orders.NotSent && !after.Ended() {
				t.Errorf("R5: event %d revives a %s order: %s", e, s, after)
			}
			if again := after.After(e); again != after {
				t.Errorf("event %d twice on %s: %s, then %s", e, s, after, again)
			}
		}
	}
	if orders.State(orders.StateCount).String() != "state?" || orders.Unknown.String() != "unknown" {
		t.Error("names are not those of the states")
	}
}

// TestR1LostReplyIsUnknown: neither a lost connection nor the venue's own doubt ends an order, and only evidence ends
// the doubt.
func TestR1LostReplyIsUnknown(t *testing.T) {
	for _, e := range []orders.Event{orders.ConnectionLost, orders.VenueUnsure} {
		if after := orders.Pushed.After(e); after != orders.Unknown || after.Ended() {
			t.Errorf("event %d makes it %s", e, after)
		}
	}
	for e := range orders.Event(orders.EventCount) {
		_, venue := said[e]
		after := orders.Unknown.After(e)
		if after != orders.Unknown && !venue && e != orders.ProvenAbsent {
			t.Errorf("event %d, which is no evidence, ends Unknown: %s", e, after)
		}
	}
	for _, kind := range []orders.ReportKind{orders.ReportCancelRejected, orders.ReportNotFound, orders.ReportOther, orders.ReportShutdown, orders.ReportSessionError} {
		if orders.EventOf(kind) != orders.NothingNew {
			t.Errorf("R4, R5: kind %d proves something", kind)
		}
	}
}

// TestR5OrderOfEventsDoesNotMatter permutes every set of up to four messages, executions included, with a lost
// connection among them, and compares state, executed quantity and position.
func TestR5OrderOfEventsDoesNotMatter(t *testing.T) {
	qty := func(n int64) fixed.Number { return fixed.Number{Mantissa: n, Scale: 5} }
	messages := []orders.Report{
		{Kind: orders.ReportReceived},
		{Kind: orders.ReportAcked},
		{Kind: orders.ReportUnknown},
		{Kind: orders.ReportTrade, ExecID: []byte("1"), LastQty: qty(400)},
		{Kind: orders.ReportTrade, ExecID: []byte("2"), LastQty: qty(300)},
		{Kind: orders.ReportTrade, ExecID: []byte("3"), LastQty: qty(300), CumQty: qty(1000)},
		{Kind: orders.ReportFilled},
		{Kind: orders.ReportCancelled, CumQty: qty(400)},
		{Kind: orders.ReportExpired},
		{Kind: orders.ReportRejected},
		{Kind: orders.ReportCancelRejected},
		{Kind: orders.ReportNotFound},
		{Kind: orders.ReportOther}, // stands for the lost connection
	}
	template := trackedTemplate(t)
	sets := 0
	choose(len(messages), 4, func(set []int) {
		sets++
		var first string
		permute(set, func(order []int) {
			tracker := orders.NewTracker(2)
			tracker.Add(1, 100, template, fixed.Number{}, qty(1000))
			for _, i := range order {
				if i == len(messages)-1 {
					tracker.Lose(200)
					continue
				}
				tracker.Apply(&messages[i], 1, 200)
			}
			if err := tracker.Check(); err != nil {
				t.Fatalf("%v after %v", err, order)
			}
			info, _ := tracker.Order(1)
			end := fmt.Sprint(info.State, info.Executed.Mantissa, tracker.Position("BTCUSDT").Bought.Mantissa)
			if first == "" {
				first = end
			} else if end != first {
				t.Fatalf("%v ends as %s, another order as %s", order, end, first)
			}
		})
	})
	if sets < 1000 {
		t.Fatalf("%d sets", sets)
	}
}

// choose calls visit with every set of 1 to most of n numbers.
func choose(n, most int, visit func(set []int)) {
	var grow func(from int, set []int)
	grow = func(from int, set []int) {
		if len(set) > 0 {
			visit(set)
		}
		for i := from; i < n && len(set) < most; i++ {
			grow(i+1, append(set[:len(set):len(set)], i))
		}
	}
	grow(0, nil)
}

// permute calls visit with every order of set.
func permute(set []int, visit func(order []int)) {
	var swap func(k int)
	order := append([]int(nil), set...)
	swap = func(k int) {
		if k == len(order) {
			visit(order)
			return
		}
		for i := k; i < len(order); i++ {
			order[k], order[i] = order[i], order[k]
			swap(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	swap(0)
}
