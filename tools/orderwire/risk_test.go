package main

import (
	"errors"
	"strings"
	"testing"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/market"
	"orderwire/runtime"
)

func TestRiskRefusals(t *testing.T) {
	replace := func(old, fresh string) string {
		text := wholeConfig + riskText
		if !strings.Contains(text, old) {
			t.Fatalf("the sample has no %q", old)
		}
		return strings.Replace(text, old, fresh, 1)
	}
	cases := []struct{ name, text, word string }{
		{"unknown key", replace("[risk]", "[risk]\nleverage = 3"), "unknown key risk.leverage"},
		{"unit left out", replace("rest_ms = 1000", "rest = 1000"), "it is called rest_ms"},
		{"messages missing", replace("messages_max = 10\n", ""), "risk.messages_max = 0"},
		{"window missing", replace("messages_window_ms = 1000\n", ""), "risk.messages_window_ms = 0"},
		{"repeats without window", replace("repeats_window_ms = 1000\n", ""), "go together"},
		{"quantity missing", replace(`quantity_max = "0.01"`, ""), `quantity_max = "" is not a decimal number`},
		{"quantity of zero", replace(`quantity_max = "0.01"`, `quantity_max = "0"`), "is not above zero"},
		{"value below zero", replace(`"1000"`, `"-1"`), "value_max_quote"},
		{"no collar", replace("collar_ppm = 2000\n", ""), "collar_ppm = 0"},
		{"collar past all", replace("collar_ppm = 2000", "collar_ppm = 1000001"), "collar_ppm"},
		{"no reference age", replace("reference_max_age_ms = 1000\n", ""), "reference_max_age_ms = 0"},
		{"no position", replace(`position_max = "0.05"`, ""), "position_max"},
		{"no open value", replace(`open_value_max_quote = "5000"`, ""), "open_value_max_quote"},
		{"no open orders", replace("open_orders_max = 10\n", ""), "open_orders_max = 0"},
		{"no symbol", replace("[[risk.symbols]]\nsymbol = \"BTCUSDT\"", "[[risk.symbols]]"), "without symbol"},
		{"a symbol twice", wholeConfig + riskText + riskText[strings.Index(riskText, "[[risk"):strings.Index(riskText, "[breaker]")], "twice"},
		{"breaker without window", replace("window_ms = 1000\nrejects", "rejects"), "breaker.window_ms = 0"},
		{"late acks without their time", replace("ack_max_ms = 100\n", ""), "breaker.ack_max_ms"},
		{"share of nothing", replace("[risk]", "[limits]\nshare_percent = 0\n[risk]"), "limits.share_percent = 0"},
		{"reserve of everything", replace("[risk]", "[limits]\ncancel_reserve_percent = 100\n[risk]"), "limits.cancel_reserve_percent"},
		{"unknown budget", replace("[risk]", "[[limits.windows]]\nbudget = \"luck\"\nshape = \"sliding\"\nwindow_ms = 1\nmax = 1\n[risk]"), "luck"},
		{"unknown shape", replace("[risk]", "[[limits.windows]]\nbudget = \"orders\"\nshape = \"round\"\nwindow_ms = 1\nmax = 1\n[risk]"), "round"},
		{"pace of nothing", replace("[whale]", "[paced]\nevery_us = 0"), "paced.every_us = 0"},
		{"whale and paced", replace("[whale]", "[paced]\nevery_us = 10\n[whale]"), "leave out whale"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := parseConfig("x.toml", c.text); err == nil || !strings.Contains(err.Error(), c.word) {
				t.Errorf("error is %v, want one that says %q", err, c.word)
			}
		})
	}
}

// TestEveryVenueHasBudgets: what is sent costs something at each, and a cancel still passes where new orders do not.
func TestEveryVenueHasBudgets(t *testing.T) {
	for _, venue := range venues {
		budget, known := budgets[venue]
		if !known || len(budget.windows) == 0 || len(budget.windows) > windowsMax {
			t.Fatalf("%s has no budgets that can be kept", venue)
		}
		c := LimitsConfig{SharePercent: 95, CancelReservePercent: 10}
		limiter, err := c.limiter(venue, profileTest)
		if err != nil {
			t.Fatal(err)
		}
		sent, now := 0, int64(1e18)
		for ; limiter.Room(&budget.place, false, now) && sent < 1e6; sent++ {
			limiter.Take(&budget.place, now)
		}
		if sent < 5 || sent >= 1e6 {
			t.Errorf("%s: %d orders at once", venue, sent)
		}
		if !limiter.Room(&budget.cancel, true, now) {
			t.Errorf("%s: no cancel passes after %d orders", venue, sent)
		}
		if size := len(limiter.Append(nil, now, now)); size > 103 {
			t.Errorf("%s: the state has %d bytes, more than a note of the journal", venue, size)
		}
	}
}

