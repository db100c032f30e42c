package market_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"orderwire/orders/market"
)

func TestArbiter(t *testing.T) {
	quote := func(id int64) *market.Event {
		return &market.Event{Kind: market.KindQuote, Symbol: []byte("A"), Quote: market.Quote{UpdateID: id}}
	}
	type arrival struct {
		ev   *market.Event
		path int
		at   int64
		want market.Verdict
	}
	for _, row := range []struct {
		name   string
		events []arrival
		counts [2]market.PathCounts
	}{
		{
			"the first wins, and its lead is measured",
			[]arrival{
				{trade("A", 1, false), 0, 100, market.Fresh},
				{trade("A", 1, false), 1, 130, market.Repeated},
				{trade("A", 2, false), 1, 200, market.Fresh},
				{trade("A", 2, false), 0, 250, market.Repeated},
				{trade("A", 3, false), 1, 300, market.Fresh},
				{trade("A", 3, false), 0, 310, market.Repeated},
			},
			[2]market.PathCounts{{Won: 1, Lost: 2, LeadNanos: 30, LeadMax: 30}, {Won: 2, Lost: 1, LeadNanos: 60, LeadMax: 50}},
		},
		{
			"streams and symbols race for themselves",
			[]arrival{
				{trade("A", 5, false), 0, 0, market.Fresh},
				{trade("A", 5, true), 1, 0, market.Fresh},
				{trade("B", 5, false), 1, 0, market.Fresh},
				{depth("A", 4, 5, 0), 0, 0, market.Fresh},
				{quote(5), 1, 0, market.Fresh},
				{quote(5), 0, 7, market.Repeated},
			},
			[2]market.PathCounts{{Won: 2, Lost: 1}, {Won: 3, LeadNanos: 7, LeadMax: 7}},
		},
		{
			"what one connection missed comes too late",
			[]arrival{
				{trade("A", 1, false), 0, 0, market.Fresh}, {trade("A", 3, false), 0, 0, market.Fresh}, {trade("A", 2, false), 1, 0, market.Overdue}, {trade("A", 3, false), 1, 4, market.Repeated},
			},
			[2]market.PathCounts{{Won: 2, LeadNanos: 4, LeadMax: 4}, {Lost: 1, Late: 1}},
		},
		{
			"a connection does not race itself",
			[]arrival{{trade("A", 1, false), 0, 0, market.Fresh}, {trade("A", 1, false), 0, 9, market.Repeated}},
			[2]market.PathCounts{{Won: 1}, {}},
		},
		{
			"what has no number passes from path 0",
			[]arrival{
				{trade("A", 0, false), 0, 0, market.Fresh},
				{trade("A", 0, false), 1, 0, market.Ignored},
				{trade("C", 7, false), 0, 0, market.Fresh},
				{trade("C", 7, false), 1, 0, market.Ignored},
				{&market.Event{Kind: market.KindShutdown}, 1, 0, market.Ignored},
			},
			[2]market.PathCounts{},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			arbiter := market.NewArbiter(set(t, "A", "B"))
			for i, a := range row.events {
				if got := arbiter.See(a.ev, a.path, a.at); got != a.want {
					t.Errorf("event %d: %d, want %d", i, got, a.want)
				}
			}
			if got := [2]market.PathCounts{arbiter.Counts(0), arbiter.Counts(1)}; got != row.counts {
				t.Errorf("\n got %+v\nwant %+v", got, row.counts)
			}
		})
	}
}

// TestArbiterAddsUp races two connections that lag, drop and bunch at random: every event is fresh exactly once,
// in order, and the counts add up.
func TestArbiterAddsUp(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 16))
	arbiter := market.NewArbiter(set(t, "A"))
	const total = 50_000
	var next, dropped [2]int64
	var fresh []int64
	for at := int64(0); next[0] < total || next[1] < total; at++ {
		path := random.IntN(2)
		if next[path] >= total || next[path] > next[1-path]+500 { // a lag that is remembered
			path = 1 - path
		}
		for range 1 + random.IntN(5) {
			if next[path] >= total {
				break
			}
			next[path]++
			if random.IntN(1000) == 0 {
				dropped[path]++
				continue
			}
			if arbiter.See(trade("A", next[path], false), path, at) == market.Fresh {
				fresh = append(fresh, next[path])
			}
		}
	}
	if !slices.IsSorted(fresh) || len(slices.Compact(slices.Clone(fresh))) != len(fresh) {
		t.Error("fresh events are repeated or out of order")
	}
	a, b := arbiter.Counts(0), arbiter.Counts(1)
	if int64(len(fresh)) != int64(a.Won+b.Won) || int64(a.Won+a.Lost+a.Late) != total-dropped[0] || int64(b.Won+b.Lost+b.Late) != total-dropped[1] {
		t.Errorf("%d fresh, dropped %v\n%+v\n%+v", len(fresh), dropped, a, b)
	}
	if int64(len(fresh)) < total-200 || a.Won < total/10 || b.Won < total/10 || a.LeadNanos == 0 || b.LeadMax == 0 {
		t.Errorf("%d fresh\n%+v\n%+v", len(fresh), a, b)
	}
}

func TestArbiterAllocs(t *testing.T) {
	arbiter := market.NewArbiter(set(t, "A"))
	ev := trade("A", 0, false)
	if allocs := testing.AllocsPerRun(100, func() {
		ev.Trade.ID++
		arbiter.See(ev, 0, ev.Trade.ID)
		arbiter.See(ev, 1, ev.Trade.ID+5)
	}); allocs != 0 {
		t.Errorf("%v allocations, want 0", allocs)
	}
}

func BenchmarkArbiter(b *testing.B) {
	arbiter := market.NewArbiter(set(b, "A"))
	ev := trade("A", 0, false)
	b.ReportAllocs()
	for b.Loop() {
		ev.Trade.ID++
		arbiter.See(ev, 0, ev.Trade.ID)
		arbiter.See(ev, 1, ev.Trade.ID+5)
	}
}
