package simex_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"orderwire/bench/simex"
)

// scripted runs one IOC order under a plan and returns what the client got at once and a second later.
func scripted(t *testing.T, plan simex.Plan) (v *simex.Venue, c *tester, atOnce, later []string) {
	t.Helper()
	v = newVenue(t, simex.Config{Script: func(_ uint64, intent simex.Intent) simex.Plan {
		if intent.Action != "place" {
			return simex.Plan{}
		}
		return plan
	}})
	c = join(t, v, "/ws-api/v3")
	c.subscribe()
	c.place("a", "BUY", "IOC", "100", "1")
	atOnce = c.take()
	c.pass(1e9)
	return v, c, atOnce, c.take()
}

// kinds says which messages came: A for a positive reply, E for an error, N and T for reports.
func kinds(messages []string) string {
	var out strings.Builder
	for _, text := range messages {
		switch {
		case strings.Contains(text, `"x":"NEW"`):
			out.WriteByte('N')
		case strings.Contains(text, `"x":"TRADE"`):
			out.WriteByte('T')
		case strings.Contains(text, `"status":200`):
			out.WriteByte('A')
		case strings.Contains(text, `"error"`):
			out.WriteByte('E')
		default:
			out.WriteByte('?')
		}
	}
	return out.String()
}

func TestEachScriptedFaultTakesEffect(t *testing.T) {
	for _, row := range []struct {
		name          string
		plan          simex.Plan
		atOnce, later string
		state         string // "" when the order never reached the engine
		acked         uint64
	}{
		{"honest", simex.Plan{}, "ANT", "", "filled", 1},
		{"ack lost", simex.Plan{AckLost: true}, "NT", "", "filled", 0},
		{"ack twice", simex.Plan{AckTwice: true}, "AANT", "", "filled", 1},
		{"ack late, behind the reports", simex.Plan{AckDelay: 5e8}, "NT", "A", "filled", 1},
		{"reports lost", simex.Plan{ReportLost: true}, "A", "", "filled", 1},
		{"reports twice", simex.Plan{ReportTwice: true}, "ANNTT", "", "filled", 1},
		{"reports late", simex.Plan{ReportDelay: 5e8}, "A", "NT", "filled", 1},
		{"reports first", simex.Plan{ReportFirst: true}, "NTA", "", "filled", 1},
		{"executed, answered as unknown", simex.Plan{Unknown: true}, "ENT", "", "filled", 0},
		{"vanished, answered as unknown", simex.Plan{Vanish: true}, "E", "", "", 0},
		{"rejected", simex.Plan{Reject: "-2010 No."}, "E", "", "", 0},
		{"over the limit", simex.Plan{Reject: "-1003 Slow down.", Status: 429}, "E", "", "", 0},
		{"not filled", simex.Plan{Fill: simex.FillNone}, "AN?", "", "expired", 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			v, _, atOnce, later := scripted(t, row.plan)
			if kinds(atOnce) != row.atOnce || kinds(later) != row.later {
				t.Errorf("at once %q, later %q: %s", kinds(atOnce), kinds(later), atOnce)
			}
			state := ""
			if orders := v.Orders(); len(orders) == 1 {
				state = orders[0].State
			}
			if counts := v.Counts(); state != row.state || counts.Acked != row.acked {
				t.Errorf("the order is %q, acked %d", state, counts.Acked)
			}
			clean(t, v)
		})
	}
}

func TestACutConnectionExecutedItsOrder(t *testing.T) {
	v, c, atOnce, _ := scripted(t, simex.Plan{Cut: true})
	if len(atOnce) != 0 {
		t.Errorf("something was said before the cut: %s", atOnce)
	}
	if closed, cause := c.c.Closed(); !closed || !errors.Is(cause, simex.ErrReset) {
		t.Errorf("closed %v because of %v", closed, cause)
	}
	if got := truth(t, v, "a"); got.State != "filled" {
		t.Errorf("the order is %s", got.State)
	}
}