// watched is a guard as run has it, with a tracker that nothing was sent to.
func watched(t *testing.T) (*guard, *orders.Tracker) {
	t.Helper()
	c, err := parseConfig("x.toml", wholeConfig+riskText)
	if err != nil {
		t.Fatal(err)
	}
	config := runtime.Config{Journal: &fullJournal{}}
	for i := range c.Armed {
		spec, err := c.Armed[i].spec()
		if err != nil {
			t.Fatal(err)
		}
		config.Armed = append(config.Armed, spec)
	}
	g, err := c.guarded(&config)
	if err != nil {
		t.Fatal(err)
	}
	tracker := orders.NewTracker(16)
	g.Watch(tracker)
	return g, tracker
}

// fullJournal has room until it is told otherwise.
type fullJournal struct {
	runtime.Journal
	full bool
}

func (j *fullJournal) Room() bool { return !j.full }

func number(t *testing.T, text string) fixed.Number {
	t.Helper()
	n, err := fixed.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestReferenceComesFromTheMarket: a fresh quote counts before a print, an old one does not, and without either nothing passes.
func TestReferenceComesFromTheMarket(t *testing.T) {
	g, _ := watched(t)
	buy := &orders.Spec{Symbol: "BTCUSDT", Side: market.Buy, Type: orders.Limit, PriceScale: 2, QtyScale: 5}
	now := int64(1e12)
	passes := func(price string) bool {
		t.Helper()
		now += 200e6 // outside of the duplicate window, inside of the message rate
		return g.Check(buy, &orders.Values{ID: 1, Price: number(t, price), Qty: number(t, "0.001")}, now) == orders.Sent
	}
	hear := func(kind market.Kind, symbol, price, ask string) {
		t.Helper()
		ev := &market.Event{Kind: kind, Symbol: []byte(symbol), Trade: market.Trade{Price: number(t, price)}}
		ev.Quote.Bid, ev.Quote.Ask = number(t, price), number(t, ask)
		g.hear(ev, now)
	}
	if passes("60000") || g.Gate.Why() != orders.RuleReference {
		t.Errorf("without any price: %s", g.Gate.Why())
	}
	hear(market.KindTrade, "ETHUSDT", "60000", "60000")
	if passes("60000") {
		t.Error("another symbol's print was taken")
	}
	hear(market.KindTrade, "BTCUSDT", "60000.00", "0.01")
	if !passes("60120") || passes("60120.01") || g.Gate.Why() != orders.RuleCollar {
		t.Errorf("0.2 %% beyond 60000 is not the border: %s", g.Gate.Why())
	}
	hear(market.KindQuote, "BTCUSDT", "50000.00", "50000.01")
	hear(market.KindTrade, "BTCUSDT", "60000.00", "0.01")
	if passes("60000") || !passes("50100") {
		t.Errorf("a print was preferred to a fresh quote: %s", g.Gate.Why())
	}
	now += 600e6
	hear(market.KindTrade, "BTCUSDT", "55000.00", "0.01")
	if !passes("55000") {
		t.Errorf("an old quote was preferred to a print: %s", g.Gate.Why())
	}
	now += 1001e6
	if passes("55000") || g.Gate.Why() != orders.RuleReference {
		t.Errorf("an old price was taken: %s", g.Gate.Why())
	}
	if allocs := testing.AllocsPerRun(100, func() {
		g.hear(&market.Event{Kind: market.KindQuote, Symbol: []byte("BTCUSDT")}, now)
		g.look(now)
	}); allocs != 0 {
		t.Errorf("%v allocations in a look at the market", allocs)
	}
}

// TestWhatTripsTheBreaker: what the loop sees between orders, and what the observer hears of connections.
func TestWhatTripsTheBreaker(t *testing.T) {
	cut := runtime.SessionEvent{Role: runtime.OrderRole, Phase: runtime.Ended, Err: errors.New("cut")}
	live := runtime.SessionEvent{Role: runtime.OrderRole, Phase: runtime.Live}
	const now = int64(1e12)
	cases := []struct {
		name   string
		happen func(g *guard, tracker *orders.Tracker, o *guardedObserver)
		reason orders.Reason
	}{
		{"nothing", func(*guard, *orders.Tracker, *guardedObserver) {}, orders.ReasonNone},
		{"journal full", func(g *guard, _ *orders.Tracker, _ *guardedObserver) { g.journal.(*fullJournal).full = true }, orders.ReasonJournal},
		{"banned", func(g *guard, _ *orders.Tracker, _ *guardedObserver) { g.Limiter.Ban(now + 1e9) }, orders.ReasonLimits},
		{"clock", func(g *guard, _ *orders.Tracker, _ *guardedObserver) {
			clock := orders.NewVenueClock(0)
			clock.Sample(now-300e6, now, 1e18, 1)
			g.WatchClock(clock)
		}, orders.ReasonClock},
		{"a good clock", func(g *guard, _ *orders.Tracker, _ *guardedObserver) {
			clock := orders.NewVenueClock(0)
			clock.Sample(now-3e6, now, 1e18, 1)
			g.WatchClock(clock)
		}, orders.ReasonNone},
		{"three cuts", func(_ *guard, _ *orders.Tracker, o *guardedObserver) {
			for range 3 {
				o.Session(live)
				o.Session(cut)
			}
		}, orders.ReasonDisconnects},
		{"tries that failed", func(_ *guard, _ *orders.Tracker, o *guardedObserver) {
			for range 9 {
				o.Session(cut)
			}
		}, orders.ReasonNone},
		{"market data cuts", func(_ *guard, _ *orders.Tracker, o *guardedObserver) {
			for range 9 {
				o.Session(runtime.SessionEvent{Role: runtime.MarketRole, Phase: runtime.Live})
				o.Session(runtime.SessionEvent{Role: runtime.MarketRole, Phase: runtime.Ended, Err: errors.New("cut")})
			}
		}, orders.ReasonNone},
		{"our own stop", func(_ *guard, _ *orders.Tracker, o *guardedObserver) {
			for range 9 {
				o.Session(live)
				o.Session(runtime.SessionEvent{Role: runtime.OrderRole, Phase: runtime.Ended, Err: runtime.ErrStopped})
			}
		}, orders.ReasonNone},
		{"three unknown", func(_ *guard, tracker *orders.Tracker, _ *guardedObserver) {
			for id := range uint64(3) {
				tracker.Restore(orders.Info{ID: 1 + id, State: orders.Unknown, Symbol: "BTCUSDT", Side: market.Buy, Price: fixed.Number{Mantissa: 1, Scale: 2}, Qty: fixed.Number{Mantissa: 1, Scale: 5}}, 0)
			}
		}, orders.ReasonUnknown},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g, tracker := watched(t)
			o := &guardedObserver{Observer: newRecorder(&strings.Builder{}, false), guard: g}
			c.happen(g, tracker, o)
			g.look(now)
			if _, reason := g.Breaker.State(); reason != c.reason {
				t.Errorf("reason %s, want %s", reason, c.reason)
			}
			status := g.seen.status()
			if c.reason != orders.ReasonNone && (status.Breaker != "open" || status.Reason != c.reason.String() || status.Trips[status.Reason] != 1) {
				t.Errorf("status is %+v", status)
			}
		})
	}
}

