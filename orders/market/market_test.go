package market_test

import (
	"fmt"
	"strings"
	"testing"

	"orderwire/orders/fixed"
	"orderwire/orders/market"
)

func num(t testing.TB, text string) fixed.Number {
	t.Helper()
	n, err := fixed.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func set(t testing.TB, names ...string) *market.Symbols {
	t.Helper()
	symbols, err := market.NewSymbols(names)
	if err != nil {
		t.Fatal(err)
	}
	return symbols
}

func TestSymbols(t *testing.T) {
	names := []string{"ETHUSDT", "BTCUSDT", "１２３", "A", "BTCUSDT2"}
	symbols := set(t, names...)
	if symbols.Len() != len(names) {
		t.Errorf("Len = %d", symbols.Len())
	}
	for i, name := range names {
		if got := symbols.Index([]byte(name)); got != i {
			t.Errorf("Index(%q) = %d, want %d", name, got, i)
		}
	}
	for _, name := range []string{"", "B", "BTCUSD", "btcusdt", "Z"} {
		if got := symbols.Index([]byte(name)); got != -1 {
			t.Errorf("Index(%q) = %d, want none", name, got)
		}
	}
	for _, bad := range [][]string{{""}, {"A", "A"}, {strings.Repeat("x", 65)}, make([]string, 70000)} {
		if _, err := market.NewSymbols(bad); err == nil {
			t.Errorf("%.50q is taken", bad)
		}
	}
}

func TestEventReset(t *testing.T) {
	ev := market.NewEvent(3)
	ev.Kind, ev.Symbol, ev.Trade.ID, ev.Depth.Last = market.KindTrade, []byte("X"), 7, 9
	ev.Depth.Bids = append(ev.Depth.Bids, market.Level{})
	ev.Reset()
	if ev.Kind != market.KindNone || ev.Symbol != nil || ev.Trade != (market.Trade{}) || ev.Depth.Last != 0 || len(ev.Depth.Bids) != 0 {
		t.Errorf("%+v", ev)
	}
	if cap(ev.Depth.Bids) != 3 || cap(ev.Depth.Asks) != 3 {
		t.Error("the room for levels is gone")
	}
}

func trade(symbol string, id int64, aggregated bool) *market.Event {
	return &market.Event{Kind: market.KindTrade, Symbol: []byte(symbol), Trade: market.Trade{ID: id, Aggregated: aggregated}}
}

func depth(symbol string, first, last, previous int64) *market.Event {
	return &market.Event{Kind: market.KindDepth, Symbol: []byte(symbol), Depth: market.Depth{First: first, Last: last, Previous: previous}}
}

func TestGaps(t *testing.T) {
	for _, row := range []struct {
		name    string
		events  []*market.Event
		missing []int64
		counts  market.GapCounts
	}{
		{
			"trades by one",
			[]*market.Event{trade("A", 5, false), trade("A", 6, false), trade("A", 9, false), trade("A", 10, false)},
			[]int64{0, 0, 2, 0},
			market.GapCounts{Seen: 4, Gaps: 1, Missing: 2},
		},
		{
			"repeated trades are no gap",
			[]*market.Event{trade("A", 5, false), trade("A", 5, false), trade("A", 4, false), trade("A", 6, false)},
			[]int64{0, 0, 0, 0},
			market.GapCounts{Seen: 4, Repeated: 2},
		},
		{
			"aggregates count for themselves",
			[]*market.Event{trade("A", 5, false), trade("A", 1, true), trade("A", 6, false), trade("A", 3, true)},
			[]int64{0, 0, 0, 1},
			market.GapCounts{Seen: 4, Gaps: 1, Missing: 1},
		},
		{
			"symbols count for themselves",
			[]*market.Event{trade("A", 5, false), trade("B", 50, false), trade("A", 6, false), trade("C", 1, false)},
			[]int64{0, 0, 0, 0},
			market.GapCounts{Seen: 3, Foreign: 1},
		},
		{
			"U and u",
			[]*market.Event{depth("A", 1, 5, 0), depth("A", 6, 9, 0), depth("A", 11, 12, 0), depth("A", 13, 13, 0)},
			[]int64{0, 0, 1, 0},
			market.GapCounts{Seen: 4, Gaps: 1, Missing: 1},
		},
		{
			"pu",
			[]*market.Event{depth("A", 1, 5, 0), depth("A", 90, 95, 5), depth("A", 100, 105, 96)},
			[]int64{0, 0, 1},
			market.GapCounts{Seen: 3, Gaps: 1, Missing: 1},
		},
		{
			"what has no number is passed over",
			[]*market.Event{{Kind: market.KindQuote, Symbol: []byte("A")}, {Kind: market.KindSnapshot}, {Kind: market.KindOther}},
			[]int64{0, 0, 0},
			market.GapCounts{},
		},
		{
			"a venue without numbers",
			[]*market.Event{trade("A", 0, false), trade("A", 0, false), depth("A", 0, 0, 0), depth("A", 0, 0, 0)},
			[]int64{0, 0, 0, 0},
			market.GapCounts{},
		},
		{
			"numbers of the connection",
			[]*market.Event{{Sequence: 4}, {Sequence: 5}, {Sequence: 5}, {Sequence: 8}, {Sequence: 9, Kind: market.KindTrade, Symbol: []byte("A")}},
			[]int64{0, 0, 0, 2, 0},
			market.GapCounts{Gaps: 1, Missing: 2},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			gaps := market.NewGaps(set(t, "A", "B"))
			for i, ev := range row.events {
				if got := gaps.See(ev); got != row.missing[i] {
					t.Errorf("event %d: %d missing, want %d", i, got, row.missing[i])
				}
			}
			if gaps.Counts() != row.counts {
				t.Errorf("%+v, want %+v", gaps.Counts(), row.counts)
			}
		})
	}
}

func TestGapsForget(t *testing.T) {
	gaps := market.NewGaps(set(t, "A"))
	gaps.See(trade("A", 5, false))
	gaps.Forget()
	if missing := gaps.See(trade("A", 50, false)); missing != 0 || gaps.Counts().Gaps != 0 {
		t.Errorf("%d missing after Forget", missing)
	}
}

func ExampleGaps() {
	symbols, err := market.NewSymbols([]string{"BTCUSDT"})
	if err != nil {
		panic(err)
	}
	gaps := market.NewGaps(symbols)
	for _, id := range []int64{100, 101, 104} {
		fmt.Println(id, "missing before it:", gaps.See(trade("BTCUSDT", id, false)))
	}
	// Output:
	// 100 missing before it: 0
	// 101 missing before it: 0
	// 104 missing before it: 2
}
