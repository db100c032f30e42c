package simex_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"orderwire/bench/simex"
)

func TestAShutdownIsAnnouncedBeforeTheCut(t *testing.T) {
	v := newVenue(t, simex.Config{})
	c := join(t, v, "/ws-api/v3")
	v.Inject(c.now, simex.Incident{Kind: simex.ShutdownNotice, Nanos: 5e9})
	c.read()
	if got := c.take(); len(got) != 1 || !strings.Contains(got[0], `{"event":{"e":"serverShutdown"`) {
		t.Errorf("the notice is %s", got)
	}
	if got := c.place("a", "BUY", "IOC", "100", "1"); field(got, "status") != 200.0 {
		t.Errorf("an order before the cut got %v", got)
	}
	if next := c.c.NextTick(); next != fuzzNow+5e9 {
		t.Errorf("the next tick is %d after now, not 5 s", next-c.now)
	}
	c.pass(5e9)
	if c.code != 1001 {
		t.Errorf("the close code is %d", c.code)
	}
	c.pass(1e9)
	if closed, _ := c.c.Closed(); !closed {
		t.Error("the connection outlived the closing handshake")
	}
	clean(t, v)
}

func TestConnectionsCanBeClosedOrReset(t *testing.T) {
	v := newVenue(t, simex.Config{})
	one, two, three := join(t, v, "/ws-api/v3"), join(t, v, "/ws-api/v3"), join(t, v, "/ws-api/v3")
	v.Inject(fuzzNow, simex.Incident{Kind: simex.CloseConns, Code: 1013, Conn: one.c.Number()})
	v.Inject(fuzzNow, simex.Incident{Kind: simex.ResetConns, Conn: two.c.Number()})
	one.read()
	if one.code != 1013 {
		t.Errorf("the close code is %d", one.code)
	}
	if closed, cause := two.c.Closed(); !closed || !errors.Is(cause, simex.ErrReset) {
		t.Errorf("closed %v because of %v", closed, cause)
	}
	if closed, _ := three.c.Closed(); closed {
		t.Error("a third connection was hit")
	}
	clean(t, v)
}

func TestASilentConnectionStillPings(t *testing.T) {
	v := newVenue(t, simex.Config{})
	c := join(t, v, "/ws-api/v3")
	c.subscribe()
	v.Inject(c.now, simex.Incident{Kind: simex.Silence})
	if got := c.place("a", "BUY", "IOC", "100", "1"); got != nil {
		t.Errorf("a silent connection answered %v", got)
	}
	if got := truth(t, v, "a"); got.State != "filled" {
		t.Errorf("the order is %s", got.State)
	}
	c.pass(20e9)
	if pings := v.Counts().Pings; pings != 1 {
		t.Errorf("%d PINGs", pings)
	}
}

func TestAClockStepMovesTheWindow(t *testing.T) {
	v := newVenue(t, simex.Config{})
	c := join(t, v, "/ws-api/v3")
	v.Inject(c.now, simex.Incident{Kind: simex.ClockStep, Nanos: 6e9})
	if got := c.place("a", "BUY", "IOC", "100", "1"); field(got, "error", "code") != -1021.0 {
		t.Errorf("an order stamped by the old clock got %v", got)
	}
	v.Inject(c.now, simex.Incident{Kind: simex.ClockStep, Nanos: -6e9})
	if got := c.place("a", "BUY", "IOC", "100", "1"); field(got, "status") != 200.0 {
		t.Errorf("after the step back it got %v", got)
	}
}

func TestABanIsToldOnceAndThenHeldAgainstTheClient(t *testing.T) {
	v := newVenue(t, simex.Config{})
	one, two := join(t, v, "/ws-api/v3"), join(t, v, "/ws-api/v3")
	v.Inject(fuzzNow, simex.Incident{Kind: simex.Ban, Nanos: 60e9})
	got := one.call("time")
	if field(got, "status") != 418.0 || field(got, "error", "data", "retryAfter") != float64((fuzzNow+60e9)/1e6) || one.code != 1008 {
		t.Errorf("the ban is told by %v and code %d", got, one.code)
	}
	clean(t, v)
	two.call("time")
	if over := v.Counts().OverLimit; over != 1 {
		t.Errorf("a request that disregards a ban counted %d", over)
	}
}

func TestMaintenanceRefusesWithoutBlame(t *testing.T) {
	v := newVenue(t, simex.Config{})
	c := join(t, v, "/ws-api/v3")
	v.Inject(c.now, simex.Incident{Kind: simex.Maintenance, Nanos: 60e9})
	if got := c.place("a", "BUY", "IOC", "100", "1"); field(got, "status") != 503.0 {
		t.Errorf("an order got %v", got)
	}
	fresh := v.Accept(c.now)
	fresh.Feed(c.now, []byte("GET /ws-api/v3 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"))
	if out := string(fresh.Output(c.now, nil)); !strings.HasPrefix(out, "HTTP/1.1 503 ") {
		t.Errorf("a connect got %q", out)
	}
	c.pass(10e9)
	clean(t, v)
}

func TestARevokedKeyEndsTheStream(t *testing.T) {
	v := newVenue(t, simex.Config{})
	c := join(t, v, "/ws-api/v3")
	c.subscribe()
	v.Inject(c.now, simex.Incident{Kind: simex.ExpireTokens})
	c.read()
	if got := c.take(); len(got) != 1 || !strings.Contains(got[0], `"e":"eventStreamTerminated"`) {
		t.Errorf("the end of the stream is told by %s", got)
	}
	c.place("a", "BUY", "IOC", "100", "1")
	if got := kinds(c.take()); got != "A" {
		t.Errorf("after the end came %q", got)
	}
}

func TestADeadMansSwitchNeedsNoConnection(t *testing.T) {
	v := newVenue(t, simex.Config{Kind: "binance-usdm"})
	c := join(t, v, "/ws-fapi/v1")
	c.place("a", "BUY", "GTC", "100", "1")
	if v.NextTick() != math.MaxInt64 {
		t.Error("a switch is armed that nobody set")
	}
	c.call("countdownCancelAll", "symbol", "BTCUSDT", "countdownTime", "1000")
	c.c.Hangup(c.now)
	if next := v.NextTick(); next != fuzzNow+1e9 {
		t.Fatalf("the switch fires %d ns from now", next-fuzzNow)
	}
	v.Tick(fuzzNow + 1e9 - 1)
	if got := truth(t, v, "a").State; got != "new" {
		t.Errorf("before its time the order is %s", got)
	}
	v.Tick(fuzzNow + 1e9)
	if got := truth(t, v, "a"); got.State != "cancelled" || got.Why != "dead man's switch" {
		t.Errorf("after its time the order is %+v", got)
	}
	if v.NextTick() != math.MaxInt64 {
		t.Error("the switch is still armed")
	}
}

func TestALongLifeEnds(t *testing.T) {
	v := newVenue(t, simex.Config{PingEvery: -1})
	c := join(t, v, "/ws-api/v3")
	c.pass(24*3600e9 - 1)
	if c.code != 0 {
		t.Fatalf("closed with %d before a day was over", c.code)
	}
	c.pass(1)
	if c.code != 1001 {
		t.Errorf("after a day the close code is %d", c.code)
	}
}