// TestSilenceWhileAnAnswerIsDue trips; silence while none is due does not.
func TestSilenceWhileAnAnswerIsDue(t *testing.T) {
	g, tracker := watched(t)
	g.look(1e9)
	g.look(90e9)
	if _, reason := g.Breaker.State(); reason != orders.ReasonNone {
		t.Fatalf("tripped by %s though nothing was due", reason)
	}
	spec := orders.Spec{Symbol: "BTCUSDT", Side: market.Buy, Type: orders.Limit, TIF: orders.IOC, PriceScale: 2, QtyScale: 5}
	v := orders.Values{ID: 1, Price: number(t, "60000.00"), Qty: number(t, "0.00100")}
	signer, err := orders.NewHMACSigner("key", orders.NewSecret([]byte("secret")))
	if err != nil {
		t.Fatal(err)
	}
	template, err := dialects["binance"]("").Compile(spec, orders.IDSpace{Prefix: "t"}, signer)
	if err != nil {
		t.Fatal(err)
	}
	g.Gate.Reference(0, v.Price, 100e9)
	if why := g.Check(&spec, &v, 100e9); why != orders.Sent {
		t.Fatalf("%s: %s", why, g.Gate.Why())
	}
	tracker.Add(1, 100e9, template, v.Price, v.Qty)
	g.look(101e9)
	if _, reason := g.Breaker.State(); reason != orders.ReasonNone {
		t.Fatalf("tripped by %s after a second", reason)
	}
	g.look(103e9)
	if _, reason := g.Breaker.State(); reason != orders.ReasonStaleReports {
		t.Errorf("reason %s after three seconds, want stale reports", reason)
	}
}

// TestFillsGiveBack: an order that filled is not counted any more where the venue does so.
func TestFillsGiveBack(t *testing.T) {
	g, _ := watched(t)
	g.Limiter.Take(&g.PlaceCost, 1e12)
	g.Settle(&orders.Receipt{ID: 1, State: orders.Filled, Before: orders.Acked, At: 1e12 + 1})
	if used, _ := g.Limiter.Used(orders.BudgetOrders, 1e12+2); used != 0 {
		t.Errorf("%d orders are counted after the fill", used)
	}
	if used, _ := g.Limiter.Used(orders.BudgetWeight, 1e12+2); used != 1 {
		t.Errorf("weight %d, want what was charged", used)
	}
}

// TestOnlyOurShareOfWhatTheVenueReports, and the report is left as it was.
func TestOnlyOurShareOfWhatTheVenueReports(t *testing.T) {
	g, _ := watched(t)
	r := orders.Report{Weight: 10, WeightLimit: 6000, OrderCount: 1, OrderCountLimit: 100}
	g.Observe(&r, 1e12, 0)
	if _, limit := g.Limiter.Used(orders.BudgetWeight, 1e12); limit != 5700 {
		t.Errorf("weight limit %d, want 95 %% of 6000", limit)
	}
	if r.WeightLimit != 6000 || r.OrderCountLimit != 100 {
		t.Errorf("the report was changed: %+v", r)
	}
}