func TestAHiddenOrderIsFoundLater(t *testing.T) {
	_, c, _, _ := scripted(t, simex.Plan{HideFor: 3e9})
	query := func() any {
		return field(c.call("order.status", "symbol", "BTCUSDT", "origClientOrderId", "a"), "status")
	}
	if got := query(); got != 400.0 {
		t.Errorf("after a second the query says %v", got)
	}
	if got := field(c.call("myTrades", "symbol", "BTCUSDT"), "result"); len(got.([]any)) != 0 {
		t.Errorf("after a second the fills are %v", got)
	}
	c.pass(2e9)
	if got := query(); got != 200.0 {
		t.Errorf("after three seconds the query says %v", got)
	}
}

func TestASeededScriptRepeatsItself(t *testing.T) {
	rates := simex.Rates{
		Reject: 50_000, AckLost: 50_000, AckTwice: 50_000, AckLate: 50_000, ReportLost: 50_000, ReportTwice: 50_000,
		ReportLate: 50_000, ReportFirst: 50_000, Unknown: 50_000, Vanish: 50_000, Cut: 50_000, FillNone: 50_000, FillPart: 50_000, Hide: 50_000,
	}
	draw := func(seed uint64) []simex.Plan {
		script := simex.SeededScript("binance", seed, rates)
		var plans []simex.Plan
		for n := range uint64(20_000) {
			plans = append(plans, script(n, simex.Intent{Action: "place"}))
		}
		return plans
	}
	one := draw(1)
	if !slices.Equal(one, draw(1)) {
		t.Error("one seed gave two stories")
	}
	if slices.Equal(one, draw(2)) {
		t.Error("two seeds gave one story")
	}
	lost := 0
	for _, plan := range one {
		if plan.AckLost {
			lost++
		}
	}
	if lost < 800 || lost > 1200 {
		t.Errorf("%d of 20000 acks were lost, not about 1000", lost)
	}
}

func TestTheSameBytesAtTheSameTimesGiveTheSameBytes(t *testing.T) {
	run := func() string {
		v := newVenue(t, simex.Config{
			Rand:   strings.NewReader(strings.Repeat("0123456789abcdef", 1000)),
			Script: simex.SeededScript("binance", 9, simex.Rates{AckLate: 300_000, ReportLate: 300_000, Reject: 100_000, FillPart: 300_000}),
		})
		c := join(t, v, "/ws-api/v3")
		c.subscribe()
		for n := range 50 {
			c.place("", "BUY", "IOC", "100", "1", "newClientOrderId", "id-"+strings.Repeat("x", n%5)+string(rune('a'+n%26)))
			c.pass(10e6)
		}
		c.pass(30e9)
		return strings.Join(c.take(), "\n")
	}
	if first, second := run(), run(); first != second {
		t.Errorf("two equal runs differ:\n%s\n%s", first, second)
	}
}

func TestALostHTTPReplyLeavesTheConnectionHanging(t *testing.T) {
	lose := true
	v := newVenue(t, simex.Config{Kind: "coinbase", HTTPIdle: 30e9, Script: func(_ uint64, intent simex.Intent) simex.Plan {
		return simex.Plan{AckLost: lose && intent.Action == "place"}
	}})
	c := v.Accept(fuzzNow)
	c.Feed(fuzzNow, []byte(coinbaseRequest("POST", "/orders", `{"side":"buy","product_id":"BTC-USD","price":"61000","size":"0.001"}`, fuzzNow)))
	lose = false
	c.Feed(fuzzNow, []byte(coinbaseRequest("GET", "/orders?status=all", "", fuzzNow)))
	if out := c.Output(fuzzNow, nil); len(out) != 0 {
		t.Errorf("behind a lost reply came %q", out)
	}
	if next := c.NextTick(); next != fuzzNow+30e9 {
		t.Errorf("the idle connection is closed after %d ns", next-fuzzNow)
	}
	c.Tick(fuzzNow + 30e9)
	if closed, _ := c.Closed(); !closed {
		t.Error("the idle connection stays")
	}
	again := v.Accept(fuzzNow)
	again.Feed(fuzzNow, []byte(coinbaseRequest("GET", "/orders?status=all", "", fuzzNow)))
	if out := string(again.Output(fuzzNow, nil)); !strings.Contains(out, `"price":"61000.00000000"`) {
		t.Errorf("the order that was not answered for is not there: %q", out)
	}
	clean(t, v)
}
