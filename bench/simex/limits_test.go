package simex_test

import (
	"fmt"
	"strings"
	"testing"

	"orderwire/bench/simex"
)

func tight(change func(*simex.Limits)) simex.Limits {
	limits := simex.LooseLimits()
	change(&limits)
	return limits
}

func TestFillsGiveTheOrderCountBack(t *testing.T) {
	v := newVenue(t, simex.Config{Limits: tight(func(l *simex.Limits) { l.OrdersPer10s = 2 })})
	c := join(t, v, "/ws-api/v3")
	for n := range 5 { // filled at once: none of them stays unfilled
		if got := c.place(fmt.Sprint("ioc-", n), "BUY", "IOC", "100", "1"); field(got, "status") != 200.0 {
			t.Fatalf("order %d got %v", n, got)
		}
	}
	c.place("a", "BUY", "GTC", "100", "1")
	c.place("b", "BUY", "GTC", "100", "1")
	if got := c.place("c", "BUY", "GTC", "100", "1"); field(got, "status") != 429.0 || field(got, "error", "code") != -1015.0 {
		t.Errorf("a third unfilled order got %v", got)
	}
	v.Trade(c.now, "BTCUSDT", "sell", "100", "1")
	if got := c.place("d", "BUY", "GTC", "100", "1"); field(got, "status") != 200.0 {
		t.Errorf("after a fill the next order got %v", got)
	}
	c.now += 10e9
	if got := c.place("e", "BUY", "GTC", "100", "1"); field(got, "status") != 200.0 {
		t.Errorf("in the next window an order got %v", got)
	}
	if over := v.Counts().OverLimit; over != 1 {
		t.Errorf("over the limit: %d", over)
	}
}

func TestWhoGoesOnAfter429IsBanned(t *testing.T) {
	v := newVenue(t, simex.Config{Limits: tight(func(l *simex.Limits) { l.WeightPerMinute, l.BanAfter, l.BanNanos = 10, 3, 120e9 })})
	c := join(t, v, "/ws-api/v3")
	var statuses []string
	for range 12 {
		c.text(`{"id":"x","method":"ping"}`)
		if got := c.reply("x"); got != nil {
			statuses = append(statuses, fmt.Sprint(got["status"]))
		}
		c.take()
	}
	if got := strings.Join(statuses, " "); got != "200 200 200 200 200 200 200 200 429 429 418" {
		t.Errorf("the statuses are %s", got) // the connect cost 2 of the 10
	}
	if c.code != 1008 {
		t.Errorf("the close code is %d", c.code)
	}
	fresh := v.Accept(c.now + 119e9)
	fresh.Feed(c.now+119e9, []byte("GET /ws-api/v3 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"))
	if out := string(fresh.Output(c.now+119e9, nil)); !strings.HasPrefix(out, "HTTP/1.1 418 ") {
		t.Errorf("a connect during the ban got %q", out)
	}
	c.now += 120e9
	c.dial("/ws-api/v3")
}

func TestConnectsAreCountedOverFiveMinutes(t *testing.T) {
	v := newVenue(t, simex.Config{Limits: tight(func(l *simex.Limits) { l.ConnectsPer5Min = 3 })})
	c := join(t, v, "/ws-api/v3")
	c.dial("/ws-api/v3")
	c.dial("/ws-api/v3")
	fresh := v.Accept(c.now)
	fresh.Feed(c.now, []byte("GET /ws-api/v3 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"))
	if out := string(fresh.Output(c.now, nil)); !strings.HasPrefix(out, "HTTP/1.1 429 ") {
		t.Errorf("a fourth connect got %q", out)
	}
	c.now += 300e9
	c.dial("/ws-api/v3")
}

// TestAnHourAt95PercentIsNotBanned holds the venue's published limits against a client that stays below them.
func TestAnHourAt95PercentIsNotBanned(t *testing.T) {
	v := newVenue(t, simex.Config{Limits: simex.VenueLimits("binance"), PingEvery: -1})
	c := join(t, v, "/ws-api/v3")
	for range 60 { // minutes
		for n := range 57 { // 57 x 100 = 95 % of 6000
			for range 100 {
				c.c.Feed(c.now, masked(`{"id":1,"method":"ping"}`, n+int(c.now/1e6)))
			}
			c.now += 1e9
		}
		c.now += 3e9
		c.in = c.c.Output(c.now, c.in[:0])
	}
	if counts := v.Counts(); counts.OverLimit != 0 || counts.Requests != 60*57*100+1 {
		t.Errorf("over the limit %d of %d requests", counts.OverLimit, counts.Requests)
	}
}

func TestAGapInTheMarketIsScripted(t *testing.T) {
	market := readMarket(t, "1 {\"stream\":\"a@trade\",\"data\":{\"n\":1}}\n2 {\"stream\":\"a@trade\",\"data\":{\"n\":2}}\n3 {\"stream\":\"a@trade\",\"data\":{\"n\":3}}\n4 {\"stream\":\"a@trade\",\"data\":{\"n\":4}}\n")
	v := newVenue(t, simex.Config{Market: market})
	c := join(t, v, "/ws/a@trade")
	v.Inject(c.now, simex.Incident{Kind: simex.MarketGap, Count: 2})
	c.pass(1)
	if got := c.take(); len(got) != 2 || !strings.Contains(got[0], `"n":3`) {
		t.Errorf("after the gap came %s", got)
	}
}

func TestIncidentsCanBeAskedForOverHTTP(t *testing.T) {
	v := newVenue(t, simex.Config{})
	c := join(t, v, "/ws-api/v3")
	control := v.Accept(c.now)
	ask := func(query string) string {
		control.Feed(c.now, []byte("POST /inject?"+query+" HTTP/1.1\r\nHost: x\r\n\r\n"))
		return string(control.Output(c.now, nil))
	}
	for _, bad := range []string{"kind=fire", "kind=reset&conn=x", "kind=close&code=99999", ""} {
		if got := ask(bad); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("%q got %q", bad, got)
		}
	}
	if got := ask("kind=close&code=1012"); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
		t.Errorf("close got %q", got)
	}
	c.read()
	if c.code != 1012 {
		t.Errorf("the close code is %d", c.code)
	}
	ask("kind=reset")
	if closed, _ := c.c.Closed(); !closed {
		t.Error("the connection was not reset")
	}
	if closed, _ := control.Closed(); closed {
		t.Error("the control connection was hit by its own incident")
	}
}
