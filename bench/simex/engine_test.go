package simex_test

import (
	"strings"
	"testing"

	"orderwire/bench/simex"
)

func TestQuoteFillsAsFarAsItsSize(t *testing.T) {
	for _, row := range []struct {
		name, side, tif, price, qty, state, done string
	}{
		{"IOC buy that crosses", "BUY", "IOC", "101", "1", "filled", "1"},
		{"IOC buy beyond the size", "BUY", "IOC", "101", "3", "expired", "2"},
		{"IOC buy below the ask", "BUY", "IOC", "100.5", "1", "expired", "0"},
		{"IOC sell that crosses", "SELL", "IOC", "99", "1", "filled", "1"},
		{"FOK beyond the size", "BUY", "FOK", "101", "3", "expired", "0"},
		{"FOK within the size", "BUY", "FOK", "101", "2", "filled", "2"},
		{"GTC beyond the size rests", "BUY", "GTC", "101", "3", "partially_filled", "2"},
		{"GTC below the ask rests", "BUY", "GTC", "100", "1", "new", "0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := newVenue(t, simex.Config{Fill: simex.FillQuote})
			v.Quote(fuzzNow, "BTCUSDT", "100", "2", "101", "2")
			c := join(t, v, "/ws-api/v3")
			c.place("a", row.side, row.tif, row.price, row.qty)
			if got := truth(t, v, "a"); got.State != row.state || got.Done != row.done {
				t.Errorf("the order is %s with %s done, not %s with %s", got.State, got.Done, row.state, row.done)
			}
			clean(t, v)
		})
	}
}

func TestFillRulesWithoutAMarket(t *testing.T) {
	for _, row := range []struct {
		name  string
		rule  simex.FillRule
		plan  simex.Plan
		tif   string
		state string
		done  string
	}{
		{"always, IOC", simex.FillAlways, simex.Plan{}, "IOC", "filled", "1"},
		{"always, GTC rests", simex.FillAlways, simex.Plan{}, "GTC", "new", "0"},
		{"none, IOC", simex.FillNone, simex.Plan{}, "IOC", "expired", "0"},
		{"none, but the script fills", simex.FillNone, simex.Plan{Fill: simex.FillAlways}, "IOC", "filled", "1"},
		{"always, but the script fills a part", simex.FillAlways, simex.Plan{Fill: simex.FillPart, PartPermille: 250}, "IOC", "expired", "0.25"},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := newVenue(t, simex.Config{Fill: row.rule, Script: func(uint64, simex.Intent) simex.Plan { return row.plan }})
			join(t, v, "/ws-api/v3").place("a", "BUY", row.tif, "100", "1")
			if got := truth(t, v, "a"); got.State != row.state || got.Done != row.done {
				t.Errorf("the order is %s with %s done, not %s with %s", got.State, got.Done, row.state, row.done)
			}
		})
	}
}

func TestRestingOrdersTradeByPriceThenTime(t *testing.T) {
	v := newVenue(t, simex.Config{})
	maker, taker := join(t, v, "/ws-api/v3"), join(t, v, "/ws-api/v3")
	taker.key = "other"
	for _, o := range [][2]string{{"dear", "102"}, {"first", "101"}, {"second", "101"}} {
		maker.place(o[0], "SELL", "GTC", o[1], "1")
	}
	taker.place("taker", "BUY", "GTC", "101.50", "1.5")
	for id, want := range map[string]string{"dear": "0", "first": "1", "second": "0.5", "taker": "1.5"} {
		if got := truth(t, v, id); got.Done != want {
			t.Errorf("%s traded %s, not %s", id, got.Done, want)
		}
	}
	if got := truth(t, v, "taker").Executions; len(got) != 2 || got[0].Price != "101" || got[0].ID == got[1].ID {
		t.Errorf("the taker's executions are %+v", got)
	}
	if left := v.Trade(fuzzNow, "BTCUSDT", "buy", "103", "10"); left != "1.5" {
		t.Errorf("a foreign taker found %s, not 1.5", left)
	}
	clean(t, v)
}

func TestSelfTradePrevention(t *testing.T) {
	for _, row := range []struct{ mode, maker, makerDone, taker, takerDone string }{
		{"NONE", "filled", "1", "partially_filled", "1"},
		{"EXPIRE_TAKER", "new", "0", "expired", "0"},
		{"EXPIRE_MAKER", "expired", "0", "new", "0"},
		{"EXPIRE_BOTH", "expired", "0", "expired", "0"},
		{"DECREMENT", "expired", "0", "new", "0"},
	} {
		t.Run(row.mode, func(t *testing.T) {
			v := newVenue(t, simex.Config{})
			c := join(t, v, "/ws-api/v3")
			c.place("maker", "SELL", "GTC", "101", "1")
			c.place("taker", "BUY", "GTC", "101", "3", "selfTradePreventionMode", row.mode)
			maker, taker := truth(t, v, "maker"), truth(t, v, "taker")
			if maker.State != row.maker || maker.Done != row.makerDone || taker.State != row.taker || taker.Done != row.takerDone {
				t.Errorf("maker %s %s, taker %s %s", maker.State, maker.Done, taker.State, taker.Done)
			}
			if row.mode == "DECREMENT" && taker.Qty != "2" {
				t.Errorf("the taker's quantity is %s, not 2", taker.Qty)
			}
		})
	}
}

func TestPostOnlyIsRefusedWhereItWouldTake(t *testing.T) {
	v := newVenue(t, simex.Config{Fill: simex.FillQuote})
	v.Quote(fuzzNow, "BTCUSDT", "100", "1", "101", "1")
	c := join(t, v, "/ws-api/v3")
	maker := []string{"symbol", "BTCUSDT", "side", "BUY", "type", "LIMIT_MAKER", "quantity", "1"}
	if got := c.call("order.place", append(maker, "price", "101", "newClientOrderId", "a")...); field(got, "error", "code") != -2010.0 {
		t.Errorf("a crossing post-only order got %v", got)
	}
	if got := c.call("order.place", append(maker, "price", "100.99", "newClientOrderId", "b")...); field(got, "status") != 200.0 {
		t.Errorf("a resting post-only order got %v", got)
	}
	v.Quote(fuzzNow, "BTCUSDT", "99", "1", "100.50", "0.4")
	if got := truth(t, v, "b"); got.State != "partially_filled" || got.Done != "0.4" || got.Executions[0].Price != "100.99" {
		t.Errorf("after the market came down the order is %+v", got)
	}
	if counts := v.Counts(); counts.Rejected != 1 || counts.Accepted != 1 {
		t.Errorf("rejected %d, accepted %d", counts.Rejected, counts.Accepted)
	}
}

func TestReportsTellTheSameStoryAsTheTruth(t *testing.T) {
	v := newVenue(t, simex.Config{Fill: simex.FillQuote})
	v.Quote(fuzzNow, "BTCUSDT", "100", "1", "101", "0.4")
	c := join(t, v, "/ws-api/v3")
	c.subscribe()
	c.place("a", "BUY", "GTC", "101", "1")
	c.call("order.cancel", "symbol", "BTCUSDT", "origClientOrderId", "a", "newClientOrderId", "cancel-a")
	var story []string
	for _, text := range c.take() {
		if strings.Contains(text, `"executionReport"`) {
			_, rest, _ := strings.Cut(text, `"x":"`)
			exec, rest, _ := strings.Cut(rest, `","X":"`)
			state, _, _ := strings.Cut(rest, `"`)
			_, rest, _ = strings.Cut(text, `"z":"`)
			done, _, _ := strings.Cut(rest, `"`)
			story = append(story, exec+" "+state+" "+done)
			if exec == "CANCELED" && !strings.Contains(text, `"c":"cancel-a"`) || exec == "CANCELED" && !strings.Contains(text, `"C":"a"`) {
				t.Errorf("a cancel is told by %s", text)
			}
		}
	}
	want := "NEW NEW 0.00000000, TRADE PARTIALLY_FILLED 0.40000000, CANCELED CANCELED 0.40000000"
	if got := strings.Join(story, ", "); got != want {
		t.Errorf("the reports tell %s, not %s", got, want)
	}
}

func TestIDsAreUniqueAmongOpenOrdersOnly(t *testing.T) {
	v := newVenue(t, simex.Config{})
	c := join(t, v, "/ws-api/v3")
	c.place("a", "BUY", "GTC", "100", "1")
	if got := c.place("a", "BUY", "GTC", "100", "1"); field(got, "error", "code") != -2010.0 {
		t.Errorf("the id of an open order got %v", got)
	}
	c.call("order.cancel", "symbol", "BTCUSDT", "origClientOrderId", "a")
	if got := c.place("a", "BUY", "GTC", "100", "1"); field(got, "status") != 200.0 {
		t.Errorf("the id of a closed order got %v", got)
	}
	if counts := v.Counts(); counts.Duplicates != 2 || counts.Accepted != 2 {
		t.Errorf("duplicates %d, accepted %d", counts.Duplicates, counts.Accepted)
	}
}
